import type { PromptReference, PromptValue, PromptVariable } from "../../../contract/features/prompts.ts";
import { promptValueOf } from "../../../contract/prompt-text.ts";

/** Values of a prompt's variables; `null` for one that is left empty. */
export type PromptValues = Readonly<Record<string, PromptValue | null>>;

/** The values that are set. */
export function givenValues(values: PromptValues): Record<string, PromptValue> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value] as const])),
  );
}

/** The values a task or an automation keeps, as far as fields can hold them. */
export function keptValues({ values }: Pick<PromptReference, "values">): PromptValues {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (isPromptValue(value) ? [[name, value] as const] : [])),
  );
}

/** A value as the field of its variable holds it: TASKS.md says all values as texts. */
export function fieldValue(
  { type }: Pick<PromptVariable, "type">,
  value: PromptValue | null | undefined,
): PromptValue | null {
  const read = promptValueOf(type, value);
  return isPromptValue(read) ? read : null;
}

function isPromptValue(value: unknown): value is PromptValue {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** One entry per line; empty lines are none. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
