import { z } from "zod";

import { bucketName } from "./s3-config.ts";

/** Parts that addresses resolve, so that another object would be meant. */
const isClimbing = (key: string): boolean => key.split("/").some((part) => part === "." || part === "..");

/** The name of one object. */
export const objectKey = z
  .string()
  .min(1, "must not be empty")
  .refine((key) => Buffer.byteLength(key) <= 1_024, "must have at most 1024 bytes")
  .refine((key) => !isClimbing(key), "must have no part that is . or ..")
  .describe("Name of the object, such as reports/2026/may.csv");

/** Which bucket, where there are several. */
export const bucketField = bucketName
  .optional()
  .describe("One of the configured ones; the first of them when left out");

/** One line that a header can have. */
export const headerLine = z
  .string()
  .max(1_000, "must have at most 1000 characters")
  .regex(/^[\x20-\x7e]*$/, "must be plain characters on one line");

/** The last part of a key as the name of a file. */
export function fileNameOf(key: string): string {
  const last = key.split("/").findLast((part) => part !== "") ?? "";
  const safe = last.replace(/[<>:"|?*\\\p{Cc}]/gu, "_").replace(/^\.+/, "");
  return safe === "" ? "download" : safe.slice(0, 150);
}

/** A header without its quotes. */
export function unquoted(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/^(?:W\/)?"(.*)"$/, "$1");
}

/** A time as stores write it in headers and documents; `null` for what is none. */
export function isoTime(text: string | null | undefined): string | null {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
