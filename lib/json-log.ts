import { basename } from "node:path";

import type { z } from "zod";

import { AppError } from "./app-error.ts";
import type { Clock } from "./clock.ts";
import { diskError, makeFolder, systemDisk, type Disk } from "./durable-file.ts";
import { createProblemList, type ProblemList, type StoreProblem } from "./file-problems.ts";
import { describeIssues } from "./json-document.ts";
import { linesBackwards, type LogFile, type LogLine } from "./json-log-files.ts";
import { JsonLogWriter } from "./json-log-writer.ts";
import type { Logger } from "./logger.ts";
import { acquireOwnerLock, type OwnerLock } from "./owner-lock.ts";

/** Largest row, bytes of JSON. */
const maxLineBytes = 1024 * 1024;
const maxLimit = 1_000;
const defaultMaxScan = 10_000;
const cursorPattern = /^(\d{1,12}):(\d{1,15})$/;

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

/** An append-only history in day files of one JSON row per line. Order is the order of appending, whatever the clock does. */
export interface JsonLog<T> {
  /** Resolves when the entry is on disk; entries that wait together share one flush. Rejects with `invalid_request`, `too_large`, `disk_full`, `unavailable` or `conflict`. */
  append(entry: T): Promise<void>;
  /** Costs what the page costs, not what the history holds; stays stable while rows are appended. */
  page(query: LogQuery<T>): Promise<LogPage<T>>;
  /** Removes the files of days older than `keepDays`, never the newest file. */
  prune(keepDays: number): Promise<void>;
  problems(): StoreProblem[];
  /** Waits for running appends and gives the folder free. */
  close(): Promise<void>;
}

export interface JsonLogOptions<T> {
  /** Absolute path of the log's own folder; made when missing. */
  directory: string;
  schema: z.ZodType<T>;
  clock: Clock;
  logger: Logger;
  /** Time of an entry, ISO 8601 UTC, that decides its day file; the clock by default. */
  dayOf?: (entry: T) => string;
  onProblem?: (problem: StoreProblem) => void;
  disk?: Disk;
}

/** Opens a log. Throws `conflict` when another process owns it, `unavailable` when its folder cannot be written. */
export async function openJsonLog<T>(options: JsonLogOptions<T>): Promise<JsonLog<T>> {
  const { directory, clock, logger, onProblem, disk = systemDisk } = options;
  const problems = createProblemList({ file: directory, clock, logger, onProblem });
  const log = new OpenLog(options, disk, problems);
  try {
    await log.start();
  } catch (error) {
    await log.close();
    throw diskError(error, directory);
  }
  return {
    append: (entry) => log.append(entry),
    page: (query) => log.page(query),
    prune: (keepDays) => log.prune(keepDays),
    problems: () => problems.list(),
    close: () => log.close(),
  };
}

class OpenLog<T> {
  readonly #options: JsonLogOptions<T>;
  readonly #disk: Disk;
  readonly #problems: ProblemList;
  readonly #writer: JsonLogWriter;
  #lock: OwnerLock | null = null;

  constructor(options: JsonLogOptions<T>, disk: Disk, problems: ProblemList) {
    this.#options = options;
    this.#disk = disk;
    this.#problems = problems;
    this.#writer = new JsonLogWriter({ ...options, disk, problems, own: () => this.#own() });
  }

  async start(): Promise<void> {
    await makeFolder(this.#disk, this.#options.directory);
    const error = await this.#own();
    if (error && error.code !== "disk_full") throw error;
  }

  /** On a full disk there is no room for the lock: the log can be read, and each append tries again. */
  async #own(): Promise<AppError | null> {
    const { directory } = this.#options;
    try {
      this.#lock ??= await acquireOwnerLock({ path: directory, onLost: () => this.#loseLock() });
      await this.#writer.start();
      return null;
    } catch (error) {
      const shown = diskError(error, directory);
      if (!(shown instanceof AppError)) throw shown;
      if (shown.code === "disk_full") this.#problems.report("unwritable", shown.message);
      return shown;
    }
  }

  #loseLock(): void {
    const message = `${this.#options.directory} was taken over by another process; this one no longer writes it.`;
    this.#writer.refuse(new AppError("conflict", message));
    this.#problems.report("lock_lost", message);
  }

  append(entry: T): Promise<void> {
    const parsed = this.#options.schema.safeParse(entry);
    if (!parsed.success)
      return Promise.reject(
        new AppError("invalid_request", `The entry is not valid: ${describeIssues(parsed.error)}.`),
      );
    const line = Buffer.from(`${JSON.stringify(parsed.data)}\n`);
    if (line.length > maxLineBytes)
      return Promise.reject(new AppError("too_large", `An entry may have at most ${maxLineBytes} bytes.`));
    return this.#writer.append(line, this.#options.dayOf?.(parsed.data).slice(0, 10));
  }

  async page(query: LogQuery<T>): Promise<LogPage<T>> {
    const { match = () => true, maxScan = defaultMaxScan } = query;
    const limit = Math.max(1, Math.min(maxLimit, Math.floor(query.limit)));
    const items: LogRow<T>[] = [];
    let scanned = 0;
    for await (const { file, lines, isOldestFile } of this.#linesBefore(query.before)) {
      for (const line of lines) {
        scanned += 1;
        const rowId = `${file.number}:${line.offset}`;
        const entry = this.#parse(line, file);
        if (entry !== null && match(entry)) items.push({ ...entry, rowId });
        const isLast = isOldestFile && line.offset === 0;
        if (items.length === limit || scanned >= maxScan) return { items, next: isLast ? null : rowId };
      }
    }
    return { items, next: null };
  }

  prune(keepDays: number): Promise<void> {
    return this.#writer.prune(keepDays);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#lock?.release();
    this.#lock = null;
  }

  async *#linesBefore(
    before: string | undefined,
  ): AsyncGenerator<{ file: LogFile; lines: LogLine[]; isOldestFile: boolean }> {
    const [, number, offset] = before === undefined ? [] : (cursorPattern.exec(before) ?? []);
    if (before !== undefined && number === undefined)
      throw new AppError("invalid_request", "The page cursor is not valid.", {
        hint: "Start again with the first page.",
      });
    const newest = number === undefined ? Infinity : Number(number);
    const files = (await this.#writer.files()).filter((file) => file.number <= newest);
    for (const [index, file] of files.toReversed().entries()) {
      const end = file.number === newest ? Math.min(Number(offset), file.size) : file.size;
      const isOldestFile = index === files.length - 1;
      for await (const lines of linesBackwards(this.#disk, file.path, end, maxLineBytes))
        yield { file, lines, isOldestFile };
    }
  }

  #parse(line: LogLine, { path }: LogFile): T | null {
    let json: unknown;
    try {
      json = JSON.parse(line.bytes.toString("utf8"));
    } catch (error) {
      return this.#leaveOut(path, error instanceof Error ? error.message : String(error));
    }
    const parsed = this.#options.schema.safeParse(json);
    return parsed.success ? parsed.data : this.#leaveOut(path, describeIssues(parsed.error));
  }

  #leaveOut(path: string, reason: string): null {
    this.#options.logger.debug("A row of a log was left out", { path, reason });
    const message = `Some rows of ${basename(path)} cannot be read and are left out; the others are shown.`;
    this.#problems.report("bad_entries", message, { file: path });
    return null;
  }
}
