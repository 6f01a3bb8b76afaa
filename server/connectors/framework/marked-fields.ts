import { z } from "zod";

import { isHtmlField } from "./html-field.ts";
import { isOpeningField } from "./opening-field.ts";
import { wrappedIn } from "./wrapped-in.ts";

const known = new WeakMap<z.core.$ZodType, boolean>();

/** Whether a schema has, however deep, a field that is more than text: an `htmlField` or an `openingField`. */
export function hasMarkedFields(schema: z.core.$ZodType): boolean {
  const found = known.get(schema) ?? anyMarked(schema);
  known.set(schema, found);
  return found;
}

function anyMarked(root: z.core.$ZodType): boolean {
  const seen = new Set<z.core.$ZodType>([root]);
  for (const schema of seen) {
    if (isHtmlField(schema) || isOpeningField(schema)) return true;
    for (const part of partsIn(schema)) seen.add(part); // a set goes on with what is added meanwhile
  }
  return false;
}

/** Every schema a value's part may be made by: those `plain` and `partsOf` lead to. */
function partsIn(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const fields: readonly z.core.$ZodType[] = Object.values(schema.def.shape);
    return schema.def.catchall === undefined ? fields : [...fields, schema.def.catchall];
  }
  if (schema instanceof z.ZodRecord) return [schema.def.valueType];
  if (schema instanceof z.ZodArray) return [schema.def.element];
  if (schema instanceof z.ZodTuple)
    return schema.def.rest === null ? schema.def.items : [...schema.def.items, schema.def.rest];
  return wrappedIn(schema) ?? [];
}
