import type { PromptVariableType } from "./features/prompts.ts";

const numberPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** A value of a prompt as a text says it, one line for each entry of a list; `null` for what no text says. */
export function textOfPromptValue(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value.join("\n") : null;
}

/** A value as a variable of this type holds it: "3", "yes" and lines are read as what they say; anything else stays as it is. */
export function promptValueOf(type: PromptVariableType, value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (type === "number" && numberPattern.test(text)) return Number(text);
  if (type === "yes-no" && /^(?:yes|true)$/i.test(text)) return true;
  if (type === "yes-no" && /^(?:no|false)$/i.test(text)) return false;
  if (type === "list") return value.split("\n").filter((line) => line.trim() !== "");
  return value;
}
