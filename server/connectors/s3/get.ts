import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { bucketField, fileNameOf, isoTime, objectKey, unquoted } from "./object-input.ts";
import { chosenBucket, objectUrl, originsOf, type S3Config } from "./s3-config.ts";
import { sendSigned, sha256 } from "./s3-request.ts";

const mostBytes = 20_000_000;
const input = z.strictObject({
  key: objectKey,
  as: z
    .enum(["auto", "text", "file"])
    .default("auto")
    .describe("auto: as text if it is text, else as a file in base64; never larger than the policy allows"),
  maxBytes: z.int().min(1).max(mostBytes).default(5_000_000).describe("A larger object is refused"),
  bucket: bucketField,
});
const output = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  name: z.string().describe("A file name without a folder"),
  contentType: z.string().nullable(),
  bytes: z.int(),
  sha256: z.string(),
  etag: z.string().nullable(),
  modifiedAt: z.string().nullable(),
  metadata: z.record(z.string(), z.string()).describe("What was put along with it"),
  text: z.string().nullable(),
  base64: z.base64().nullable(),
});

/** One object with its content. */
export const getOperation = defineOperation({
  title: "Get",
  description: "Gets one object: as text, or its bytes as base64 that can be saved as a file.",
  effect: "read",
  isIdempotent: true,
  trust: "primary",
  input,
  output,
  targets: ({ bucket }, config: S3Config) => originsOf(config, bucket),
  examples: [
    { title: "A text", input: { key: "notes/today.md" } },
    { title: "A file", input: { key: "backups/home.tar.gz", as: "file", maxBytes: 10_000_000 } },
  ],
  run: getObject,
});

async function getObject(
  { key, as, maxBytes, ...wish }: z.output<typeof input>,
  context: OperationContext<S3Config>,
): Promise<z.input<typeof output>> {
  const bucket = chosenBucket(wish, context.config);
  const url = objectUrl(bucket, key, context.config);
  const { bytes, headers } = await sendSigned({ method: "GET", url, maxBytes }, context);
  const text = as === "file" ? null : textOf(bytes, as === "text");
  return {
    bucket,
    key,
    name: fileNameOf(key),
    contentType: headers["content-type"] ?? null,
    bytes: bytes.length,
    sha256: sha256(bytes),
    etag: unquoted(headers["etag"]),
    modifiedAt: isoTime(headers["last-modified"]),
    metadata: metadataOf(headers),
    text,
    base64: text === null ? Buffer.from(bytes).toString("base64") : null,
  };
}

/** `null` for what is no text, unless it is wanted as one. */
function textOf(bytes: Uint8Array, isForced: boolean): string | null {
  if (isForced) return new TextDecoder().decode(bytes);
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null; // another encoding, or no text at all
  }
}

const own = "x-amz-meta-";

function metadataOf(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith(own) ? [[name.slice(own.length), value]] : [])),
  );
}
