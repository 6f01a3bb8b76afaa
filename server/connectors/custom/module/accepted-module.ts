import { z } from "zod";

import { effectSchema, operationNameSchema, trustTierSchema } from "../../../../contract/features/connectors.ts";

const jsonSchema = z.record(z.string(), z.json());

/** What a module declares, without its program: what is known of it while it does not run. */
export const declaredModuleSchema = z.strictObject({
  id: z.string(),
  title: z.string().min(1).max(80),
  description: z.string().max(1_000),
  /** JSON Schema of an object. */
  config: jsonSchema,
  secrets: z.array(z.string()),
  hasHealth: z.boolean(),
  operations: z
    .array(
      z.strictObject({
        name: operationNameSchema,
        title: z.string().min(1).max(80),
        description: z.string().max(2_000),
        effect: effectSchema,
        isToPeople: z.boolean(),
        isIdempotent: z.boolean(),
        trust: trustTierSchema,
        input: jsonSchema,
        output: jsonSchema,
        examples: z.array(z.strictObject({ title: z.string(), input: z.record(z.string(), z.json()) })).max(20),
      }),
    )
    .min(1, "must have at least one")
    .max(200),
});
export type DeclaredModule = z.output<typeof declaredModuleSchema>;

/** A module as the user has accepted it. */
export const acceptedModuleSchema = z.strictObject({
  /** Of all its files. */
  hash: z.string(),
  files: z.array(z.string()),
  at: z.iso.datetime(),
  by: z.string(),
  declared: declaredModuleSchema,
});
export type AcceptedModule = z.output<typeof acceptedModuleSchema>;
