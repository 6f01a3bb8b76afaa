import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { connectorStepSchema } from "../../../contract/features/automation-connectors.ts";
import { makeFolder, readWhole, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { redactValue } from "../../../lib/redact.ts";
import { jsonOutput } from "../../connectors/framework/json-output.ts";

const resultSchema = z.strictObject({
  value: z.json(),
  /** It was more than is kept: its value is not there. */
  isTooLarge: z.literal(true).optional(),
});

/** What a run of calls needs to go on after a restart: its steps as they were when it began, and what was found out since. */
const memorySchema = z.strictObject({
  steps: z.array(connectorStepSchema),
  trigger: z.json(),
  /** By step; `null` while it has none. */
  results: z.array(resultSchema.nullable()),
});
export type StepMemory = z.output<typeof memorySchema>;
export type StepResult = z.output<typeof resultSchema>;

const replySchema = z.strictObject({
  output: z.json(),
  evidenceId: z.string(),
  isTooLarge: z.literal(true).optional(),
});
export type KeptReply = z.output<typeof replySchema>;

/** What runs of calls remember, beside their outputs; pruned with those. */
export interface StepMemories {
  /** `null`: nothing is kept of it. */
  read(occurrenceId: string): Promise<StepMemory | null>;
  /** On disk when it resolves. */
  write(occurrenceId: string, memory: StepMemory): Promise<void>;
  /** What came back for a delivery; `null` when nothing has. */
  reply(key: string): Promise<KeptReply | null>;
  /** Keeps what came back, until it is read. Never rejects: what was sent must not be sent again because of the disk. */
  keepReply(key: string, reply: { output: unknown; evidenceId: string }): Promise<void>;
  /** The replies were read. */
  dropReplies(occurrenceId: string): Promise<void>;
}

const maxBytes = 256 * 1024 * 1024;
/** What one step gives beyond this is not kept. */
export const maxResultBytes = 8 * 1024 * 1024;
/** Nor what all steps of a run give together beyond this: all of it is in memory, and on disk with every step. */
export const maxRunBytes = 16 * 1024 * 1024;
const keySchema = /^(oc-[a-z0-9]{8,32})\/([1-9]\d?)$/;

/** The key of a step's delivery: whoever sends it again is known by it. */
export function stepKey(occurrenceId: string, index: number): string {
  return `${occurrenceId}/${index + 1}`;
}

/** Opens the folder; it is made with the first file. */
export function openStepMemories({ directory, logger }: { directory: string; logger: Logger }): StepMemories {
  const replies = new Map<string, KeptReply>();
  const fileOf = (occurrenceId: string): string => join(directory, `${checkedId(occurrenceId)}.calls.json`);

  async function write(file: string, content: unknown): Promise<void> {
    await makeFolder(systemDisk, directory);
    await replaceFile(systemDisk, file, JSON.stringify(content));
  }

  return {
    read: (id) => read(fileOf(id), memorySchema),
    write: (id, memory) => write(fileOf(id), memory),
    async reply(key) {
      const file = replyFile(directory, key);
      return replies.get(key) ?? (file === null ? null : read(file, replySchema));
    },
    async keepReply(key, { output, evidenceId }) {
      const file = replyFile(directory, key);
      if (file === null) return;
      const { value, isTooLarge } = keptValue(jsonOutput(output));
      const reply: KeptReply = { output: value, evidenceId, ...(isTooLarge ? { isTooLarge } : {}) };
      replies.set(key, reply);
      try {
        await write(file, reply);
        replies.delete(key); // read from there
      } catch (error) {
        logger.error("What came back for a delivery is not on disk", { key }, error);
      }
    },
    async dropReplies(id) {
      const own = `${checkedId(id)}.reply-`;
      for (const key of replies.keys()) if (key.startsWith(`${id}/`)) replies.delete(key);
      const names = await readdir(directory).catch(() => []);
      for (const name of names) if (name.startsWith(own)) await rm(join(directory, name), { force: true });
    },
  };
}

async function read<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  const found = await readWhole(systemDisk, file, maxBytes);
  return found === null ? null : schema.parse(JSON.parse(found.bytes.toString("utf8")));
}

/** A result as it is kept and given to later steps: without secrets, and not at all when it is larger than `room`. */
export function keptValue(output: unknown, room = maxResultBytes): StepResult {
  const value = redactValue(output) as StepResult["value"];
  const isTooLarge = Buffer.byteLength(JSON.stringify(value)) > Math.min(room, maxResultBytes);
  return isTooLarge ? { value: null, isTooLarge } : { value };
}

/** Bytes a run has left for what its next step gives. */
export function roomLeft({ results }: Pick<StepMemory, "results">): number {
  const sizes = results.map((result) => Buffer.byteLength(JSON.stringify(result?.value ?? null)));
  return Math.max(0, maxRunBytes - sizes.reduce((all, size) => all + size, 0));
}

function replyFile(directory: string, key: string): string | null {
  const [, id, step] = keySchema.exec(key) ?? [];
  return id === undefined || step === undefined ? null : join(directory, `${id}.reply-${step}.json`);
}

function checkedId(id: string): string {
  if (!/^oc-[a-z0-9]{8,32}$/.test(id)) throw new Error("not the id of an occurrence");
  return id;
}
