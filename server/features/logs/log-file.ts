import { constants, type BigIntStats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";

/** One file of a log, as found on the disk. */
export interface LogFile {
  path: string;
  name: string;
  /** Outlives renaming: inode and time of birth; compressed files of ours keep the id they had. */
  id: string;
  sizeBytes: number;
  modifiedMs: number;
  isRotated: boolean;
  isCompressed: boolean;
}

/** The id of a file: its inode and its time of birth. */
export function fileIdOf(stats: BigIntStats): string {
  const born = stats.birthtimeNs > 0n ? stats.birthtimeNs / 1_000_000n : 0n;
  return `${stats.ino.toString(36)}-${born.toString(36)}`;
}

/** Facts of a file, or `null` when it is not there or is no regular file. Links are followed. */
export async function statFile(path: string): Promise<BigIntStats | null> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? stats : null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** True for the errors of a file that is not there (any more) or may not be read. */
export function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"].includes(String(code));
}

/** Opens a file whose path has been resolved; a link put in its place meanwhile is refused. `null` when it is gone. */
export async function openForReading(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Reads [from, to) as far as the file reaches. */
export async function readRange(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  let filled = 0;
  while (filled < bytes.length) {
    // A file may be shorter than it was a moment ago: reading goes on until nothing comes.
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Bytes before a place that its check covers. */
export const checkBytes = 32;

/** Digest (32-bit FNV-1a, 8 hex digits) of the last bytes before a place. */
export function checkOf(before: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of before.subarray(Math.max(0, before.length - checkBytes)))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

/** The check of a place in an open file. */
export async function checkAt(handle: FileHandle, offset: number): Promise<string> {
  return checkOf(await readRange(handle, Math.max(0, offset - checkBytes), offset));
}
