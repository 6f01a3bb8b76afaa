import { join } from "node:path";

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

/** One line and where it starts; rows are found again by that offset, because a log only grows. */
export interface LogLine {
  readonly offset: number;
  readonly bytes: Buffer;
}

const firstChunkBytes = 64 * 1024;
const largestChunkBytes = 1024 * 1024;
const newline = 0x0a;

/**
 * The complete lines of a file that lie before `end`, last first, a batch for each piece that is read; nothing is read
 * further back than batches are taken. A missing file has none. Lines over `maxLineBytes` are left out.
 */
export async function* linesBackwards(
  disk: Disk,
  path: string,
  end: number,
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
    let position = Math.min(end, (await handle.stat()).size);
    let chunkBytes = firstChunkBytes;
    /** Bytes from `position` on that are not yet given out: the end of a line whose start was not read yet. */
    let rest: Buffer = Buffer.alloc(0);
    let isWhole = false; // until a line end was seen, `rest` is a torn or unfinished line
    while (position > 0) {
      const length = Math.min(chunkBytes, position);
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
      if (position === 0 && isWhole && rest.length > 0) lines.push({ offset: 0, bytes: rest });
      yield lines;
      chunkBytes = Math.min(chunkBytes * 2, largestChunkBytes);
    }
  } finally {
    await handle.close();
  }
}
