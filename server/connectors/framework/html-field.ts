import { z } from "zod";

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
  if (schema instanceof z.core.$ZodObject) {
    const { shape, catchall } = schema._zod.def;
    const field = Object.hasOwn(shape, part) ? shape[part] : catchall;
    return field === undefined ? [] : [field];
  }
  if (schema instanceof z.core.$ZodRecord) return [schema._zod.def.valueType];
  if (schema instanceof z.core.$ZodArray) return [schema._zod.def.element];
  if (schema instanceof z.core.$ZodTuple) {
    const { items, rest } = schema._zod.def;
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

function unwrapped(schema: z.core.$ZodType, value: unknown): z.core.$ZodType[] | null {
  if (isHtmlField(schema)) return null;
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodReadonly ||
    schema instanceof z.core.$ZodCatch
  )
    return [schema._zod.def.innerType];
  if (schema instanceof z.core.$ZodPipe) return [schema._zod.def.out];
  if (schema instanceof z.core.$ZodLazy) return [schema._zod.innerType];
  if (schema instanceof z.core.$ZodIntersection) return [schema._zod.def.left, schema._zod.def.right];
  if (schema instanceof z.core.$ZodUnion)
    return schema._zod.def.options.filter((option) => z.safeParse(option, value).success);
  return null;
}
