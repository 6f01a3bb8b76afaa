import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import type { ApiDialect } from "../../../contract/features/providers.ts";
import { mostChecks, neededChecks } from "../../../contract/answer-schema.ts";
import type { AnswerFormat, RunAnswer } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { errorCode, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import { redact, redactValue } from "../../../lib/redact.ts";

type JsonFormat = Extract<AnswerFormat, { kind: "json" }>;

/** Where the answer of a run lies that was asked for JSON. */
export const answerFileName = "answer.json";
const verdictFileName = "answer-verdict.json";

/** What was wrong with the answer that has this hash as it is kept: secrets that were taken out of it may have been what fitted. */
const verdictSchema = z.object({ answer: z.string(), problem: z.string().nullable() });
type Verdict = z.output<typeof verdictSchema>;

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

/** Reads an answer: the value it is, as far as it is one, and why it is not what was asked for. */
export function readJsonAnswer(text: string, format: JsonFormat): { value?: unknown; problem: string | null } {
  let value: unknown;
  try {
    value = JSON.parse(withoutFence(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `The answer is no JSON: ${why}`.slice(0, longestProblem) };
  }
  return { value, problem: problemOf(value, format) };
}

/** Why a value is not what was asked for; `null` when it is. */
function problemOf(value: unknown, { schema }: JsonFormat): string | null {
  if (schema === null) return null;
  try {
    if (neededChecks(schema, value) > mostChecks)
      return "The answer cannot be checked against the schema: it is too large and too deeply nested for its alternatives";
    const fits = z.fromJSONSchema(schema).safeParse(value);
    if (fits.success) return null;
    const [issue] = fits.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
    return `The answer does not fit the schema: ${where}${issue?.message ?? "it is another"}`.slice(0, longestProblem);
  } catch (error) {
    // An answer nested too deeply.
    const why = error instanceof Error ? error.message : String(error);
    return `The answer cannot be checked against the schema: ${why}`.slice(0, longestProblem);
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

/** Keeps an answer beside the record of its run, without secrets, and what was wrong with it as it was given. */
export async function keepJsonAnswer(
  runFolder: string,
  { value, problem }: { value: unknown; problem: string | null },
): Promise<void> {
  const text = `${JSON.stringify(redactValue(value), null, 2)}\n`;
  const verdict: Verdict = { answer: hashOf(text), problem: problem === null ? null : redact(problem) };
  await replaceFile(systemDisk, join(runFolder, verdictFileName), `${JSON.stringify(verdict)}\n`);
  await replaceFile(systemDisk, join(runFolder, answerFileName), text);
}

/** The answer that was kept last. Throws `not_found` saying why there is none. */
export async function readKeptAnswer(runFolder: string, format: AnswerFormat | undefined): Promise<RunAnswer> {
  if (format?.kind !== "json") throw new AppError("not_found", "This run was not asked for an answer in JSON");
  try {
    const text = await readFile(join(runFolder, answerFileName), "utf8");
    const verdict = await readVerdict(runFolder);
    const isJudged = verdict?.answer === hashOf(text);
    return { text, problem: isJudged ? verdict.problem : readJsonAnswer(text, format).problem };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new AppError("not_found", "This run has given no answer in JSON yet");
  }
}

/** `null` when there is none, and the answer has to be looked at. */
async function readVerdict(runFolder: string): Promise<Verdict | null> {
  try {
    return verdictSchema.parse(JSON.parse(await readFile(join(runFolder, verdictFileName), "utf8")));
  } catch {
    return null;
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
