import { defineConnector } from "../framework/define-connector.ts";
import { deleteOperation } from "./delete.ts";
import { getOperation } from "./get.ts";
import { listOperation } from "./list.ts";
import { presignOperation, presignUploadOperation } from "./presign.ts";
import { putOperation } from "./put.ts";
import { bucketUrl, placesOf, s3Config, secretPlacesIn } from "./s3-config.ts";
import { sendSigned } from "./s3-request.ts";

/** Amazon S3 and every store that speaks as it does. */
export const s3 = defineConnector({
  id: "s3",
  title: "Object store",
  description:
    "Lists, gets, puts and deletes objects in Amazon S3, MinIO, R2, B2 and every store that speaks as S3 does.",
  config: s3Config,
  secrets: ["secretAccessKey", "sessionToken"],
  secretPlaces: secretPlacesIn,
  operations: {
    list: listOperation,
    get: getOperation,
    put: putOperation,
    delete: deleteOperation,
    presign: presignOperation,
    "presign-upload": presignUploadOperation,
  },
  insides: placesOf,
  async health(context) {
    const { buckets } = context.config;
    for (const bucket of buckets)
      await sendSigned(
        { method: "GET", url: bucketUrl(bucket, context.config), query: { "list-type": "2", "max-keys": "1" } },
        context,
      );
    return { isHealthy: true, detail: `The store lets us read ${buckets.join(", ")}.` };
  },
});
