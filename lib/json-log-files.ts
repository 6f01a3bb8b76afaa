import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "./app-error.ts";
import { errorCode, type Disk } from "./durable-file.ts";

/** One file of a log: the rows of one day. Numbers grow in the order in which files were begun. */
export interface LogFile {
  readonly number: number;
  /** "2026-11-20". */
  readonly day: string;
  readonly path: string;
}

const namePattern = /^(\d{4}-\d{2}-\d{2})\.(\d{1,12})\.jsonl$/;

/** The path of a log's file: the day first, for the reader; the number makes the order independent of the clock. */
export function logFile(directory: string, day: string, number: number): LogFile {
  return { number, day, path: join(directory, `${day}.${number}.jsonl`) };
}

/**
 * The number of a file begun now: the time in seconds, so that days restored from a backup of another folder find their
 * place, but always more than `last`, so that a clock that is set back disorders nothing.
 */
export function nextNumber(nowMs: number, last: number): number {
  return Math.max(last + 1, Math.floor(nowMs / 1_000));
}

/** The files of a log, oldest first; other names are ignored. */
export async function listLogFiles(disk: Disk, directory: string): Promise<LogFile[]> {
  const files = (await disk.readdir(directory)).flatMap((name) => {
    const [, day, number] = namePattern.exec(name) ?? [];
    return day === undefined || number === undefined ? [] : [logFile(directory, day, Number(number))];
  });
  return files.toSorted((one, other) => one.number - other.number);
}

/** Where the index of a log's file lies; it goes with the file. */
export function indexPath(path: string): string {
  return `${path}.index`;
}

/** The files, oldest first, that hold only rows of days before `oldest`, never the newest file. */
function olderFiles(files: readonly LogFile[], oldest: string): LogFile[] {
  const older: LogFile[] = [];
  let latest = files.at(-1)?.day ?? ""; // a file is at most as young as those begun after it
  for (const file of files.slice(0, -1).toReversed()) {
    if (file.day < latest) latest = file.day;
    if (latest < oldest) older.unshift(file);
  }
  return older;
}

/** The files of days that are no longer kept when it is `today`: counted from the newest one, should the clock be ahead of itself. */
export function filesBeyond(files: readonly LogFile[], today: string, keepDays: number): LogFile[] {
  const newest = files.at(-1);
  if (!newest) return [];
  const reference = newest.day < today ? newest.day : today;
  return olderFiles(files, new Date(Date.parse(reference) - keepDays * dayMs).toISOString().slice(0, 10));
}

/** Where a row is. */
export interface RowPlace {
  readonly file: LogFile;
  readonly from: number;
  /** Behind its line end. */
  readonly to: number;
}

/** Where each of several lines is that follow one another from `start` on. */
export function toPlaces({ number, day, path }: LogFile, start: number, lines: readonly Buffer[]): RowPlace[] {
  const file = { number, day, path };
  let to = start;
  return lines.map((line) => {
    const from = to;
    to += line.length;
    return { file, from, to };
  });
}

/** One line and where it starts; rows are found again by that offset, because a log only grows. */
export interface LogLine {
  readonly offset: number;
  readonly bytes: Buffer;
}

const dayMs = 864e5;
const firstChunkBytes = 64 * 1024;
const tailChunkBytes = 64 * 1024;
const largestChunkBytes = 1024 * 1024;
const newline = 0x0a;

/** A part of a file, in bytes; it begins where a line begins. */
export interface FilePart {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The complete lines of a part of a file, last first, a batch for each piece that is read; nothing is read further back
 * than batches are taken. A missing file has none. Lines over `maxLineBytes` are left out.
 */
export async function* linesBackwards(
  disk: Disk,
  { path, from, to }: FilePart,
  maxLineBytes: number,
): AsyncGenerator<LogLine[]> {
  let handle;
  try {
    handle = await disk.open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    let position = Math.min(to, (await handle.stat()).size);
    // A part that was chosen is wanted whole; of a whole file the end may do.
    let chunkBytes = from > 0 ? Math.min(position - from, largestChunkBytes) : firstChunkBytes;
    /** Bytes from `position` on that are not yet given out: the end of a line whose start was not read yet. */
    let rest: Buffer = Buffer.alloc(0);
    let isWhole = false; // until a line end was seen, `rest` is a torn or unfinished line
    while (position > from) {
      const length = Math.min(chunkBytes, position - from);
      const chunk = Buffer.alloc(length);
      const { bytesRead } = await handle.read(chunk, 0, length, position - length);
      if (bytesRead < length) return; // cut off meanwhile
      position -= length;
      const bytes = rest.length === 0 ? chunk : Buffer.concat([chunk, rest]);
      const lines: LogLine[] = [];
      let lineEnd = bytes.length;
      for (let at = chunk.lastIndexOf(newline); at >= 0; at = lineEnd === 0 ? -1 : chunk.lastIndexOf(newline, at - 1)) {
        if (isWhole && lineEnd - at - 1 <= maxLineBytes)
          lines.push({ offset: position + at + 1, bytes: bytes.subarray(at + 1, lineEnd) });
        isWhole = true;
        lineEnd = at;
      }
      rest = bytes.subarray(0, lineEnd);
      if (rest.length > maxLineBytes) {
        rest = Buffer.alloc(0);
        isWhole = false;
      }
      if (position === from && isWhole && rest.length > 0) lines.push({ offset: from, bytes: rest });
      yield lines;
      chunkBytes = Math.min(chunkBytes * 2, largestChunkBytes);
    }
  } finally {
    await handle.close();
  }
}

/**
 * The lines of a part of a file, first first, in batches. The last one, when it has no line end, is `unfinished`; a line
 * over `maxLineBytes` comes as its first bytes. Throws ENOENT for a missing file.
 */
export async function* linesForward(
  disk: Disk,
  { path, from, to }: FilePart,
  maxLineBytes: number,
  chunkBytes = largestChunkBytes,
): AsyncGenerator<{ lines: LogLine[]; unfinished: LogLine | null }> {
  const handle = await disk.open(path, "r");
  try {
    let position = from;
    let rest: LogLine = { offset: from, bytes: Buffer.alloc(0) };
    let isTooLong = false; // what is left of a line that was given out already is skipped
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, to - position));
      const { bytesRead } = chunk.length === 0 ? { bytesRead: 0 } : await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const read = chunk.subarray(0, bytesRead);
      const bytes = rest.bytes.length === 0 ? read : Buffer.concat([rest.bytes, read]);
      const lines: LogLine[] = [];
      let start = 0;
      for (let at = bytes.indexOf(newline, rest.bytes.length); at >= 0; at = bytes.indexOf(newline, start)) {
        if (!isTooLong) lines.push({ offset: rest.offset + start, bytes: bytes.subarray(start, at) });
        isTooLong = false;
        start = at + 1;
      }
      rest = { offset: rest.offset + start, bytes: bytes.subarray(start) };
      if (rest.bytes.length > maxLineBytes) {
        if (!isTooLong) lines.push(rest);
        isTooLong = true;
        rest = { offset: position, bytes: Buffer.alloc(0) };
      }
      yield { lines, unfinished: null };
    }
    yield { lines: [], unfinished: rest.bytes.length > 0 && !isTooLong ? rest : null };
  } finally {
    await handle.close();
  }
}

/** The offset after the last newline, found from the end. */
export async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
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
