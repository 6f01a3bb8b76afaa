import { z } from "zod";

import { wrappedIn } from "./wrapped-in.ts";

const htmlMark = { contentMediaType: "text/html" } as const;

/** A field of a reply that is HTML: only such fields are sanitised, everything else is text and stays as it is. */
export const htmlField = z.string().meta(htmlMark);

/** Whether a schema is the one of such a field. */
export function isHtmlField(schema: z.core.$ZodType): boolean {
  return z.globalRegistry.get(schema)?.["contentMediaType"] === htmlMark.contentMediaType;
}

/**
 * The schemas that a part of a value was made by: of the field with this name, or of an entry of a list. Empty where they say
 * nothing about it.
 */
export function partsOf(schemas: readonly z.core.$ZodType[], part: string | number, whole: unknown): z.core.$ZodType[] {
  return plain(schemas, whole).flatMap((schema) => partOf(schema, part));
}

function partOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const shape = schema.def.shape as Readonly<Record<string, z.core.$ZodType | undefined>>;
    const field = Object.hasOwn(shape, part) ? shape[part] : schema.def.catchall;
    return field === undefined ? [] : [field];
  }
  if (schema instanceof z.ZodRecord) return [schema.def.valueType];
  if (schema instanceof z.ZodArray) return [schema.def.element];
  if (schema instanceof z.ZodTuple) {
    const { items, rest } = schema.def;
    const entry = items[Number(part)] ?? rest;
    return entry ? [entry] : [];
  }
  return [];
}

/** What is inside of wrappers, and of a choice those that the value fits. */
export function plain(schemas: readonly z.core.$ZodType[], value: unknown): z.core.$ZodType[] {
  return schemas.flatMap((schema): z.core.$ZodType[] => {
    const inside = unwrapped(schema, value);
    return inside === null ? [schema] : plain(inside, value);
  });
}

function unwrapped(schema: z.core.$ZodType, value: unknown): readonly z.core.$ZodType[] | null {
  if (isHtmlField(schema)) return null;
  const inside = wrappedIn(schema);
  return schema instanceof z.ZodUnion ? (inside ?? []).filter((option) => z.safeParse(option, value).success) : inside;
}
