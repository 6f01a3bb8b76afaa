import { z } from "zod";

/** Name of a field of a configuration. */
export const fieldName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, "must be letters, digits and underscores, with a letter first");
/** Text on one line. */
export const line = (longest: number) =>
  z
    .string()
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^[^\r\n]*$/, "must be one line");
/** Name of a header of HTTP. */
export const headerName = z
  .string()
  .max(100)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header");
/** Text with `{name}` where the value of a parameter or of the configuration goes; `{{` is a brace. */
export const template = z.string().max(20_000, "must have at most 20000 characters");

/** One field of the configuration. */
export const customFieldSchema = z.strictObject({
  name: fieldName,
  title: line(80).min(1, "must not be empty"),
  description: z.string().max(500).default(""),
  type: z.enum(["text", "number", "switch"]).default("text"),
  /** Sealed, never given back, and only for `auth`. */
  isSecret: z.boolean().default(false),
  isRequired: z.boolean().default(true),
});
export type CustomField = z.output<typeof customFieldSchema>;

/** How requests are signed in; `secret`, `user` and `password` are names of fields of the configuration. */
export const customAuthSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("bearer"), secret: fieldName }),
  z.strictObject({ kind: z.literal("basic"), user: fieldName, password: fieldName }),
  /** `prefix` stands before the secret: "Token ". */
  z.strictObject({ kind: z.literal("header"), header: headerName, secret: fieldName, prefix: line(40).default("") }),
  z.strictObject({ kind: z.literal("query"), parameter: line(100).min(1), secret: fieldName }),
]);
export type CustomAuth = z.output<typeof customAuthSchema>;
