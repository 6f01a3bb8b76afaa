import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

import { AppError } from "./app-error.ts";
import type { Clock } from "./clock.ts";
import { diskError, identify, makeFolder, replaceFile, syncFolder, type Disk } from "./durable-file.ts";
import { fileTime, type ProblemList } from "./file-problems.ts";
import { listLogFiles, logFile, nextNumber, type LogFile } from "./json-log-files.ts";
import type { Logger } from "./logger.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const tailChunkBytes = 64 * 1024;

export interface JsonLogWriterOptions {
  directory: string;
  clock: Clock;
  logger: Logger;
  disk: Disk;
  problems: ProblemList;
  /** Makes the folder ours when it was not possible at the start; why not, when it is not possible now. */
  own: () => Promise<AppError | null>;
}

interface PendingLine {
  line: Buffer;
  day: string | undefined;
  succeed: () => void;
  fail: (error: unknown) => void;
}

interface CurrentFile extends LogFile {
  handle: FileHandle;
  /** Bytes that are durable; what follows is no row yet. */
  size: number;
}

/** The writing side of a log: the order of its files, shared flushes, torn ends, retention. */
export class JsonLogWriter {
  readonly #options: JsonLogWriterOptions;
  readonly #disk: Disk;
  #files: LogFile[] = [];
  /** Time of the folder when its files were listed. */
  #listedAt: bigint | null = null;
  #lastNumber = 0;
  /** Files begun so far. */
  #begun = 0;
  #current: CurrentFile | null = null;
  #queue: PendingLine[] = [];
  #isStarted = false;
  #isFlushing = false;
  #tail: Promise<void> = Promise.resolve();
  #refusal: AppError | null = null;
  /** Wall and steady time read together: when they drift apart, the clock was set. */
  #anchor: { wall: number; steady: number };

  constructor(options: JsonLogWriterOptions) {
    this.#options = options;
    this.#disk = options.disk;
    this.#anchor = { wall: options.clock.now(), steady: options.clock.monotonic() };
  }

