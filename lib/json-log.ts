import { basename } from "node:path";

import type { z } from "zod";

import { AppError } from "./app-error.ts";
import type { Clock } from "./clock.ts";
import { diskError, identify, makeFolder, systemDisk, type Disk } from "./durable-file.ts";
import { createProblemList, type ProblemList, type StoreProblem } from "./file-problems.ts";
import { describeIssues } from "./json-document.ts";
import { chainKeys, isChainRow } from "./json-log-chain.ts";
import { ChainKeeper } from "./json-log-chain-keeper.ts";
import { filesBeyond, type LogFile, type RowPlace } from "./json-log-files.ts";
import { LogIndex, type IndexEntry } from "./json-log-index.ts";
import { LogReader, readCursor, type LogPage, type LogQuery, type LogRow, type LogTally } from "./json-log-reader.ts";
import { JsonLogWriter } from "./json-log-writer.ts";
import type { Logger } from "./logger.ts";
import { acquireOwnerLock, type OwnerLock } from "./owner-lock.ts";

export type { LogPage, LogQuery, LogRow, LogTally } from "./json-log-reader.ts";

/** Largest row, bytes of JSON. */
const maxLineBytes = 1024 * 1024;
/** What a chain adds to a row. */
const linkBytes = 256;

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

/** What an open log can do besides: for those who keep more in it than a history. */
export interface OpenJsonLog<T> extends JsonLog<T> {
  /**
   * As `append`, and answers the `rowId`. Without `isDurable` it waits only until the row would survive the end of the process;
   * within a tenth of a second it reaches the disk as well, and when that fails the next row of whatever kind is waited for.
   */
  add(entry: T, options?: AddOptions): Promise<string>;
  /** The row with this id, `null` when it is not there any more. */
  read(rowId: string): Promise<LogRow<T> | null>;
  /** Every row there is now, oldest first. */
  entries(): AsyncGenerator<LogRow<T>>;
  /** What the index counts between two times, ISO 8601 UTC, both included; nothing without an index. */
  tally(range: { from?: string; to?: string }): Promise<LogTally>;
  /** Removes the files before the one that holds this row. No chain: it is for rows that are needed no longer. */
  removeBefore(rowId: string): Promise<void>;
  /** Number of files there are. */
  fileCount(): Promise<number>;
  /** How much there is, and the day with which it begins. */
  extent(): Promise<LogExtent>;
  /** What of it `prune` would remove now. */
  wouldPrune(keepDays: number): Promise<LogExtent>;
  /** Number of the first file that `prune` would leave now. */
  firstKept(keepDays: number): Promise<number>;
}

export interface AddOptions {
  /** Whether it is waited for until the disk itself has it; true by default. */
  isDurable?: boolean;
  /** The entry is known to be as the schema has it, with nothing to be filled in or left out: it is not parsed again. */
  isChecked?: boolean;
}

/** How much a log holds, or a part of it. */
export interface LogExtent {
  files: number;
  bytes: number;
  /** Of the oldest file; `null` when there is none. */
  firstDay: string | null;
  /** On which the newest file was begun. */
  lastDay: string | null;
}

export interface JsonLogOptions<T> {
  /** Absolute path of the log's own folder; made when missing. */
  directory: string;
  schema: z.ZodType<T>;
  clock: Clock;
  logger: Logger;
  /** Time of an entry, ISO 8601 UTC, that decides its day file; the clock by default. */
  dayOf?: (entry: T) => string;
  /** A file that has reached this size is followed by another one of the same day; no limit by default. */
  maxFileBytes?: number;
  /** Links every row to the one before it, so that `verifyChain` can prove that none was changed, added or removed. */
  isChain?: boolean;
  /** What is filtered and counted by without reading rows. */
  index?: (entry: T) => IndexEntry;
  onProblem?: (problem: StoreProblem) => void;
  disk?: Disk;
}

/** Opens a log. Throws `conflict` when another process owns it, `unavailable` when its folder cannot be written. */
export async function openJsonLog<T>(options: JsonLogOptions<T>): Promise<OpenJsonLog<T>> {
  const { directory, clock, logger, onProblem, disk = systemDisk } = options;
  const problems = createProblemList({ file: directory, clock, logger, onProblem });
  const log = new OpenLog(options, disk, problems);
  try {
    await log.start();
  } catch (error) {
    await log.close();
    throw diskError(error, directory);
  }
  const { reader } = log;
  return {
    append: async (entry) => {
      await log.add(entry);
    },
    add: (entry, addOptions) => log.add(entry, addOptions),
    page: (query) => reader.page(query),
    read: (rowId) => reader.read(rowId),
    entries: () => reader.entries(),
    tally: (range) => reader.tally(range),
    prune: (keepDays) => log.prune(keepDays),
    removeBefore: (rowId) => log.removeBefore(readCursor(rowId).number),
    fileCount: () => log.fileCount(),
    extent: () => log.extent(),
    wouldPrune: (keepDays) => log.wouldPrune(keepDays),
    firstKept: (keepDays) => log.firstKept(keepDays),
    problems: () => problems.list(),
    close: () => log.close(),
  };
}

class OpenLog<T> {
  readonly reader: LogReader<T>;
  readonly #options: JsonLogOptions<T>;
  readonly #disk: Disk;
  readonly #problems: ProblemList;
  readonly #writer: JsonLogWriter;
  readonly #index: LogIndex | null;
  #lock: OwnerLock | null = null;

