import { z } from "zod";

import type { OperationView } from "../../../contract/features/connectors.ts";
import type { AnyConnector, AnyOperation } from "../../connectors/framework/define-connector.ts";

type JsonSchema = OperationView["input"];
const written = new WeakMap<z.ZodType, Map<"input" | "output", JsonSchema>>();

/** A schema as JSON Schema, made once; what JSON cannot say is left open. */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const known = written.get(schema) ?? new Map<"input" | "output", JsonSchema>();
  written.set(schema, known);
  const before = known.get(io);
  if (before) return before;
  const made = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: "any" }))) as JsonSchema;
  known.set(io, made);
  return made;
}

/** Every operation of a connector, for people, forms and models. */
export function operationsOf({ operations }: AnyConnector): OperationView[] {
  return Object.entries(operations).map(([name, operation]) => toView(name, operation));
}

function toView(name: string, operation: AnyOperation): OperationView {
  const { title, description, effect, isToPeople = false, isIdempotent, trust = "external" } = operation;
  return {
    name,
    title,
    description,
    effect,
    isToPeople,
    isIdempotent: isIdempotent ?? effect === "read",
    trust,
    input: toJsonSchema(operation.input, "input"),
    output: toJsonSchema(operation.output, "output"),
    examples: operation.examples.map((example) => ({
      title: example.title,
      input: JSON.parse(JSON.stringify(example.input)) as OperationView["examples"][number]["input"],
    })),
  };
}
