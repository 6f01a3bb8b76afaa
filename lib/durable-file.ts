import { fstatSync, writeSync } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";

import { AppError } from "./app-error.ts";

/** The file system calls a store uses; passed in so that a test can let one of them fail. */
export type Disk = Pick<typeof fs, "copyFile" | "link" | "mkdir" | "open" | "readdir" | "rename" | "rm" | "stat"> & {
  /**
   * Writes a little into an open file at once, at its end or at a position: the system takes it in less time than another
   * thread would need to be told.
   */
  writeNow(handle: fs.FileHandle, bytes: Uint8Array, position?: number): void | Promise<void>;
  /** Whether an open file still has a name; asked at once, for the same reason. */
  isNamed(handle: fs.FileHandle): boolean | Promise<boolean>;
};

/** The machine's file system. */
export const systemDisk: Disk = {
  ...fs,
  writeNow({ fd }, bytes, position) {
    for (let written = 0; written < bytes.length;)
      written += writeSync(fd, bytes, written, null, position === undefined ? null : position + written);
  },
  isNamed: ({ fd }) => fstatSync(fd).nlink > 0,
};

/** What tells one state of a file from another without reading it. */
export interface FileIdentity {
  readonly inode: bigint;
  readonly size: bigint;
  readonly modifiedNs: bigint;
}

/** The `code` of a system error ("ENOENT"), `undefined` for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The identity of a file, `null` when there is none. */
export async function identify(disk: Disk, file: string): Promise<FileIdentity | null> {
  try {
    return toIdentity(await disk.stat(file, { bigint: true }));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Whether two identities mean the same, untouched file. */
export function isSameFile(one: FileIdentity | null, other: FileIdentity | null): boolean {
  if (one === null || other === null) return one === other;
  return one.inode === other.inode && one.size === other.size && one.modifiedNs === other.modifiedNs;
}

/** Content and identity of a file at one moment, `null` when there is none. Throws `too_large` above `maxBytes`. */
export async function readWhole(
  disk: Disk,
  file: string,
  maxBytes: number,
): Promise<{ bytes: Buffer; identity: FileIdentity } | null> {
  for (let attempt = 1; ; attempt += 1) {
    let handle: fs.FileHandle;
    try {
      handle = await disk.open(file, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
    try {
      const before = toIdentity(await handle.stat({ bigint: true }));
      if (before.size > BigInt(maxBytes)) throw new AppError("too_large", `${file} is larger than ${maxBytes} bytes.`);
      const bytes = await handle.readFile();
      const after = toIdentity(await handle.stat({ bigint: true }));
      if (isSameFile(before, after) || attempt === 5) return { bytes, identity: after };
    } finally {
      await handle.close();
    }
  }
}

export interface ReplaceOptions {
  /** `<file>.tmp` by default; must be different for each of several writers. */
  temporary?: string;
  /** Stops the replacement by throwing. */
  beforeRename?: () => Promise<void>;
}

/**
 * Replaces a file so that after a crash it holds either the old or the new content, and the new one once this resolves:
 * temporary file (mode 0600) → fsync → rename → fsync of the folder. Throws `disk_full` or `unavailable`; the old
 * content is then still in place.
 */
export async function replaceFile(
  disk: Disk,
  file: string,
  content: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<FileIdentity> {
  const { temporary = `${file}.tmp`, beforeRename } = options;
  try {
    const identity = await writeNew(disk, temporary, content);
    await beforeRename?.();
    await disk.rename(temporary, file);
    await syncFolder(disk, dirname(file));
    return identity;
  } catch (error) {
    await removeQuietly(disk, temporary);
    throw diskError(error, file);
  }
}

/** Makes names created, renamed or removed in a folder durable. */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  const handle = await disk.open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== "EINVAL") throw error; // some network file systems have no fsync for folders
  } finally {
    await handle.close();
  }
}

/** Makes a folder (mode 0700) and those above it that are missing, all of them durable. */
export async function makeFolder(disk: Disk, folder: string): Promise<void> {
  const first = await disk.mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(disk, dirname(made));
}

/** Gives a file a second name that is not taken yet (`<name>`, `<name>-2`, …) without touching it; returns that name. */
export async function keepAs(disk: Disk, file: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const target = number === 1 ? name : `${name}-${number}`;
    try {
      await linkOrCopy(disk, file, target);
      await syncFolder(disk, dirname(file));
      return target;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw diskError(error, target);
    }
  }
}

/** Makes `target` another name of a file, replacing what had that name. */
export async function replaceLink(disk: Disk, file: string, target: string): Promise<void> {
  const next = `${target}.tmp`;
  try {
    await linkOrCopy(disk, file, next);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    await disk.rm(next, { force: true });
    await linkOrCopy(disk, file, next);
  }
  await disk.rename(next, target);
}

/** A hard link where the file system has them, else a copy. Fails with EEXIST when the name is taken. */
async function linkOrCopy(disk: Disk, file: string, target: string): Promise<void> {
  try {
    await disk.link(file, target);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes(errorCode(error) ?? "")) throw error;
    await disk.copyFile(file, target, fs.constants.COPYFILE_EXCL);
  }
}

/** What the user is told when the disk refuses a write; anything that is no system error passes unchanged. */
export function diskError(error: unknown, file: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = errorCode(error);
  if (error instanceof AppError || code === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new AppError("disk_full", `The disk is full: ${file} was not changed.`, {
      cause: error,
      hint: "Free some space and try again.",
    });
  return new AppError("unavailable", `${file} could not be written (${code}); it was not changed.`, {
    cause: error,
    hint: "Check that the folder exists and that the user PortOS runs as may write it.",
  });
}

async function writeNew(disk: Disk, file: string, content: string | Uint8Array): Promise<FileIdentity> {
  const handle = await openNew(disk, file);
  try {
    await handle.writeFile(content);
    await handle.sync();
    return toIdentity(await handle.stat({ bigint: true }));
  } finally {
    await handle.close();
  }
}

/** Never follows or reuses what is there: a left-over of a crash is removed first. */
async function openNew(disk: Disk, file: string): Promise<fs.FileHandle> {
  try {
    return await disk.open(file, "wx", 0o600);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    await disk.rm(file, { force: true });
    return disk.open(file, "wx", 0o600);
  }
}

async function removeQuietly(disk: Disk, file: string): Promise<void> {
  try {
    await disk.rm(file, { force: true });
  } catch (error) {
    if (errorCode(error) === undefined) throw error; // the next write removes it
  }
}

function toIdentity(stat: { ino: bigint; size: bigint; mtimeNs: bigint }): FileIdentity {
  return { inode: stat.ino, size: stat.size, modifiedNs: stat.mtimeNs };
}
