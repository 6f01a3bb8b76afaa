import { AppError } from "../../../lib/app-error.ts";

/**
 * Takes out of arguments what no reader wants and some fall for: control characters besides tab and line ends, lone halves of
 * surrogate pairs, marks that override the direction of text; brings text into Unicode's composed form (NFC). Words are never
 * looked at. What has nothing of it is the same value afterwards; doing it twice changes nothing more.
 */
export function cleanInput<T>(value: T): T {
  return cleaned(value, 0) as T;
}

const deepest = 50;

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (depth >= deepest) throw new AppError("invalid_request", `The arguments are nested deeper than ${deepest} levels`);
  const before: unknown[] = Object.values(value);
  const after = before.map((entry) => cleaned(entry, depth + 1));
  if (after.every((entry, at) => Object.is(entry, before[at]))) return value;
  return Array.isArray(value) ? after : Object.fromEntries(Object.keys(value).map((name, at) => [name, after[at]]));
}

// Isolates of direction belong to honest text, embeddings and overrides do not.
const controls = /(?![\t\n\r])\p{Cc}|[\u202a-\u202e]/gu;

/** One text, as `cleanInput` does it. */
export function cleanText(text: string): string {
  return withoutControls(text).normalize("NFC");
}

/** As `cleanText`, and every other character stays as it is. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd").replace(controls, "");
}

/** For values of headers, subjects and names: as `cleanText`, and on one line. */
export function cleanLine(text: string): string {
  return cleanText(text)
    .replace(/[\t\r\n\u2028\u2029]+/g, " ")
    .trim();
}
