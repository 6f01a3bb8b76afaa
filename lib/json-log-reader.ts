import { AppError } from "./app-error.ts";
import { errorCode, type Disk } from "./durable-file.ts";
import { isChainRow, readLink, type ChainLink } from "./json-log-chain.ts";
import { linesBackwards, linesForward, type FilePart, type LogFile, type LogLine } from "./json-log-files.ts";
import { mayHold, type IndexEntry, type IndexQuery, type LogIndex } from "./json-log-index.ts";

const maxLimit = 1_000;
const defaultMaxScan = 10_000;
const cursorPattern = /^(\d{1,12}):(\d{1,15})$/;

/** A row as it is read back; `rowId` is stable, unique in its log and serves as a cursor. */
export type LogRow<T> = T & {
  rowId: string;
  /** Its place in the chain, in a log that is one. */
  link?: ChainLink;
};

export interface LogQuery<T> {
  /** Only rows appended before the one with this `rowId`. */
  before?: string;
  /** Most rows of the page, 1 to 1 000. */
  limit: number;
  match?: (entry: T) => boolean;
  /** Most rows looked at for one page; 10 000 by default. */
  maxScan?: number;
  /** Leaves out blocks of rows by the index of the log; rows of the others are still to be matched. */
  where?: IndexQuery;
  /** Texts that must all stand in the row's JSON; cheaper than `match`, which is asked after it. */
  contains?: readonly string[];
  /** Stands in the row's JSON in whatever case, ASCII without quotes and backslashes; as cheap, and not enough by itself either. */
  mentions?: string;
}

export interface LogPage<T> {
  /** Newest first. May be shorter than `limit` while `next` is set: then `maxScan` rows were looked at. */
  items: LogRow<T>[];
  /** Pass it as `before` for older rows; `null` when there are none. */
  next: string | null;
  /** Rows that were looked at for it. */
  scanned: number;
}

/** What the index of a log has counted and added up. */
export interface LogTally {
  rows: number;
  terms: Map<string, number>;
  sums: Map<string, number>;
}

type SizedFile = LogFile & { size: number };

export interface LogReaderOptions<T> {
  disk: Disk;
  maxLineBytes: number;
  /** Oldest first, with the bytes that may be read. */
  files: () => Promise<SizedFile[]>;
  /** `null` for a line that is no entry; the user has been told. */
  parse: (line: Buffer, file: LogFile) => T | null;
  index: LogIndex | null;
  toIndex: ((entry: T) => IndexEntry) | null;
  isChain: boolean;
}

/** The reading side of a log. */
export class LogReader<T> {
  readonly #options: LogReaderOptions<T>;

  constructor(options: LogReaderOptions<T>) {
    this.#options = options;
  }

