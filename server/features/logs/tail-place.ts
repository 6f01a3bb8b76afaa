import type { LogNotice } from "../../../contract/features/logs.ts";
import { formatCursor } from "./cursor.ts";
import { firstLineStart, maxLineBytes } from "./line-splitter.ts";
import { checkBytes, checkOf, readRange, type LogFile } from "./log-file.ts";
import type { OpenLog } from "./open-log.ts";
import { nothingInherited, type Inherited } from "./parse-lines.ts";

/** Where a tail stands in its file, and what the lines above hand on to the next one. */
export interface TailPlace {
  file: LogFile;
  offset: number;
  /** Digest of the bytes before `offset`: tells a file that grew from one that was replaced. */
  check: string;
  inherited: Inherited;
}

/** Bytes read at once: enough for the longest line. */
export const chunkBytes = maxLineBytes;
const maxCountedBytes = 512 * 1024 * 1024;

/** The start of a file. */
export function startOf(file: LogFile): TailPlace {
  return { file, offset: 0, check: checkOf(new Uint8Array()), inherited: nothingInherited };
}

/** Bytes from the place on, or `null` when what is before the place is no longer what it was. */
export async function readFrom(log: OpenLog, place: TailPlace, size: number): Promise<Buffer | null> {
  if (size < place.offset) return null;
  const margin = Math.min(place.offset, checkBytes);
  const bytes = await readRange(log.handle, place.offset - margin, Math.min(size, place.offset + chunkBytes));
  return checkOf(bytes.subarray(0, margin)) === place.check ? bytes.subarray(margin) : null;
}

/** The place after the first `taken` of the bytes that follow it. */
export async function movedBy(log: OpenLog, place: TailPlace, bytes: Buffer, taken: number): Promise<TailPlace> {
  const offset = place.offset + taken;
  const before =
    taken >= checkBytes
      ? bytes.subarray(taken - checkBytes, taken)
      : await readRange(log.handle, Math.max(0, offset - checkBytes), offset);
  return { ...place, offset, check: checkOf(before) };
}

/** Moves a reader that is hopelessly behind near the end, and says what it misses and where that can be read. */
export async function skipAhead(
  stream: string,
  log: OpenLog,
  place: TailPlace,
  size: number,
): Promise<{ place: TailPlace; notice: LogNotice }> {
  const target = size - chunkBytes;
  const near = await readRange(log.handle, target, Math.min(size, target + 2 * maxLineBytes));
  const offset = Math.max(firstLineStart(near, target), target);
  const check = checkOf(await readRange(log.handle, Math.max(0, offset - checkBytes), offset));
  const skippedBytes = offset - place.offset;
  const from = formatCursor([{ stream, file: place.file.id, offset: place.offset, check: place.check }]);
  return {
    place: { file: place.file, offset, check, inherited: nothingInherited },
    notice: {
      stream,
      kind: "skipped",
      skippedBytes,
      skippedLines: skippedBytes > maxCountedBytes ? null : await countLines(log, place.offset, offset),
      ...(from === null ? {} : { from }),
    },
  };
}

async function countLines(log: OpenLog, from: number, to: number): Promise<number> {
  const step = 1024 * 1024;
  let count = 0;
  for (let at = from; at < to; at += step) {
    const bytes = await readRange(log.handle, at, Math.min(to, at + step));
    for (let found = bytes.indexOf(10); found >= 0; found = bytes.indexOf(10, found + 1)) count += 1;
  }
  return count;
}
