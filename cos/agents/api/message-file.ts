import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { ModelMessage } from "ai";

import { errorCode, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import { redactValue } from "../../../lib/redact.ts";

/** Where the conversation of a run with a model is kept; also the name of its session. */
export const messageFileName = "messages.json";

/** The conversation so far; empty when there is none. */
export async function readMessages(runFolder: string): Promise<ModelMessage[]> {
  const { modelMessageSchema } = await import("ai");
  try {
    const messages: unknown = JSON.parse(await readFile(join(runFolder, messageFileName), "utf8"));
    return modelMessageSchema.array().parse(messages);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Keeps the conversation, without secrets, so that it can be gone on with. */
export async function writeMessages(runFolder: string, messages: readonly ModelMessage[]): Promise<void> {
  await replaceFile(systemDisk, join(runFolder, messageFileName), JSON.stringify(redactValue(messages)));
}