  async page(query: LogQuery<T>): Promise<LogPage<T>> {
    const { match = () => true, maxScan = defaultMaxScan, contains = [] } = query;
    const wanted = contains.map((text) => Buffer.from(text));
    const mentioned = query.mentions?.toLowerCase() ?? "";
    const mayFit = ({ bytes }: LogLine): boolean =>
      wanted.every((text) => bytes.includes(text)) &&
      (mentioned === "" || bytes.toString("latin1").toLowerCase().includes(mentioned));
    const limit = Math.max(1, Math.min(maxLimit, Math.floor(query.limit)));
    const items: LogRow<T>[] = [];
    let scanned = 0;
    for await (const { file, lines, isOldestFile } of this.#linesBefore(query.before, query.where)) {
      for (const line of lines) {
        if (this.#options.isChain && isChainRow(line.bytes)) continue;
        scanned += 1;
        const rowId = `${file.number}:${line.offset}`;
        const row = mayFit(line) ? this.#row(line, file) : null;
        if (row !== null && match(row)) items.push(row);
        const isLast = isOldestFile && line.offset === 0;
        if (items.length === limit || scanned >= maxScan) return { items, next: isLast ? null : rowId, scanned };
      }
    }
    return { items, next: null, scanned };
  }

  /** The row with this id, `null` when it is not there any more. */
  async read(rowId: string): Promise<LogRow<T> | null> {
    const { number, offset } = readCursor(rowId);
    const file = (await this.#options.files()).find((one) => one.number === number);
    if (!file) return null;
    const { disk, maxLineBytes } = this.#options;
    try {
      for await (const { lines } of linesForward(disk, toPart(file, offset), maxLineBytes, 16 * 1024)) {
        const [line] = lines;
        if (line) return this.#row(line, file);
      }
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    return null;
  }

  /** Every row there is now, oldest first. */
  async *entries(): AsyncGenerator<LogRow<T>> {
    const { disk, maxLineBytes, isChain } = this.#options;
    for (const file of await this.#options.files())
      for await (const { lines } of linesForward(disk, toPart(file, 0), maxLineBytes))
        for (const line of lines) {
          const row = isChain && isChainRow(line.bytes) ? null : this.#row(line, file);
          if (row) yield row;
        }
  }

  /** What the index counts between two times, both included; only blocks that lie across one of them are read. */
  async tally({ from = "", to = "~" }: { from?: string; to?: string }): Promise<LogTally> {
    const { index, toIndex } = this.#options;
    const tally: LogTally = { rows: 0, terms: new Map(), sums: new Map() };
    if (!index || !toIndex) return tally;
    for (const file of await this.#options.files())
      for (const block of await index.blocks(file, await this.#sizeOf(file))) {
        if (!mayHold(block, { from, to })) continue;
        if (block.first >= from && block.last <= to) {
          addTo(tally, block.rows, block.terms, block.sums);
          continue;
        }
        for await (const row of this.#rowsOf({ path: file.path, from: block.from, to: block.to }, file)) {
          const { at, terms, sums } = toIndex(row);
          if (at >= from && at <= to)
            addTo(
              tally,
              1,
              terms.map((term) => [term, 1]),
              Object.entries(sums),
            );
        }
      }
    return tally;
  }

  async *#rowsOf(part: FilePart, file: LogFile): AsyncGenerator<LogRow<T>> {
    const { disk, maxLineBytes, isChain } = this.#options;
    for await (const { lines } of linesForward(disk, part, maxLineBytes))
      for (const line of lines) {
        const row = isChain && isChainRow(line.bytes) ? null : this.#row(line, file);
        if (row) yield row;
      }
  }

  #row(line: LogLine, file: LogFile): LogRow<T> | null {
    const entry = this.#options.parse(line.bytes, file);
    if (entry === null) return null;
    const rowId = `${file.number}:${line.offset}`;
    const link = this.#options.isChain ? readLink(line.bytes) : null;
    return link ? { ...entry, rowId, link } : { ...entry, rowId };
  }

  async *#linesBefore(
    before: string | undefined,
    where: IndexQuery | undefined,
  ): AsyncGenerator<{ file: LogFile; lines: LogLine[]; isOldestFile: boolean }> {
    const { disk, maxLineBytes } = this.#options;
    const cursor = before === undefined ? null : readCursor(before);
    const files = (await this.#options.files()).filter((file) => file.number <= (cursor?.number ?? Infinity));
    for (const [at, file] of files.toReversed().entries()) {
      const end = file.number === cursor?.number ? Math.min(cursor.offset, file.size) : file.size;
      const isOldestFile = at === files.length - 1;
      for (const part of await this.#parts(file, end, where))
        for await (const lines of linesBackwards(disk, part, maxLineBytes)) yield { file, lines, isOldestFile };
    }
  }

  /** The parts of a file before `end` that are worth reading, last first. */
  async #parts(file: SizedFile, end: number, where: IndexQuery | undefined): Promise<FilePart[]> {
    const { index } = this.#options;
    const { path } = file;
    if (!where || !index) return [{ path, from: 0, to: end }];
    const parts: { path: string; from: number; to: number }[] = [];
    for (const block of await index.blocks(file, await this.#sizeOf(file))) {
      if (block.from >= end || !mayHold(block, where)) continue;
      const last = parts.at(-1);
      const to = Math.min(block.to, end);
      if (last?.to === block.from) last.to = to;
      else parts.push({ path, from: block.from, to });
    }
    return parts.toReversed();
  }

  async #sizeOf(file: SizedFile): Promise<number> {
    if (file.size !== Infinity) return file.size;
    try {
      return (await this.#options.disk.stat(file.path)).size;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return 0;
      throw error;
    }
  }
}

/** Number and offset of a row id. Throws `invalid_request`. */
export function readCursor(rowId: string): { number: number; offset: number } {
  const [, number, offset] = cursorPattern.exec(rowId) ?? [];
  if (number === undefined)
    throw new AppError("invalid_request", "The page cursor is not valid.", {
      hint: "Start again with the first page.",
    });
  return { number: Number(number), offset: Number(offset) };
}

function toPart({ path, size }: SizedFile, from: number): FilePart {
  return { path, from, to: size };
}

function addTo(
  tally: LogTally,
  rows: number,
  terms: Iterable<readonly [string, number]>,
  sums: Iterable<readonly [string, number]>,
): void {
  tally.rows += rows;
  for (const [term, count] of terms) tally.terms.set(term, (tally.terms.get(term) ?? 0) + count);
  for (const [name, value] of sums) tally.sums.set(name, (tally.sums.get(name) ?? 0) + value);
}
