import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import type { z } from "zod";

import type { Clock } from "./clock.ts";
import type { StoreProblem } from "./file-problems.ts";
import type { Logger } from "./logger.ts";

/** A row as it is read back; `rowId` is stable, unique in its log and serves as a cursor. */
export type LogRow<T> = T & { rowId: string };

export interface LogQuery<T> {
  /** Only rows appended before the one with this `rowId`. */
  before?: string;
  /** Most rows of the page, 1 to 1 000. */
  limit: number;
  match?: (entry: T) => boolean;
  /** Most rows looked at for one page; 10 000 by default. */
  maxScan?: number;
}

export interface LogPage<T> {
  /** Newest first. May be shorter than `limit` while `next` is set: then `maxScan` rows were looked at. */
  items: LogRow<T>[];
  /** Pass it as `before` for older rows; `null` when there are none. */
  next: string | null;
}

/** An append-only history. */
export interface JsonLog<T> {
  /** Resolves when the entry is on disk. */
  append(entry: T): Promise<void>;
  page(query: LogQuery<T>): Promise<LogPage<T>>;
  /** Removes whole days older than `keepDays`. */
  prune(keepDays: number): Promise<void>;
  problems(): StoreProblem[];
  close(): Promise<void>;
}

export interface JsonLogOptions<T> {
  /** Absolute path of the log's own folder; made when missing. */
  directory: string;
  schema: z.ZodType<T>;
  clock: Clock;
  logger: Logger;
  /** Time of an entry, ISO 8601 UTC, that decides its day; the clock by default. */
  dayOf?: (entry: T) => string;
  onProblem?: (problem: StoreProblem) => void;
}

/** Opens a log for its owner. */
export async function openJsonLog<T>(options: JsonLogOptions<T>): Promise<JsonLog<T>> {
  const { directory, schema, clock } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let tail: Promise<unknown> = Promise.resolve();
  const file = join(directory, "rows.jsonl");
  return {
    append(entry) {
      const line = `${JSON.stringify(schema.parse(entry))}\n`;
      const run = tail.then(() => appendFile(file, line, { mode: 0o600, flush: true }));
      tail = run.catch(() => undefined);
      return run;
    },
    async page({ before, limit, match = () => true }) {
      const text = (await readdir(directory)).length === 0 ? "" : await readFile(file, "utf8");
      const rows = text
        .split("\n")
        .slice(0, -1)
        .map((line, index) => ({ ...schema.parse(JSON.parse(line)), rowId: `1:${index}` }));
      const older = rows
        .slice(0, before === undefined ? undefined : Number(before.slice(2)))
        .toReversed()
        .filter(match);
      const items = older.slice(0, limit);
      return { items, next: older.length > limit ? (items.at(-1)?.rowId ?? null) : null };
    },
    async prune(keepDays) {
      if (keepDays <= 0 && clock.now() > 0) await rm(file, { force: true });
    },
    problems: () => [],
    close: async () => {
      await tail;
    },
  };
}
