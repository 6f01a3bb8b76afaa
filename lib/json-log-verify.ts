import { basename, join } from "node:path";

import { errorCode, readWhole, type Disk } from "./durable-file.ts";
import {
  chainNoteName,
  chainStart,
  isChainRow,
  readChainRow,
  readLink,
  readNote,
  type ChainEnd,
  type ChainRow,
} from "./json-log-chain.ts";
import { linesForward, listLogFiles, type LogFile } from "./json-log-files.ts";

/**
 * - `not_a_row`: the line is no row of a chain
 * - `changed`: its bytes are not those its hash was made of
 * - `not_next`: it does not follow the row before it: rows are missing, added or in another order
 * - `wrong_file`: the file does not begin as the one it is named as
 * - `start_missing`: rows before the first one are gone and no retention has said so
 * - `end_missing`: rows at the end are gone
 * - `note_missing`: the note of the end is gone or unreadable, so rows at the end may be
 */
export type ChainBreakReason =
  "not_a_row" | "changed" | "not_next" | "wrong_file" | "start_missing" | "end_missing" | "note_missing";

export interface ChainBreak {
  /** Name of the file. */
  file: string;
  /** Counted from 1; 0 for the file as a whole. */
  line: number;
  reason: ChainBreakReason;
  /** One sentence for the user. */
  message: string;
}

export interface ChainReport {
  isWhole: boolean;
  /** The first place at which the chain is broken. */
  broken: ChainBreak | null;
  /** Number of such places. */
  breaks: number;
  files: number;
  rows: number;
  bytes: number;
  /** Number of the first row that is there; those before it were removed by retention. */
  first: number | null;
  last: ChainEnd | null;
  /** What the chain says about its own repairs, oldest first, at most 100. */
  repairs: Extract<ChainRow, { kind: "repaired" | "note_missing" }>[];
  /**
   * Bytes after the last row of a log: one that is being written now, or that a crash has cut off; it was never acknowledged, or
   * `chain.json` would name it. In a copy nothing is being written, so there they are a break.
   */
  unfinishedBytes: number;
}

export interface VerifyOptions {
  disk: Disk;
  /** Absolute path of the log. */
  directory: string;
  signal?: AbortSignal;
  /** A row somebody has noted elsewhere, which must be there. */
  expected?: ChainEnd;
}

const maxLineBytes = 2 * 1024 * 1024;
const maxRepairs = 100;

/**
 * Proves a chain from its files alone, or names the first line at which it is broken. Only reads, so it may run beside the
 * process that writes them.
 */
export async function verifyChain(options: VerifyOptions): Promise<ChainReport> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await new Verifier(options).run();
    } catch (error) {
      // Retention has just removed a file that was listed: what is left is proved.
      if (errorCode(error) !== "ENOENT" || attempt === 3) throw error;
    }
  }
}

/** Proves the rows of a chain in one file, as `copyLog` gives them. Rows at the end are only missed when one is `expected`. */
export function verifyCopy(options: Omit<VerifyOptions, "directory"> & { path: string }): Promise<ChainReport> {
  return new Verifier({ ...options, directory: "" }).runCopy(options.path);
}

