import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";

import type { Clock } from "./clock.ts";
import { errorCode, readWhole, replaceFile, type Disk } from "./durable-file.ts";
import {
  chainNoteName,
  chainStart,
  formatNote,
  readLink,
  readNote,
  sealRow,
  type ChainEnd,
  type ChainRow,
} from "./json-log-chain.ts";
import { linesBackwards, type LogFile } from "./json-log-files.ts";
import type { Logger } from "./logger.ts";

const maxLineBytes = 2 * 1024 * 1024;

export interface ChainKeeperOptions {
  directory: string;
  disk: Disk;
  clock: Clock;
  logger: Logger;
}

/** Rows with their links, not yet in the file; `end` is the chain's once they are. */
export interface SealedRows {
  /** Each with its line end. */
  lines: Buffer[];
  end: ChainEnd;
}

/** The writing side of a chain: which row was last, and the note of it. Used by one writer, one step after another. */
export class ChainKeeper {
  readonly #options: ChainKeeperOptions;
  #end: ChainEnd = chainStart;
  #note: FileHandle | null = null;
  /** Number of the row the note names. */
  #noted = 0;
  #noting: Promise<void> = Promise.resolve();

  constructor(options: ChainKeeperOptions) {
    this.#options = options;
  }

  get end(): ChainEnd {
    return this.#end;
  }

  /** Whether there is a note to say what is missing at the end. */
  get isNoted(): boolean {
    return this.#note !== null;
  }

  /**
   * Finds the end of the chain in files and note. When rows at the end are gone, it goes on behind those that were, so
   * that the gap stays to be seen. Answers whether the note is as it should be.
   */
  async load(files: readonly (LogFile & { size: number })[]): Promise<boolean> {
    const { directory, disk } = this.#options;
    const stored = await readWhole(disk, join(directory, chainNoteName), 4_096);
    const noted = stored && readNote(stored.bytes.toString("latin1"));
    let found: ChainEnd | null = null;
    let hasRows = false;
    for (const file of files.toReversed()) {
      hasRows ||= file.size > 0;
      found ??= await lastLink(disk, file);
      if (found) break;
    }
    this.#end = noted && noted.n > (found?.n ?? 0) ? noted : (found ?? chainStart);
    return noted !== null || !hasRows;
  }

  /** Links rows of JSON objects to the chain; the first of a file are preceded by the one every file begins with. */
  seal(rows: readonly string[], file: LogFile, isNewFile: boolean): SealedRows {
    let end = this.#end;
    const begin = isNewFile ? [this.row({ kind: "begin", file: basename(file.path) })] : [];
    const lines = [...begin, ...rows].map((json) => {
      const sealed = sealRow(json, end);
      end = sealed.end;
      return Buffer.from(sealed.line);
    });
    return { lines, end };
  }

  /** JSON of a row the chain writes about itself. */
  row(row: RowWithoutTime): string {
    const { kind, ...rest } = row;
    return JSON.stringify({ chain: { kind, at: new Date(this.#options.clock.now()).toISOString(), ...rest } });
  }

  /**
   * The rows up to `end` are in the files. The note follows, but only to what a power failure leaves there; without it the
   * rows are there all the same.
   */
  async commit(end: ChainEnd, isDurable: boolean): Promise<void> {
    this.#end = end;
    if (isDurable) await this.note(end);
  }

  /** The rows up to `end` have reached the disk. What was noted already is not taken back by what comes late. */
  note(end: ChainEnd): Promise<void> {
    this.#noting = this.#noting.then(() => this.#writeNote(end));
    return this.#noting;
  }

  async #writeNote(end: ChainEnd): Promise<void> {
    if (end.n <= this.#noted) return;
    const { directory, disk, logger } = this.#options;
    const path = join(directory, chainNoteName);
    try {
      if (this.#note) await disk.writeNow(this.#note, Buffer.from(formatNote(end), "latin1"), 0);
      else {
        await replaceFile(disk, path, formatNote(end));
        this.#note = await disk.open(path, "r+");
      }
      this.#noted = end.n;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      logger.error("The end of a chain could not be noted", { file: path }, error);
      await this.#closeNote();
    }
  }

  /** The note is looked for anew: its folder may be another one. */
  async forget(): Promise<void> {
    await this.#noting;
    await this.#closeNote();
    this.#noted = 0;
  }

  async #closeNote(): Promise<void> {
    const note = this.#note;
    this.#note = null;
    await note?.close();
  }
}

type RowWithoutTime = ChainRow extends infer R ? (R extends ChainRow ? Omit<R, "at"> : never) : never;

/** Number and hash of a file's last row, `null` when it has none that says so. */
export async function lastLink(disk: Disk, file: LogFile & { size: number }): Promise<ChainEnd | null> {
  try {
    const part = { path: file.path, from: 0, to: file.size };
    for await (const lines of linesBackwards(disk, part, maxLineBytes))
      for (const { bytes } of lines) {
        const link = readLink(bytes);
        if (link) return { n: link.n, hash: link.hash };
      }
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  return null;
}
