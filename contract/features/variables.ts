import { z } from "zod";

/** Name of an environment variable. */
export const variableNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "letters, digits, underscores");

/** Name of a variable of a command; those of PortOS itself are refused. */
export const commandVariableNameSchema = variableNameSchema.refine((name) => !name.startsWith("PORTOS_"), {
  error: "must not start with PORTOS_",
});

/** One variable as the API gives it: the value of a secret never leaves, its last four characters do when it is long. */
export const variableSchema = z.strictObject({
  name: variableNameSchema,
  /** `null` for a secret. */
  value: z.string().nullable(),
  isSecret: z.boolean(),
  last4: z.string().nullable(),
});
export type Variable = z.output<typeof variableSchema>;

/** One variable as the API takes it: a secret whose value is `null` or absent stays what it was. */
export const variableInputSchema = z.strictObject({
  name: variableNameSchema,
  value: z
    .string()
    .max(16_384)
    .refine((value) => !value.includes("\0"), { error: "must not contain a NUL character" })
    .nullish(),
  isSecret: z.boolean().default(false),
});
export type VariableInput = z.output<typeof variableInputSchema>;
