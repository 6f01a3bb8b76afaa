import type { Task } from "../../../contract/features/tasks.ts";
import { textOfPromptValue } from "../../../contract/prompt-text.ts";
import { cleanInstructions, plainInstructions } from "./task-text.ts";

/** What a file tells of the prompt of a task: its id and its values as texts, by name. */
export interface ToldPrompt {
  prompt: string | null;
  values: Record<string, string>;
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,59}$/;
const valuePattern = /^%([A-Za-z_][A-Za-z0-9_]{0,59}):/;
const escapedPattern = /^\\+%[A-Za-z_][A-Za-z0-9_]{0,59}:/;

/** The prompt of a task as far as a file can tell it; values that are no texts, and the version, are told on its page only. */
export function toldPrompt(template: Task["template"]): ToldPrompt {
  if (template === null) return { prompt: null, values: {} };
  const told = Object.entries(template.values).flatMap(([name, value]) => {
    const text = isNamed(name) ? textOfPromptValue(value) : null;
    return text === null ? [] : [[name, cleanInstructions(text)] as const];
  });
  return { prompt: template.promptId, values: inOrder(told) };
}

/** What the lines below a task say, whose line names this prompt or none. */
export function readBelow(
  text: string,
  prompt: string | null,
): { values: Record<string, string>; instructions: string } {
  const plain = plainInstructions(text);
  return prompt === null ? { values: {}, instructions: plain } : splitValues(plain);
}

/** Takes the values, which come first, off the instructions: "%name: value", one line for each line of a value. */
function splitValues(text: string): { values: Record<string, string>; instructions: string } {
  const found = new Map<string, string[]>();
  const lines = text === "" ? [] : text.split("\n");
  let end = 0;
  for (const [index, line] of lines.entries()) {
    const [start, name] = valuePattern.exec(line) ?? [];
    if (start === undefined || name === undefined || !isNamed(name)) {
      if (line === "") continue;
      break;
    }
    const value = line.slice(start.length).replace(/^ /, "");
    found.set(name, [...(found.get(name) ?? []), value]);
    end = index + 1;
  }
  const rest = plainInstructions(lines.slice(end).join("\n"));
  return {
    values: inOrder([...found].map(([name, value]) => [name, value.join("\n")] as const)),
    instructions: escapedPattern.test(rest) ? rest.slice(1) : rest,
  };
}

/** The lines below a task; `readBelow` reads the same out of them when it has a prompt. */
export function joinValues({ prompt, values }: ToldPrompt, instructions: string): string {
  if (prompt === null) return instructions;
  const lines = Object.entries(values).flatMap(([name, value]) =>
    value.split("\n").map((line) => (line === "" ? `%${name}:` : `%${name}: ${line}`)),
  );
  const isLikeValue = valuePattern.test(instructions) || escapedPattern.test(instructions);
  const rest = isLikeValue ? `\\${instructions}` : instructions;
  return [...lines, ...(rest === "" ? [] : [rest])].join("\n");
}

function isNamed(name: string): boolean {
  return name !== "__proto__" && namePattern.test(name);
}

/** In one order whoever wrote them, so that the same values are the same. */
function inOrder(values: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(values.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
