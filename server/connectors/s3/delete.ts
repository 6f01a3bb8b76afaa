import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { bucketField, objectKey } from "./object-input.ts";
import { chosenBucket, objectUrl, originsOf, type S3Config } from "./s3-config.ts";
import { sendSigned } from "./s3-request.ts";

const input = z.strictObject({
  key: objectKey,
  versionId: z.string().min(1).max(1_024).optional().describe("One version, where the bucket keeps versions"),
  bucket: bucketField,
});
const output = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  isMarked: z.boolean().describe("The bucket keeps versions: it is hidden, and its versions are still there"),
  versionId: z.string().nullable(),
});

/** Takes one object away. */
export const deleteOperation = defineOperation({
  title: "Delete",
  description: "Takes one object out of a bucket. One that is not there is no failure.",
  effect: "destructive",
  isIdempotent: true,
  trust: "primary",
  input,
  output,
  targets: ({ bucket }, config: S3Config) => originsOf(config, bucket),
  examples: [{ title: "One object", input: { key: "notes/old.md" } }],
  async run({ key, versionId, ...wish }, context: OperationContext<S3Config>) {
    const bucket = chosenBucket(wish, context.config);
    const url = objectUrl(bucket, key, context.config);
    const { headers } = await sendSigned({ method: "DELETE", url, query: { versionId } }, context);
    return {
      bucket,
      key,
      isMarked: headers["x-amz-delete-marker"] === "true",
      versionId: headers["x-amz-version-id"] ?? null,
    };
  },
});
