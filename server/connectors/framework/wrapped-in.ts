import { z } from "zod";

/** What a schema that only stands around others lets through, all of it for a union; `null` for one that is itself something. */
export function wrappedIn(schema: z.core.$ZodType): readonly z.core.$ZodType[] | null {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  )
    return [schema.def.innerType];
  if (schema instanceof z.ZodPipe) return [schema.def.out];
  if (schema instanceof z.ZodLazy) return [schema.unwrap()];
  if (schema instanceof z.ZodIntersection) return [schema.def.left, schema.def.right];
  return schema instanceof z.ZodUnion ? schema.def.options : null;
}