class Verifier {
  readonly #options: VerifyOptions;
  /** The files of the chain stand in one, behind each other. */
  #isCopy = false;
  readonly #report: ChainReport = {
    isWhole: true,
    broken: null,
    breaks: 0,
    files: 0,
    rows: 0,
    bytes: 0,
    first: null,
    last: null,
    repairs: [],
    unfinishedBytes: 0,
  };
  /** What the next row must follow; `hash` is `null` after a line that cannot be followed: the break was told. */
  #end: { n: number; hash: string | null } = chainStart;
  /** What was before the first row that is there, until a removal that explains it is found. */
  #before: ChainEnd | null = null;
  #firstFile = "";
  /** Lines of the file that is being read. */
  #lines = 0;
  /** Lowest number of a row. */
  #lowest = Infinity;
  /** Rows that must be there, by number. */
  readonly #wanted = new Map<number, { hash: string; what: string }>();

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  async run(): Promise<ChainReport> {
    const { disk, directory, expected, signal } = this.#options;
    // The note first: the files only grow, so what it names must be found in them.
    const note = await readWhole(disk, join(directory, chainNoteName), 4_096);
    const files = await this.#list(directory);
    const noted = note && readNote(note.bytes.toString("latin1"));
    if (noted) this.#wanted.set(noted.n, { hash: noted.hash, what: `${chainNoteName} knows of` });
    if (expected) this.#wanted.set(expected.n, { hash: expected.hash, what: "was expected:" });
    for (const [index, file] of files.entries()) {
      signal?.throwIfAborted();
      await this.#file(file, index === files.length - 1);
    }
    this.#report.files = files.length;
    this.#judgeStart();
    this.#judgeEnd(basename(files.at(-1)?.path ?? ""));
    if (!noted && this.#report.rows > 0) {
      const message = `${note ? "It is damaged" : "It is gone"}: whether rows at the end are missing cannot be said.`;
      this.#break(chainNoteName, 0, "note_missing", message);
    }
    return this.#report;
  }

  async runCopy(path: string): Promise<ChainReport> {
    const { expected } = this.#options;
    this.#isCopy = true;
    if (expected) this.#wanted.set(expected.n, { hash: expected.hash, what: "was expected:" });
    await this.#file({ number: 0, day: "", path }, false);
    if (this.#lines === 0 && this.#report.breaks === 0)
      this.#break(basename(path), 0, "end_missing", "The file is empty: nothing of a chain is left in it.");
    this.#judgeStart();
    this.#judgeEnd(basename(path));
    return this.#report;
  }

  #judgeEnd(lastFile: string): void {
    for (const [n, { what }] of this.#wanted) {
      const message = `The chain ends with row ${this.#end.n}, but ${what} row ${n}: rows are missing at the end.`;
      const isOlder = this.#report.first !== null && n < this.#report.first;
      if (!isOlder) this.#break(lastFile, this.#lines, "end_missing", message);
    }
  }

  /** Only now it is known whether a removal explains what is not there; it is the first place all the same. */
  #judgeStart(): void {
    if (!this.#before) return;
    const { n } = this.#before;
    const message = startMessage(n, this.#lowest);
    // A single fault behind it is in the very row that would explain it: then that one is the place.
    if (this.#report.breaks !== 1) this.#report.broken = null;
    this.#break(this.#firstFile, 1, "start_missing", message);
  }

  async #list(directory: string): Promise<LogFile[]> {
    try {
      return await listLogFiles(this.#options.disk, directory);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  async #file({ path }: LogFile, isNewest: boolean): Promise<void> {
    const { disk, signal } = this.#options;
    const name = basename(path);
    this.#lines = 0;
    for await (const { lines, unfinished } of linesForward(disk, { path, from: 0, to: Infinity }, maxLineBytes)) {
      signal?.throwIfAborted();
      for (const { bytes } of lines) this.#line(name, bytes);
      if (!unfinished) continue;
      this.#report.bytes += unfinished.bytes.length;
      if (isNewest) this.#report.unfinishedBytes = unfinished.bytes.length;
      else this.#break(name, this.#lines + 1, "not_a_row", "The line is not finished: its end is gone or was changed.");
    }
  }

  #line(file: string, bytes: Buffer): void {
    this.#lines += 1;
    this.#report.rows += 1;
    this.#report.bytes += bytes.length + 1;
    const link = readLink(bytes);
    if (!link) {
      this.#break(file, this.#lines, "not_a_row", "The line is no row of a chain.");
      this.#end = { n: this.#end.n, hash: null };
      return;
    }
    this.#lowest = Math.min(this.#lowest, link.n);
    const isFirst = this.#report.first === null;
    if (isFirst) this.#begin(file, link.n - 1, link.prev);
    const end = this.#end;
    if (!link.isSealed)
      this.#break(file, this.#lines, "changed", `Row ${link.n} is not what its hash was made of: it was changed.`);
    else if (end.hash !== null && (link.n !== end.n + 1 || link.prev !== end.hash))
      this.#break(file, this.#lines, "not_next", orderMessage(link.n, end.n));
    this.#end = { n: link.n, hash: link.isSealed ? link.hash : null };
    this.#report.last = { n: link.n, hash: link.hash };
    if (this.#wanted.size > 0) this.#meet(file, link);
    const isChain = isChainRow(bytes);
    if (isChain) this.#chainRow(file, bytes);
    if (this.#lines === 1 && !isChain)
      this.#break(file, 1, "wrong_file", "The file does not begin as a file of the chain.");
  }

  #begin(file: string, n: number, hash: string): void {
    this.#report.first = n + 1;
    this.#firstFile = file;
    this.#end = { n, hash };
    if (n !== chainStart.n || hash !== chainStart.hash) this.#before = { n, hash };
  }

  #meet(file: string, { n, hash }: ChainEnd): void {
    const wanted = this.#wanted.get(n);
    if (!wanted) return;
    this.#wanted.delete(n);
    if (wanted.hash === hash) return;
    this.#break(file, this.#lines, "changed", `Row ${n} is another one than ${wanted.what} row ${n}.`);
  }

  #chainRow(file: string, bytes: Buffer): void {
    const row = readChainRow(bytes);
    if (this.#isCopy) this.#report.files += row?.kind === "begin" ? 1 : 0;
    else if (row?.kind === "begin" && (row.file !== file || this.#lines !== 1))
      this.#break(file, this.#lines, "wrong_file", `The rows from here on were written to ${row.file}.`);
    if (this.#lines === 1 && row?.kind !== "begin")
      this.#break(file, 1, "wrong_file", "The file does not begin as a file of the chain.");
    const before = this.#before;
    if (row?.kind === "pruned" && row.files.some(({ n, hash }) => n === before?.n && hash === before.hash))
      this.#before = null;
    if ((row?.kind === "repaired" || row?.kind === "note_missing") && this.#report.repairs.length < maxRepairs)
      this.#report.repairs.push(row);
  }

  #break(file: string, line: number, reason: ChainBreakReason, message: string): void {
    this.#report.isWhole = false;
    this.#report.breaks += 1;
    this.#report.broken ??= { file, line, reason, message };
  }
}

function startMessage(before: number, lowest: number): string {
  if (before === 0) return "The first row follows none.";
  if (lowest <= before) return `Row ${before + 1} stands first, and row ${lowest} behind it: the order was changed.`;
  return `${before === 1 ? "Row 1 is" : `Rows 1 to ${before} are`} gone, and not by retention.`;
}

function orderMessage(n: number, last: number): string {
  if (n > last + 1) return n === last + 2 ? `Row ${last + 1} is missing.` : `Rows ${last + 1} to ${n - 1} are missing.`;
  if (n === last + 1) return `Row ${n} does not follow the row before it.`;
  return `Row ${n} comes after row ${last}: a row was added, or the order was changed.`;
}
