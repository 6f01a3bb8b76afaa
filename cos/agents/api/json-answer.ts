import { join } from "node:path";

import { z } from "zod";

import type { ApiDialect } from "../../../contract/features/providers.ts";
import type { AnswerFormat } from "../../../contract/features/runs.ts";
import { replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import { redactValue } from "../../../lib/redact.ts";

type JsonFormat = Extract<AnswerFormat, { kind: "json" }>;

/** Where the answer of a run lies that was asked for JSON. */
export const answerFileName = "answer.json";

const longestProblem = 300;

/** Says what is wanted, for models whose API cannot be told and for those that need to hear it besides. */
export function jsonInstruction({ schema }: JsonFormat): string {
  const only = "Answer with one JSON value and nothing else: no sentence before or after it, no code fence.";
  return schema === null ? only : `${only} It must fit this JSON Schema:\n${JSON.stringify(schema)}`;
}

/** What of the library holds a model to JSON; `null` where its API knows only schemas and there is none. */
export async function jsonOutput({ schema }: JsonFormat, dialect: ApiDialect) {
  const { Output, jsonSchema } = await import("ai");
  if (schema !== null) return Output.object({ schema: jsonSchema(schema as Parameters<typeof jsonSchema>[0]) });
  return dialect === "openai-compatible" ? null : Output.json();
}

/** Reads an answer: the value it is, or why it is none that was asked for. */
export function readJsonAnswer(text: string, { schema }: JsonFormat): { value: unknown } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(withoutFence(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `The answer is no JSON: ${why}`.slice(0, longestProblem) };
  }
  if (schema === null) return { value };
  try {
    const fits = z.fromJSONSchema(schema).safeParse(value);
    if (fits.success) return { value };
    const [issue] = fits.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
    return { problem: `The answer does not fit the schema: ${where}${issue?.message ?? "it is another"}` };
  } catch (error) {
    // An answer nested too deeply.
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `The answer cannot be checked against the schema: ${why}`.slice(0, longestProblem) };
  }
}

/** Some models put a fence around it however they are asked. */
function withoutFence(text: string): string {
  const plain = text.trim();
  const border = plain.indexOf("\n");
  if (border < 0 || !plain.startsWith("```") || !plain.endsWith("```")) return text;
  const language = plain.slice(3, border).trim().toLowerCase();
  return language === "" || language === "json" ? plain.slice(border + 1, -3) : text;
}

/** Keeps the answer beside the record of its run, without secrets. */
export async function keepJsonAnswer(runFolder: string, value: unknown): Promise<void> {
  await replaceFile(systemDisk, join(runFolder, answerFileName), `${JSON.stringify(redactValue(value), null, 2)}\n`);
}
