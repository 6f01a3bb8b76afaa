/** A JSON object of which nothing is known. */
export type JsonRecord = Record<string, unknown>;

/** The value as an object; an empty one when it is none. */
export function record(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonRecord) : {};
}

/** The value as a list; an empty one when it is none. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value when it is a text, else `""`. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value when it is a text that says something, else `null`. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** A text for reading: texts as they are, everything else as JSON. */
export function readable(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
