import type { FileHandle } from "node:fs/promises";

import type { Position } from "./cursor.ts";
import type { GzSpool } from "./gz-spool.ts";
import { checkAt, fileIdOf, openForReading, type LogFile } from "./log-file.ts";

/** A log file opened for reading; a compressed one is read from its unpacked copy. */
export interface OpenLog {
  file: LogFile;
  handle: FileHandle;
  /** Readable bytes when it was opened. */
  sizeBytes: number;
  close(): Promise<void>;
}

/** Opens a log file, or answers `null` when it has gone or has been replaced since it was listed. */
export async function openLog(file: LogFile, spool: GzSpool): Promise<OpenLog | null> {
  const handle = await openForReading(file.isCompressed ? await spool.unpack(file) : file.path);
  if (!handle) return null;
  const stats = await handle.stat({ bigint: true });
  const isReplaced = !file.isCompressed && !file.isRotated && fileIdOf(stats) !== file.id;
  if (!stats.isFile() || isReplaced) {
    await handle.close();
    return null;
  }
  return { file, handle, sizeBytes: Number(stats.size), close: () => handle.close() };
}

/**
 * Finds the file a place belongs to: the file of that id if the bytes before the place are what they were, else any
 * file where they are (the log was copied and truncated, or its id changed). -1 when the place is lost.
 */
export async function locate(files: LogFile[], place: Omit<Position, "stream">, spool: GzSpool): Promise<number> {
  const named = files.findIndex(({ id }) => id === place.file);
  const others = files.flatMap((_, index) => (index === named ? [] : [index]));
  for (const index of named < 0 ? others : [named, ...others]) {
    const file = files[index];
    if (index === named && (place.offset === 0 || (place.check === "" && file?.isCompressed))) return index;
    // Without bytes before it every place looks the same: only the id can tell.
    if (!file || place.offset === 0 || (place.check === "" && index !== named)) continue;
    if (await isThere(file, place, spool)) return index;
  }
  return -1;
}

async function isThere(file: LogFile, place: Omit<Position, "stream">, spool: GzSpool): Promise<boolean> {
  if (!file.isCompressed && file.sizeBytes < place.offset) return false;
  const log = await openLog(file, spool);
  if (!log) return false;
  try {
    return (
      log.sizeBytes >= place.offset && (place.check === "" || (await checkAt(log.handle, place.offset)) === place.check)
    );
  } finally {
    await log.close();
  }
}
