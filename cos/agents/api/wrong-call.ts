import type { ModelMessage } from "ai";

import { describeIssues } from "../../../lib/json-document.ts";
import { list, record, text } from "../json-value.ts";

/** A call as a model made it. */
export interface MadeCall {
  toolName: string;
  input: unknown;
  error?: unknown;
}

/** What is wrong with a call nobody can make, in words from which a model can correct itself. */
export function wrongCallText({ toolName, input, error }: MadeCall, tools: readonly string[]): string {
  if (tools.length === 0)
    return `There is no tool ${JSON.stringify(toolName)}: there are no tools here. Answer in words.`;
  if (!tools.includes(toolName)) return `There is no tool ${JSON.stringify(toolName)}. There are: ${tools.join(", ")}.`;
  const issues = issuesIn(error);
  const again = "Nothing was done: correct them and call it again.";
  if (issues !== null) return `The arguments of ${toolName} are wrong: ${issues}. ${again}`;
  if (typeof input === "string")
    return `The arguments of ${toolName} are no JSON: ${jsonProblem(input)}. Nothing was done: give one JSON object.`;
  return `The arguments of ${toolName} are wrong. ${again}`;
}

/** Which fields break which rule, wherever in the causes of the error that is said; `null` when nowhere. */
function issuesIn(error: unknown): string | null {
  let cause = error;
  for (let depth = 0; depth < 5 && typeof cause === "object" && cause !== null; depth += 1) {
    const { issues, cause: inner } = record(cause);
    const found = list(issues).map((issue) => ({
      path: list(record(issue)["path"]).map(String),
      message: text(record(issue)["message"]),
    }));
    if (found.length > 0) return describeIssues({ issues: found });
    cause = inner;
  }
  return null;
}

function jsonProblem(input: string): string {
  try {
    JSON.parse(input);
    return "they are a text";
  } catch (error) {
    return error instanceof Error ? error.message : "they cannot be read";
  }
}

/** The messages with what calls are told that nobody could make, in place of what the library would say. */
export function withWrongCalls(messages: readonly ModelMessage[], told: ReadonlyMap<string, string>): ModelMessage[] {
  return messages.map((message) => {
    if (message.role !== "tool") return message;
    const content = message.content.map((part) => {
      const value = part.type === "tool-result" ? told.get(part.toolCallId) : undefined;
      return value === undefined ? part : { ...part, output: { type: "error-text" as const, value } };
    });
    return { ...message, content: content as typeof message.content };
  });
}
