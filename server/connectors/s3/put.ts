import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { bucketField, headerLine, objectKey, unquoted } from "./object-input.ts";
import { chosenBucket, objectUrl, originsOf, type S3Config } from "./s3-config.ts";
import { s3Failure } from "./s3-failure.ts";
import { askSigned, sendSigned, sha256 } from "./s3-request.ts";

const input = z
  .strictObject({
    key: objectKey,
    text: z.string().max(10_000_000).optional().describe("Its content as text"),
    base64: z
      .base64()
      .max(14_000_000)
      .optional()
      .meta({ title: "File", description: "Its content as a file, in base64; instead of text" }),
    contentType: headerLine
      .regex(/^[\w.+-]+\/[\w.+-]+(?:\s*;.*)?$/, "must be a type such as text/csv")
      .optional()
      .describe("Such as text/csv; for text it is plain text, else bytes, when left out"),
    cacheControl: headerLine.optional().describe("Such as max-age=3600"),
    metadata: z
      .record(z.string().regex(/^[a-z0-9-]{1,60}$/, "must be lower-case letters, digits and hyphens"), headerLine)
      .default({})
      .describe("Names and values that are kept with it"),
    isNewOnly: z
      .boolean()
      .default(false)
      .describe(
        "Refuses to replace an object that is there already. PortOS looks first and asks the store to refuse, too; one that does not know If-None-Match may still replace what comes in between",
      ),
    bucket: bucketField,
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    message: "or a file is needed, and not both",
    path: ["text"],
  });
const output = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  etag: z.string().nullable(),
  versionId: z.string().nullable().describe("Where the bucket keeps versions"),
});

/** Puts one object; one with the same key is replaced. */
export const putOperation = defineOperation({
  title: "Put",
  description: "Stores a text or a file under a key; what was there before is replaced.",
  effect: "write",
  isIdempotent: true,
  trust: "primary",
  input,
  output,
  targets: ({ bucket }, config: S3Config) => originsOf(config, bucket),
  examples: [
    { title: "A text", input: { key: "notes/today.md", text: "# Today\n", contentType: "text/markdown" } },
    { title: "Only if there is none", input: { key: "locks/deploy", text: "mine", isNewOnly: true } },
  ],
  run: putObject,
});

async function putObject(
  { key, text, base64 = "", contentType, cacheControl, metadata, isNewOnly, ...wish }: z.output<typeof input>,
  context: OperationContext<S3Config>,
): Promise<z.input<typeof output>> {
  const bucket = chosenBucket(wish, context.config);
  const body = text === undefined ? Buffer.from(base64, "base64") : Buffer.from(text);
  const usualType = text === undefined ? "application/octet-stream" : "text/plain; charset=utf-8";
  const headers: Record<string, string> = { "content-type": contentType ?? usualType };
  if (cacheControl !== undefined) headers["cache-control"] = cacheControl;
  const url = objectUrl(bucket, key, context.config);
  if (isNewOnly) {
    await refuseIfThere(url, context);
    headers["if-none-match"] = "*";
  }
  for (const [name, value] of Object.entries(metadata)) headers[`x-amz-meta-${name}`] = value.trim();
  const reply = await sendSigned(
    // Trying again might find the object of the try before.
    { method: "PUT", url, headers, body, isOnce: isNewOnly },
    context,
  );
  return {
    bucket,
    key,
    bytes: body.length,
    sha256: sha256(body),
    etag: unquoted(reply.headers["etag"]),
    versionId: reply.headers["x-amz-version-id"] ?? null,
  };
}

/** Many stores do not know If-None-Match, pass over it without a word and replace what is there. */
async function refuseIfThere(url: string, context: OperationContext<S3Config>): Promise<void> {
  const { status, headers, text } = await askSigned({ method: "HEAD", url }, context);
  // Who may only write does not learn whether something is there; the store itself still may refuse.
  if (status === 403) {
    context.note(
      "not_looked",
      "The access key may not look whether there is an object; that the store looks is not sure",
    );
    return;
  }
  if (status === 404) {
    const reason =
      "There was no such object just before; only a store that knows If-None-Match rules out one in between";
    context.note("looked_first", reason);
    return;
  }
  // A store says so itself where it knows the condition.
  throw await s3Failure({ status: status < 300 ? 412 : status, headers, text }, context);
}
