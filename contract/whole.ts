import { z } from "zod";

type Whole<Shape extends z.ZodRawShape> = {
  [Name in keyof Shape]: Shape[Name] extends z.ZodDefault<infer Inner extends z.core.$ZodType> ? Inner : Shape[Name];
};

/**
 * The same object without what stands for fields that are left out: files may be short, but who replaces something says all of it,
 * so that nothing is lost by not being named.
 */
export function whole<Shape extends z.ZodRawShape>({
  shape,
}: {
  shape: Shape;
}): z.ZodObject<Whole<Shape>, z.core.$strict> {
  const fields = Object.entries(shape).map(([name, field]) => [
    name,
    field instanceof z.ZodDefault ? field.unwrap() : field,
  ]);
  return z.strictObject(Object.fromEntries(fields) as Whole<Shape>);
}
