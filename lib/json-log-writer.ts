import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";

import { AppError } from "./app-error.ts";
import type { Clock } from "./clock.ts";
import { diskError, errorCode, identify, makeFolder, replaceFile, syncFolder, type Disk } from "./durable-file.ts";
import { fileTime, type ProblemList } from "./file-problems.ts";
import { lastLink, type ChainKeeper } from "./json-log-chain-keeper.ts";
import { sha256 } from "./json-log-chain.ts";
import {
  endOfLastLine,
  filesBeyond,
  indexPath,
  listLogFiles,
  logFile,
  nextNumber,
  toPlaces,
  type LogFile,
  type RowPlace,
} from "./json-log-files.ts";
import type { Logger } from "./logger.ts";

const dayMs = 24 * 60 * 60 * 1_000;
/** Bytes that are handed to the system without another thread. */
const mostAtOnce = 65_536;
/** Rows nobody waits for reach the disk itself so soon. */
const settleMs = 100;

export interface JsonLogWriterOptions {
  directory: string;
  clock: Clock;
  logger: Logger;
  disk: Disk;
  problems: ProblemList;
  /** Makes the folder ours when it was not possible at the start; why not, when it is not possible now. */
  own: () => Promise<AppError | null>;
  /** A file that has reached this size is followed by another one of the same day. */
  maxFileBytes: number;
  /** Links the rows, when they are to be a chain. */
  chain: ChainKeeper | null;
  /** Told of rows the chain has written about itself. */
  onChainRow?: (place: RowPlace) => void;
}

/** A row to be written. */
export interface NewRow {
  /** JSON of an object, without a line end. */
  readonly json: string;
  readonly day: string | undefined;
  /** Whether it is waited for until it would survive a power failure; else only the end of the process, and that follows soon. */
  readonly isDurable: boolean;
  /** Told where it is, in the order of the rows, before `append` resolves. */
  readonly onWritten?: (place: RowPlace) => void;
}

interface PendingRow extends NewRow {
  succeed: (place: RowPlace) => void;
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
  #queue: PendingRow[] = [];
  #isStarted = false;
  #isFlushing = false;
  #tail: Promise<void> = Promise.resolve();
  #refusal: AppError | null = null;
  /** Rows are in the file that may not be on the disk yet. */
  #isUnsettled = false;
  #settleTimer: NodeJS.Timeout | null = null;
  #settling: Promise<void> = Promise.resolve();
  /** The disk has not taken what was acknowledged: the next row is waited for, whatever it asks. */
  #mustSettle = false;
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
    if (!newest) await this.#options.chain?.load([]);
    else if (!this.#current) await this.#open(newest);
    this.#isStarted = true;
  }

  /** The file that is being written, with its durable bytes; `null` before the first row. */
  get current(): (LogFile & { size: number }) | null {
    return this.#current;
  }

