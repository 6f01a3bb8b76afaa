import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { bucketField, isoTime, unquoted } from "./object-input.ts";
import { bucketUrl, chosenBucket, originsOf, type S3Config } from "./s3-config.ts";
import { sendSigned } from "./s3-request.ts";
import { readXml, type XmlElement } from "./s3-xml.ts";

const input = z.strictObject({
  prefix: z.string().max(1_024).default("").describe("Only objects whose key begins so, such as reports/"),
  isDeep: z.boolean().default(false).describe("Also what lies in folders below; otherwise these are listed by name"),
  limit: z.int().min(1).max(1_000).default(100).describe("Most entries of one page"),
  cursor: z.string().max(4_000).optional().describe("The next page: next of the page before"),
  bucket: bucketField,
});
const output = z.strictObject({
  bucket: z.string(),
  objects: z.array(
    z.strictObject({
      key: z.string(),
      bytes: z.int(),
      modifiedAt: z.string().nullable(),
      etag: z.string().nullable(),
      storageClass: z.string().nullable(),
    }),
  ),
  folders: z.array(z.string()).describe("Beginnings of keys up to the next stroke"),
  next: z.string().nullable().describe("Cursor of the next page; null on the last one"),
});

/** What is in a bucket, a page at a time. */
export const listOperation = defineOperation({
  title: "List",
  description: "Lists the objects of a bucket, a page at a time, with their sizes and times.",
  effect: "read",
  isIdempotent: true,
  trust: "primary",
  input,
  output,
  targets: ({ bucket }, config: S3Config) => originsOf(config, bucket),
  examples: [
    { title: "What lies at the top", input: {} },
    { title: "Everything below a folder", input: { prefix: "reports/", isDeep: true, limit: 1_000 } },
  ],
  run: listObjects,
});

async function listObjects(
  { prefix, isDeep, limit, cursor, ...wish }: z.output<typeof input>,
  context: OperationContext<S3Config>,
): Promise<z.input<typeof output>> {
  const bucket = chosenBucket(wish, context.config);
  const reply = await sendSigned(
    {
      method: "GET",
      url: bucketUrl(bucket, context.config),
      query: {
        "list-type": "2",
        "encoding-type": "url", // keys may hold what XML cannot
        "max-keys": String(limit),
        prefix,
        delimiter: isDeep ? undefined : "/",
        "continuation-token": cursor,
      },
    },
    context,
  );
  const page = await readXml(reply.text(), "ListBucketResult");
  const isEncoded = page.text("EncodingType") === "url";
  const name = (text: string | null): string => (isEncoded ? unescaped(text ?? "") : (text ?? ""));
  return {
    bucket,
    objects: page.all("Contents").map((entry) => ({ key: name(entry.text("Key")), ...factsOf(entry) })),
    folders: page.all("CommonPrefixes").map((entry) => name(entry.text("Prefix"))),
    next: page.text("IsTruncated") === "true" ? page.text("NextContinuationToken") : null,
  };
}

function factsOf(entry: XmlElement) {
  const bytes = Number(entry.text("Size") ?? "0");
  return {
    bytes: Number.isSafeInteger(bytes) ? bytes : 0,
    modifiedAt: isoTime(entry.text("LastModified")),
    etag: unquoted(entry.text("ETag") ?? undefined),
    storageClass: entry.text("StorageClass"),
  };
}

/** As forms write it: a plus is a space. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // not encoded after all
  }
}