  constructor(options: JsonLogOptions<T>, disk: Disk, problems: ProblemList) {
    const { isChain = false, index: toIndex, maxFileBytes = Infinity, directory, clock, logger } = options;
    this.#options = options;
    this.#disk = disk;
    this.#problems = problems;
    const longest = maxLineBytes + (isChain ? linkBytes : 0);
    const read = (line: Buffer): IndexEntry | null => {
      const entry = isChain && isChainRow(line) ? null : this.#parse(line, null);
      return entry === null ? null : (toIndex?.(entry) ?? null);
    };
    this.#index = toIndex ? new LogIndex({ disk, logger, maxLineBytes: longest, read }) : null;
    this.#writer = new JsonLogWriter({
      ...options,
      disk,
      problems,
      maxFileBytes,
      own: () => this.#own(),
      chain: isChain ? new ChainKeeper({ directory, disk, clock, logger }) : null,
      onChainRow: ({ file, from, to }) => this.#index?.add(file, from, to, null),
    });
    this.reader = new LogReader({
      disk,
      maxLineBytes: longest,
      files: () => this.#writer.files(),
      parse: (line, file) => this.#parse(line, file),
      index: this.#index,
      toIndex: toIndex ?? null,
      isChain,
    });
  }

  async start(): Promise<void> {
    await makeFolder(this.#disk, this.#options.directory);
    const error = await this.#own();
    if (error && error.code !== "disk_full") throw error;
    const { current } = this.#writer;
    if (current) await this.#index?.blocks(current, current.size);
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

  async add(entry: T, { isDurable = true, isChecked = false }: AddOptions = {}): Promise<string> {
    const { isChain, index, dayOf } = this.#options;
    const data = isChecked ? entry : this.#checked(entry);
    const taken = isChain ? chainKeys.filter((key) => Object.hasOwn(data as object, key)) : [];
    if (taken.length > 0)
      throw new AppError("invalid_request", `The entry is not valid: ${taken.join(", ")} belong to the chain.`);
    const json = JSON.stringify(data);
    if (Buffer.byteLength(json) >= maxLineBytes)
      throw new AppError("too_large", `An entry may have at most ${maxLineBytes} bytes.`);
    const place = await this.#writer.append({
      json,
      isDurable,
      day: dayOf?.(data).slice(0, 10),
      onWritten: ({ file, from, to }: RowPlace) => this.#index?.add(file, from, to, index?.(data) ?? null),
    });
    return `${place.file.number}:${place.from}`;
  }

  #checked(entry: T): T {
    const parsed = this.#options.schema.safeParse(entry);
    if (parsed.success) return parsed.data;
    throw new AppError("invalid_request", `The entry is not valid: ${describeIssues(parsed.error)}.`);
  }

  async prune(keepDays: number): Promise<void> {
    await this.#writer.prune(keepDays);
    await this.#forgetRemoved();
  }

  async removeBefore(number: number): Promise<void> {
    await this.#writer.removeBefore(number);
    await this.#forgetRemoved();
  }

  async fileCount(): Promise<number> {
    return (await this.#writer.files()).length;
  }

  async extent(): Promise<LogExtent> {
    return this.#extentOf(await this.#writer.files());
  }

  async wouldPrune(keepDays: number): Promise<LogExtent> {
    return this.#extentOf(await this.#beyond(keepDays));
  }

  async firstKept(keepDays: number): Promise<number> {
    const last = (await this.#beyond(keepDays)).at(-1);
    return last === undefined ? 0 : last.number + 1;
  }

  async #beyond(keepDays: number): Promise<LogFile[]> {
    const today = new Date(this.#options.clock.now()).toISOString().slice(0, 10);
    return filesBeyond(await this.#writer.files(), today, keepDays);
  }

  async #extentOf(files: readonly LogFile[]): Promise<LogExtent> {
    const identities = await Promise.all(files.map(({ path }) => identify(this.#disk, path)));
    const bytes = identities.reduce((all, identity) => all + Number(identity?.size ?? 0), 0);
    return { files: files.length, bytes, firstDay: files[0]?.day ?? null, lastDay: files.at(-1)?.day ?? null };
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#index?.close();
    await this.#lock?.release();
    this.#lock = null;
  }

  async #forgetRemoved(): Promise<void> {
    this.#index?.keepOnly(await this.#writer.files());
  }

  #parse(line: Buffer, file: LogFile | null): T | null {
    let json: unknown;
    try {
      json = JSON.parse(line.toString("utf8"));
    } catch (error) {
      return this.#leaveOut(file, error instanceof Error ? error.message : String(error));
    }
    const parsed = this.#options.schema.safeParse(this.#options.isChain ? withoutLink(json) : json);
    return parsed.success ? parsed.data : this.#leaveOut(file, describeIssues(parsed.error));
  }

  /** Reported where rows are shown; the index only passes them over. */
  #leaveOut(file: LogFile | null, reason: string): null {
    if (!file) return null;
    const { path } = file;
    this.#options.logger.debug("A row of a log was left out", { path, reason });
    const message = `Some rows of ${basename(path)} cannot be read and are left out; the others are shown.`;
    this.#problems.report("bad_entries", message, { file: path });
    return null;
  }
}

/** The entry as it was before the chain took it. */
function withoutLink(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(Object.entries(json).filter(([key]) => !chainKeys.includes(key)));
}