  /** Opens the newest file; may be called again after it has failed. */
  async start(): Promise<void> {
    if (this.#isStarted) return;
    await this.#refresh();
    const newest = this.#files.at(-1);
    if (newest) await this.#open(newest);
    this.#isStarted = true;
  }

  /** Files oldest first, each with the number of bytes that may be read. */
  async files(): Promise<(LogFile & { size: number })[]> {
    await this.#refresh();
    return this.#files.map((file) => ({
      ...file,
      size: file.number === this.#current?.number ? this.#current.size : Infinity,
    }));
  }

  append(line: Buffer, day: string | undefined): Promise<void> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ line, day, succeed: resolve, fail: reject });
      if (this.#isFlushing) return;
      this.#isFlushing = true;
      void this.#exclusive(async () => {
        while (this.#queue.length > 0) await this.#flush();
        this.#isFlushing = false;
      });
    });
  }

  /** No more appends from now on; `error` says why. */
  refuse(error: AppError): void {
    this.#refusal = error;
  }

  async prune(keepDays: number): Promise<void> {
    try {
      await this.#exclusive(() => this.#removeOlder(keepDays));
    } catch (error) {
      throw diskError(error, this.#options.directory);
    }
  }

  async close(): Promise<void> {
    this.#refusal ??= new AppError("unavailable", `${this.#options.directory} is closed: PortOS is stopping.`);
    await this.#exclusive(async () => {
      await this.#current?.handle.close();
      this.#current = null;
    });
  }

  async #flush(): Promise<void> {
    await nextTurn(); // entries of the same turn join this flush
    const batch = this.#queue;
    this.#queue = [];
    while (batch.length > 0) {
      const day = this.#dayFor(batch[0]?.day);
      const last = batch.findIndex((line) => this.#dayFor(line.day) !== day);
      const together = batch.splice(0, last === -1 ? batch.length : last);
      try {
        const refusal = this.#refusal?.code === "conflict" ? this.#refusal : await this.#options.own();
        if (refusal) throw refusal;
        await this.#write(day, Buffer.concat(together.map(({ line }) => line)));
        this.#options.problems.clear("unwritable");
        for (const line of together) line.succeed();
      } catch (error) {
        const shown = diskError(error, this.#options.directory);
        this.#options.problems.report("unwritable", shown.message);
        for (const line of together) line.fail(shown);
      }
    }
  }

  /**
   * The day whose file takes an entry. Files follow one another, so an entry of an earlier day joins the current file;
   * only a current file that lies in the future, left by a clock that was wrong, is followed by one of today.
   */
  #dayFor(wanted: string | undefined): string {
    const today = this.#today();
    const tomorrow = toDay(this.#options.clock.now() + dayMs);
    const day = wanted !== undefined && wanted <= tomorrow ? wanted : today;
    const newest = this.#files.at(-1)?.day;
    if (newest === undefined || day > newest) return day;
    return newest > tomorrow ? today : newest;
  }

  async #write(day: string, bytes: Buffer): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const file = this.#current?.day === day ? this.#current : await this.#begin(day);
      try {
        await file.handle.writeFile(bytes);
        await file.handle.datasync();
      } catch (error) {
        await this.#cutBack(file);
        throw error;
      }
      file.size += bytes.length;
      const isRemoved = (await file.handle.stat()).nlink === 0;
      if (!isRemoved) return;
      await this.#forget(file);
      if (attempt === 3) throw new AppError("unavailable", `${file.path} is being removed by another program.`);
    }
  }

  async #begin(day: string): Promise<CurrentFile> {
    await makeFolder(this.#disk, this.#options.directory);
    await this.#refresh();
    this.#lastNumber = nextNumber(this.#options.clock.now(), this.#lastNumber);
    const file = logFile(this.#options.directory, day, this.#lastNumber);
    const handle = await this.#disk.open(file.path, "ax", 0o600);
    try {
      await syncFolder(this.#disk, this.#options.directory);
    } catch (error) {
      await handle.close();
      await this.#disk.rm(file.path, { force: true });
      throw error;
    }
    await this.#current?.handle.close();
    // Somebody who reads may have listed it already, or be listing what was there before.
    if (!this.#files.some(({ number }) => number === file.number)) this.#files.push(file);
    this.#begun += 1;
    this.#listedAt = null;
    this.#current = { ...file, handle, size: 0 };
    return this.#current;
  }

  /** Opens the newest file; an unfinished last line, as a crash leaves it, is kept aside. It was never acknowledged. */
  async #open(file: LogFile): Promise<void> {
    const handle = await this.#disk.open(file.path, "a+", 0o600);
    try {
      const { size } = await handle.stat();
      const end = await endOfLastLine(handle, size);
      if (end < size) {
        const torn = Buffer.alloc(size - end);
        await handle.read(torn, 0, torn.length, end);
        const keptAs = `${file.path}.damaged-${fileTime(this.#options.clock)}`;
        await replaceFile(this.#disk, keptAs, torn);
        await handle.truncate(end);
        await handle.sync();
        const message = `The last row of ${basename(file.path)} was unfinished and was kept as ${basename(keptAs)}.`;
        this.#options.problems.report("set_aside", message, { keptAs, file: keptAs });
      }
      this.#current = { ...file, handle, size: end };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** After a failed write: what reached the file is no row. */
  async #cutBack(file: CurrentFile): Promise<void> {
    try {
      if ((await file.handle.stat()).size > file.size) await file.handle.truncate(file.size);
    } catch (error) {
      this.#options.logger.error("A half-written row could not be removed", { file: file.path }, error);
      await this.#forget(file);
    }
  }

  async #forget(file: CurrentFile): Promise<void> {
    this.#current = null;
    await file.handle.close();
  }

  async #removeOlder(keepDays: number): Promise<void> {
    const { clock, directory, logger } = this.#options;
    const now = { wall: clock.now(), steady: clock.monotonic() };
    const drift = now.wall - this.#anchor.wall - (now.steady - this.#anchor.steady);
    this.#anchor = now;
    if (Math.abs(drift) > dayMs) {
      logger.warn("The clock was set; old history is not removed this time", { directory });
      return;
    }
    await this.#refresh();
    const newest = this.#files.at(-1);
    if (!newest) return;
    const reference = [this.#today(), newest.day].toSorted()[0] ?? newest.day;
    const oldest = toDay(Date.parse(reference) - keepDays * dayMs);
    let latest = newest.day; // a file is at most as young as those begun after it
    const removed: LogFile[] = [];
    for (const file of this.#files.toReversed()) {
      if (file.day < latest) latest = file.day;
      if (latest < oldest && file !== newest) removed.push(file);
    }
    if (removed.length === 0) return;
    const names = await this.#disk.readdir(directory);
    for (const file of removed)
      for (const name of names)
        if (name.startsWith(basename(file.path))) await this.#disk.rm(join(directory, name), { force: true });
    this.#files = this.#files.filter((file) => !removed.includes(file));
    await syncFolder(this.#disk, directory);
  }

  /** Files come and go by hand and by a restore; the time of the folder says when to look again. */
  async #refresh(): Promise<void> {
    const { directory } = this.#options;
    const begun = this.#begun;
    const folder = await identify(this.#disk, directory);
    if (folder !== null && folder.modifiedNs === this.#listedAt) return;
    const files = folder === null ? [] : await listLogFiles(this.#disk, directory);
    if (this.#begun !== begun) return this.#refresh(); // that list may be of before
    this.#files = files;
    this.#listedAt = folder?.modifiedNs ?? null;
    this.#lastNumber = Math.max(this.#lastNumber, this.#files.at(-1)?.number ?? 0);
  }

  #today(): string {
    return toDay(this.#options.clock.now());
  }

  /** Runs work on the files after all earlier work. */
  #exclusive(work: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(work);
    this.#tail = run.catch(() => undefined); // the caller is told; the next one does not care
    return run;
  }
}

function toDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The offset after the last newline, found from the end. */
async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(tailChunkBytes);
  for (let end = size; end > 0;) {
    const length = Math.min(tailChunkBytes, end);
    const { bytesRead } = await handle.read(chunk, 0, length, end - length);
    if (bytesRead < length) throw new AppError("unavailable", "The file changed while it was opened.");
    const at = chunk.subarray(0, length).lastIndexOf(0x0a);
    if (at >= 0) return end - length + at + 1;
    end -= length;
  }
  return 0;
}
