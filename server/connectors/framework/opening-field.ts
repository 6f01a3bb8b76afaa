import { z } from "zod";

import { partsOf, plain } from "./html-field.ts";

const openingMark = { isOpening: true } as const;

/**
 * A field of a reply that opens something for whoever has it, as a signed link does: it is given to the caller as it is, and
 * written down nowhere.
 */
export const openingField = z.string().meta(openingMark);

/** Whether a schema is the one of such a field, also where it was described anew. */
export function isOpeningField(schema: z.core.$ZodType): boolean {
  return z.globalRegistry.get(schema)?.["isOpening"] === openingMark.isOpening;
}

/** A copy of a reply that may be written down: every such field is empty. */
export function withoutOpenings(value: unknown, schemas: readonly z.core.$ZodType[]): unknown {
  if (schemas.length === 0) return value;
  if (typeof value === "string") return plain(schemas, value).some(isOpeningField) ? "" : value;
  if (Array.isArray(value)) return value.map((entry, at) => withoutOpenings(entry, partsOf(schemas, at, value)));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, withoutOpenings(entry, partsOf(schemas, name, value))]),
  );
}
