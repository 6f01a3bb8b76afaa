import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { openingField } from "../framework/opening-field.ts";
import { bucketField, headerLine, objectKey } from "./object-input.ts";
import { chosenBucket, objectUrl, originsOf, type S3Config } from "./s3-config.ts";
import { signLink } from "./s3-request.ts";

const longestSeconds = 604_800;
const expiresSeconds = z
  .int()
  .min(1)
  .max(longestSeconds)
  .default(900)
  .describe("How long the link works, in seconds; a week at most, and no longer than temporary credentials");
const link = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  method: z.enum(["GET", "PUT"]),
  url: openingField.describe("Whoever has it can use it until it ends; it stands in no record"),
  headers: z.record(z.string(), z.string()).describe("To be sent along, just so"),
  expiresAt: z.string(),
});

const getInput = z.strictObject({
  key: objectKey,
  expiresSeconds,
  fileName: z
    .string()
    .regex(/^[^\p{Cc}"\\/]{1,150}$/u, "must be a file name without a folder")
    .optional()
    .describe("Browsers save it under this name instead of showing it"),
  bucket: bucketField,
});

/** A link to one object. The store is not asked: the key signs it here. */
export const presignOperation = defineOperation({
  title: "Make a link",
  description: "Makes a link with which anybody can get one object until it ends.",
  effect: "read",
  isIdempotent: true,
  trust: "primary",
  input: getInput,
  output: link,
  targets: ({ bucket }, config: S3Config) => originsOf(config, bucket),
  callsNothing: true,
  examples: [
    { title: "For an hour", input: { key: "reports/may.pdf", expiresSeconds: 3_600 } },
    { title: "To be saved under a name", input: { key: "a/b/c1f3.bin", fileName: "Report May.pdf" } },
  ],
  run({ fileName, ...wish }, context: OperationContext<S3Config>) {
    const disposition =
      fileName === undefined ? undefined : `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`;
    return makeLink({ ...wish, method: "GET", query: { "response-content-disposition": disposition } }, context);
  },
});

const putInput = z.strictObject({
  key: objectKey,
  expiresSeconds,
  contentType: headerLine.optional().describe("Whoever puts the object must send just this type"),
  bucket: bucketField,
});

/** A link with which somebody else can put one object: what it allows is a write, and it is judged as one. */
export const presignUploadOperation = defineOperation({
  title: "Make a link to put",
  description: "Makes a link with which anybody can put, or replace, one object until it ends.",
  effect: "write",
  isIdempotent: true,
  trust: "primary",
  input: putInput,
  output: link,
  targets: ({ bucket }, config: S3Config) => originsOf(config, bucket),
  callsNothing: true,
  examples: [{ title: "For a picture", input: { key: "inbox/picture.png", contentType: "image/png" } }],
  run({ contentType, ...wish }, context: OperationContext<S3Config>) {
    const headers = contentType === undefined ? {} : { "content-type": contentType };
    return makeLink({ ...wish, method: "PUT", headers }, context);
  },
});

interface LinkWish {
  key: string;
  bucket?: string | undefined;
  expiresSeconds: number;
  method: "GET" | "PUT";
  headers?: Record<string, string>;
  query?: Record<string, string | undefined>;
}

async function makeLink(
  { key, method, expiresSeconds: seconds, headers = {}, query = {}, ...wish }: LinkWish,
  { config, clock }: OperationContext<S3Config>,
): Promise<z.input<typeof link>> {
  const bucket = chosenBucket(wish, config);
  const request = { method, url: objectUrl(bucket, key, config), query, headers, expiresSeconds: seconds };
  return {
    bucket,
    key,
    method,
    url: await signLink(request, { config, clock }),
    headers,
    expiresAt: new Date(clock.now() + seconds * 1_000).toISOString(),
  };
}