  /** Files oldest first, each with the number of bytes that may be read. */
  async files(): Promise<(LogFile & { size: number })[]> {
    await this.#refresh();
    return this.#files.map((file) => ({
      ...file,
      size: file.number === this.#current?.number ? this.#current.size : Infinity,
    }));
  }

  append(row: NewRow): Promise<RowPlace> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...row, succeed: resolve, fail: reject });
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

  /** Removes the files before the one with this number, never the newest; what they hold is no longer needed. */
  async removeBefore(number: number): Promise<void> {
    try {
      await this.#exclusive(async () => {
        await this.#refresh();
        await this.#remove(this.#files.filter((file) => file.number < number && file !== this.#files.at(-1)));
      });
    } catch (error) {
      throw diskError(error, this.#options.directory);
    }
  }

  async close(): Promise<void> {
    this.#refusal ??= new AppError("unavailable", `${this.#options.directory} is closed: PortOS is stopping.`);
    await this.#exclusive(async () => {
      await this.#settle();
      await this.#settling;
      await this.#current?.handle.close();
      this.#current = null;
      await this.#options.chain?.forget();
    });
  }

  /** What is given at once is written together, and what comes meanwhile is the next flush. */
  async #flush(): Promise<void> {
    const batch = this.#queue;
    this.#queue = [];
    while (batch.length > 0) {
      const day = this.#dayFor(batch[0]?.day);
      const last = batch.findIndex((row) => this.#dayFor(row.day) !== day);
      const together = batch.splice(0, last === -1 ? batch.length : last);
      try {
        const refusal = this.#refusal?.code === "conflict" ? this.#refusal : await this.#options.own();
        if (refusal) throw refusal;
        const places = await this.#write(day, together);
        this.#options.problems.clear("unwritable");
        together.forEach((row, at) => {
          const place = places[at];
          if (!place) return;
          row.onWritten?.(place);
          row.succeed(place);
        });
      } catch (error) {
        const shown = diskError(error, this.#options.directory);
        this.#options.problems.report("unwritable", shown.message);
        for (const row of together) row.fail(shown);
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

  async #write(day: string, rows: readonly Pick<NewRow, "json" | "isDurable">[]): Promise<RowPlace[]> {
    const { chain, maxFileBytes } = this.#options;
    const isDurable = this.#mustSettle || chain?.isNoted === false || rows.some((row) => row.isDurable);
    for (let attempt = 1; ; attempt += 1) {
      const current = this.#current;
      const file = current?.day === day && current.size < maxFileBytes ? current : await this.#begin(day);
      const json = rows.map((row) => row.json);
      const sealed = chain?.seal(json, file, file.size === 0);
      const lines = sealed?.lines ?? json.map((text) => Buffer.from(`${text}\n`));
      const from = file.size;
      try {
        await this.#put(file, lines.length === 1 && lines[0] ? lines[0] : Buffer.concat(lines));
        if (isDurable) await file.handle.datasync();
      } catch (error) {
        await this.#cutBack(file);
        throw error;
      }
      const places = toPlaces(file, from, lines);
      file.size = places.at(-1)?.to ?? from;
      // What nobody waits for is looked after when it is settled.
      const isRemoved = isDurable && !(await this.#disk.isNamed(file.handle));
      if (!isRemoved) {
        if (sealed) await chain?.commit(sealed.end, isDurable);
        this.#noteSettled(isDurable);
        const begin = lines.length - rows.length;
        for (const place of places.slice(0, begin)) this.#options.onChainRow?.(place);
        return places.slice(begin);
      }
      await this.#forget(file);
      await chain?.forget();
      if (attempt === 3) throw new AppError("unavailable", `${file.path} is being removed by another program.`);
    }
  }

  /** Hands rows to the system: a few at once, many while the process goes on. */
  async #put({ handle }: CurrentFile, bytes: Buffer): Promise<void> {
    if (bytes.length > mostAtOnce) await handle.writeFile(bytes);
    else await this.#disk.writeNow(handle, bytes);
  }

  #noteSettled(isDurable: boolean): void {
    this.#isUnsettled = !isDurable;
    if (isDurable) this.#mustSettle = false;
    else
      this.#settleTimer ??= setTimeout(() => {
        this.#settling = this.#settle();
      }, settleMs).unref();
  }

  /** Brings to the disk what nobody has waited for; rows that are written meanwhile do not wait for it. */
  async #settle(): Promise<void> {
    if (this.#settleTimer) clearTimeout(this.#settleTimer);
    this.#settleTimer = null;
    const { chain, problems, directory } = this.#options;
    const file = this.#current;
    if (!file || !this.#isUnsettled) return;
    this.#isUnsettled = false;
    const end = chain?.end;
    try {
      await file.handle.datasync();
      this.#mustSettle ||= !(await this.#disk.isNamed(file.handle));
      if (end && !this.#mustSettle) await chain.note(end);
    } catch (error) {
      this.#mustSettle = true;
      problems.report("unwritable", diskError(error, directory).message);
    }
  }

  async #begin(day: string): Promise<CurrentFile> {
    // What comes later must not be on the disk before what came earlier, be it of a process before this one.
    await this.#settling;
    await this.#current?.handle.datasync();
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
    const { chain } = this.#options;
    const handle = await this.#disk.open(file.path, "a+", 0o600);
    try {
      const { size } = await handle.stat();
      const end = await endOfLastLine(handle, size);
      const files = this.#files.map((one) => ({ ...one, size: one.number === file.number ? end : Infinity }));
      const isNoted = chain ? await chain.load(files) : true;
      const repairs = chain && !isNoted ? [chain.row({ kind: "note_missing" })] : [];
      const current = { ...file, handle, size: end };
      if (end < size) repairs.push(...(await this.#setAside(current, size)));
      if (chain && repairs.length > 0) await this.#repair(current, size, repairs);
      else if (end < size) {
        await handle.truncate(end);
        await handle.sync();
      }
      this.#current = current;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Keeps what follows the last whole row under a name of its own; answers what a chain says about it. */
  async #setAside(file: CurrentFile, size: number): Promise<string[]> {
    const torn = Buffer.alloc(size - file.size);
    await file.handle.read(torn, 0, torn.length, file.size);
    const keptAs = `${file.path}.damaged-${fileTime(this.#options.clock)}`;
    await replaceFile(this.#disk, keptAs, torn);
    const message = `The last row of ${basename(file.path)} was unfinished and was kept as ${basename(keptAs)}.`;
    this.#options.problems.report("set_aside", message, { keptAs, file: keptAs });
    const names = { file: basename(file.path), keptAs: basename(keptAs) };
    const row = { kind: "repaired" as const, ...names, bytes: torn.length, sha256: sha256(torn) };
    return this.#options.chain ? [this.#options.chain.row(row)] : [];
  }

  /** Writes what a chain says about its repair over the unfinished row: at no moment the one is gone and the other not there. */
  async #repair(file: CurrentFile, size: number, rows: readonly string[]): Promise<void> {
    const { chain } = this.#options;
    if (!chain) return;
    const sealed = chain.seal(rows, file, file.size === 0);
    const bytes = Buffer.concat(sealed.lines);
    const handle = await this.#disk.open(file.path, "r+"); // what is opened to append cannot be written over
    try {
      const { bytesWritten } = await handle.write(bytes, 0, bytes.length, file.size);
      if (bytesWritten < bytes.length) throw new AppError("disk_full", `${file.path} could not be repaired.`);
      file.size += bytes.length;
      if (size > file.size) await handle.truncate(file.size);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chain.commit(sealed.end, true);
  }

  /** After a failed write: what reached the file is no row. */
  async #cutBack(file: CurrentFile): Promise<void> {
    try {
      if ((await file.handle.stat()).size > file.size) await file.handle.truncate(file.size);
    } catch (error) {
      this.#options.logger.error("A half-written row could not be removed", { file: file.path }, error);
      await this.#forget(file);
      // A chain goes on behind what is in the file, so that is read again first.
      if (this.#options.chain) this.#isStarted = false;
    }
  }

  async #forget(file: CurrentFile): Promise<void> {
    this.#current = null;
    this.#isUnsettled = false;
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
    const removed = filesBeyond(this.#files, this.#today(), keepDays);
    if (this.#options.chain && removed.length > 0) await this.#announce(removed);
    await this.#remove(removed);
  }

  /** A chain says what is going to be removed, before it is. */
  async #announce(removed: readonly LogFile[]): Promise<void> {
    const { chain } = this.#options;
    if (!chain) return;
    const refusal = await this.#options.own();
    if (refusal) throw refusal;
    const files = [];
    for (const file of removed) {
      const last = await lastLink(this.#disk, { ...file, size: Infinity });
      if (last) files.push({ file: basename(file.path), ...last });
    }
    const json = chain.row({ kind: "pruned", files });
    const write = async (): Promise<void> => {
      const [place] = await this.#write(this.#dayFor(undefined), [{ json, isDurable: true }]);
      if (place) this.#options.onChainRow?.(place);
    };
    try {
      await write();
    } catch (error) {
      if (!["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "")) throw error;
      // Room for the row that makes more room: an index can be made again.
      for (const { path } of removed) await this.#disk.rm(indexPath(path), { force: true });
      await write();
    }
  }

  /** Oldest first, so that what a crash leaves has no hole. */
  async #remove(removed: readonly LogFile[]): Promise<void> {
    if (removed.length === 0) return;
    const { directory } = this.#options;
    const names = await this.#disk.readdir(directory);
    for (const file of removed.toSorted((one, other) => one.number - other.number))
      for (const name of names)
        if (name.startsWith(basename(file.path))) await this.#disk.rm(join(directory, name), { force: true });
    this.#files = this.#files.filter((file) => !removed.some(({ number }) => number === file.number));
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

/** Those that were asked for: today and tomorrow, for each row. */
const days = new Map<number, string>();

function toDay(ms: number): string {
  const number = Math.floor(ms / dayMs);
  const known = days.get(number);
  if (known !== undefined) return known;
  const day = new Date(ms).toISOString().slice(0, 10);
  if (days.size > 8) days.clear();
  days.set(number, day);
  return day;
}
