import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

import type { z } from "zod";

import { AppError } from "./app-error.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { StoreProblem } from "./file-problems.ts";
import type { Logger } from "./logger.ts";

/** A schema-checked JSON file with one owner. Values are frozen: a change returns a new one. */
export interface JsonStore<T> {
  /** The last durable value. */
  get(): T;
  /** Runs `change` alone on the current value and resolves with its result once the new value is on disk. */
  update<R>(change: (current: T) => { next: T; result: R }): Promise<R>;
  /** Calls `listener` after each change, own or by hand; returns how to stop. */
  subscribe(listener: (value: T) => void): () => void;
  /** What the user should know about the file now. */
  problems(): StoreProblem[];
  /** Waits for running updates and gives the file free. */
  close(): Promise<void>;
}

/** Takes the data of schema version `n` (the key) to version `n + 1`. */
export type Migrations = Readonly<Record<number, (data: unknown) => unknown>>;

export interface JsonStoreOptions<T> {
  /** Absolute path. */
  file: string;
  /** Output and input side must be the same shape, so that what is written can be read. */
  schema: z.ZodType<T>;
  /** In force while there is no file; not written before the first update. */
  initial: T;
  /** Schema version, 1 or more. */
  version: number;
  migrations?: Migrations;
  logger: Logger;
  clock?: Clock;
  onProblem?: (problem: StoreProblem) => void;
}

/** Opens a JSON file for its owner. */
export async function openJsonStore<T>(options: JsonStoreOptions<T>): Promise<JsonStore<T>> {
  const { file, schema, initial, version, logger, clock = systemClock } = options;
  const listeners = new Set<(value: T) => void>();
  let value = schema.parse(initial);
  try {
    const stored = JSON.parse(await readFile(file, "utf8")) as { data: unknown };
    value = schema.parse(stored.data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  let tail: Promise<unknown> = Promise.resolve();
  logger.debug("store open", { file, at: clock.now() });

  async function write(next: T): Promise<void> {
    const handle = await open(`${file}.tmp`, "w", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ version, data: next }, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.tmp`, file);
    const folder = await open(dirname(file), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  return {
    get: () => value,
    update(change) {
      const run = tail.then(async () => {
        const outcome = change(value);
        const parsed = schema.safeParse(outcome.next);
        if (!parsed.success) throw new AppError("invalid_request", parsed.error.message);
        await write(parsed.data);
        value = parsed.data;
        for (const listener of listeners) listener(value);
        return outcome.result;
      });
      tail = run.catch(() => undefined);
      return run;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    problems: () => [],
    close: async () => {
      await tail;
    },
  };
}
