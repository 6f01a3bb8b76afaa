import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { replaceFile, systemDisk } from "../durable-file.ts";
import type { Logger } from "../logger.ts";
import { identityOf, processIdentitySchema } from "../process-identity.ts";
import { endTree } from "./end-tree.ts";
import { stillUnmanaged } from "./known-process.ts";
import type { Pm2Process } from "./pm2-types.ts";
import { commandLine } from "./process-info.ts";

const recordedSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  identity: processIdentitySchema,
  /** Command line as the system shows it. */
  command: z.string(),
  cwd: z.string(),
  script: z.string(),
  args: z.array(z.string()),
  interpreter: z.string(),
  outLog: z.string().nullable(),
  errLog: z.string().nullable(),
  onlineSince: z.string().nullable(),
  /** When it was first seen running without PM2. */
  unmanagedSince: z.string().nullable(),
});

/** A process our PM2 has started, with what recognises it when that PM2 is gone. */
export type RecordedProcess = z.output<typeof recordedSchema>;

const fileSchema = z.object({ processes: z.array(recordedSchema) });

const fileOf = (stateDir: string): string => join(stateDir, "pm2-processes.json");

/** What was last known to run under our PM2; empty when nothing was recorded or the file cannot be read. */
export async function readRecordedProcesses(stateDir: string): Promise<RecordedProcess[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(fileOf(stateDir), "utf8"))).processes;
  } catch {
    return []; // never written, or damaged: then nothing is recognised, and nothing is ended by mistake
  }
}

/** What outlived the PM2 that started it. */
export interface Outlived {
  /** Runs on without PM2. */
  unmanaged: RecordedProcess[];
  /** Ended while there was no PM2 to start it again, and PM2 is back; said once. */
  lost: RecordedProcess[];
}

/** Remembers which processes our PM2 runs, so that they are recognised when they outlive it. */
export interface ProcessRecord {
  /** Takes in what PM2 runs now; without a PM2 nothing is taken in and everything recorded counts as left alone. */
  look(managed: readonly Pm2Process[], isPm2Up: boolean): Promise<Outlived>;
  /** Ends what runs on without PM2 under this name, with all it has started. Throws `conflict` when something stays. */
  end(name: string): Promise<void>;
}

export interface ProcessRecordOptions {
  stateDir: string;
  pm2Home: string;
  /** Milliseconds since 1970-01-01 UTC. */
  now: () => number;
  logger: Logger;
}

/** Opens the record in `<stateDir>/pm2-processes.json`; there is one writer, portos-server. */
export async function openProcessRecord(options: ProcessRecordOptions): Promise<ProcessRecord> {
  const { stateDir, pm2Home, now, logger } = options;
  let records = await readRecordedProcesses(stateDir);
  let saved = JSON.stringify(records);

  async function save(): Promise<void> {
    const text = JSON.stringify(records);
    if (text === saved) return;
    try {
      await replaceFile(systemDisk, fileOf(stateDir), JSON.stringify({ processes: records }, null, 2));
      saved = text;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      logger.warn("What PM2 runs could not be recorded", { cause });
    }
  }

  return {
    async look(managed, isPm2Up) {
      const fresh = isPm2Up ? (await Promise.all(managed.map(toRecord))).filter((record) => record !== null) : [];
      const known = new Set(fresh.map(({ identity }) => identity.pid));
      const since = new Date(now()).toISOString();
      const others = records.filter(({ identity }) => !known.has(identity.pid));
      const alive = new Set(await stillUnmanaged(others, pm2Home));
      const seen = (record: RecordedProcess) => ({ ...record, unmanagedSince: record.unmanagedSince ?? since });
      const unmanaged = others.filter((record) => alive.has(record)).map(seen);
      const ended = others.filter((record) => !alive.has(record));
      // Whoever ends before PM2 is back is not forgotten: it would have been started again.
      records = [...fresh, ...unmanaged, ...(isPm2Up ? [] : ended.map(seen))];
      await save();
      const names = new Set(managed.map(({ name }) => name));
      const lost = ended.filter(({ name, unmanagedSince }) => unmanagedSince !== null && !names.has(name));
      return { unmanaged, lost: isPm2Up ? lost : [] };
    },
    async end(name) {
      const named = records.filter((record) => record.name === name && record.unmanagedSince !== null);
      await Promise.all(named.map((record) => endTree(record)));
      records = records.filter((record) => !named.includes(record));
      await save();
    },
  };
}

async function toRecord(from: Pm2Process): Promise<RecordedProcess | null> {
  if (from.pid === null) return null;
  const [identity, command] = await Promise.all([identityOf(from.pid), commandLine(from.pid)]);
  // Without a start time a number alone would have to do; it does not.
  if (identity.startedAt === null || command === null) return null;
  const { name, namespace, cwd, script, args, interpreter, outLog, errLog, onlineSince } = from;
  const facts = { name, namespace, cwd, script, args, interpreter, outLog, errLog, onlineSince };
  return { ...facts, identity, command, unmanagedSince: null };
}
