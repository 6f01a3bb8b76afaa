import { constants } from "node:fs";
import { lstat, open, opendir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";

import { AppError } from "./app-error.ts";

/** Reads inside one folder and nowhere else: links that lead out of it are not followed, sizes and counts are bounded. */
export interface FolderReader {
  /** Absolute, links resolved. */
  readonly root: string;
  /** Text of a regular file, at most `maxBytes` of it; `null` when there is none or it lies elsewhere. */
  readText(path: string, maxBytes?: number): Promise<string | null>;
  /** A whole regular file with the time of its last change; `null` when there is none, it lies elsewhere or is larger. */
  readBytes(path: string, maxBytes: number): Promise<{ bytes: Buffer; changedAtMs: number } | null>;
  /** Real path of a folder. Throws `not_found` when there is none, `forbidden` when a link leads out to it. */
  enter(path: string): Promise<string>;
  /** Names in a folder, files first by name; empty when there is none. Cut after some thousand entries. */
  list(path?: string): Promise<{ name: string; isFolder: boolean }[]>;
}

interface FileStart {
  bytes: Buffer;
  size: number;
  changedAtMs: number;
}

const maxFileBytes = 512 * 1024;
const maxEntries = 5_000;

/** Opens a folder for reading. Throws `not_found` when it is missing, `invalid_request` when it is no folder or not readable. */
export async function openFolder(folder: string): Promise<FolderReader> {
  const root = await resolveFolder(folder);

  async function within(path: string): Promise<string | null> {
    try {
      const real = await realpath(resolve(root, path));
      return real === root || real.startsWith(root === sep ? sep : root + sep) ? real : null;
    } catch {
      return null; // missing, a broken link, or a folder we may not enter: nothing to read
    }
  }

  async function read(path: string, maxBytes: number): Promise<FileStart | null> {
    const real = await within(path);
    if (real === null) return null;
    try {
      const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const facts = await handle.stat();
        if (!facts.isFile()) return null;
        const buffer = Buffer.alloc(Math.min(maxBytes, facts.size));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
        return { bytes: buffer.subarray(0, bytesRead), size: facts.size, changedAtMs: facts.mtimeMs };
      } finally {
        await handle.close();
      }
    } catch {
      return null; // not ours to read
    }
  }

  return {
    root,
    async readText(path, maxBytes = maxFileBytes) {
      const file = await read(path, maxBytes);
      return file === null ? null : file.bytes.toString("utf8").replace(/^\uFEFF/, "");
    },
    async readBytes(path, maxBytes) {
      const file = await read(path, maxBytes);
      return file === null || file.size > maxBytes ? null : file;
    },
    async enter(path) {
      const real = await resolveFolder(resolve(root, path));
      if ((await within(path)) === real) return real;
      throw new AppError("forbidden", `${path} leads out of ${root}, to ${real}`);
    },
    async list(path = ".") {
      const real = await within(path);
      if (real === null) return [];
      const entries: { name: string; isFolder: boolean }[] = [];
      try {
        for await (const entry of await opendir(real)) {
          entries.push({ name: entry.name, isFolder: entry.isDirectory() });
          if (entries.length >= maxEntries) break;
        }
      } catch {
        return []; // not ours to list
      }
      return entries.toSorted((a, b) => Number(a.isFolder) - Number(b.isFolder) || (a.name < b.name ? -1 : 1));
    },
  };
}

/** The real path of a folder the user named. */
export async function resolveFolder(folder: string): Promise<string> {
  if (!isAbsolute(folder)) throw new AppError("invalid_request", "The folder must be an absolute path");
  let real: string;
  try {
    real = await realpath(folder);
  } catch (cause) {
    throw new AppError("not_found", `There is no folder ${folder}`, { hint: "Check the path.", cause });
  }
  const facts = await stat(real);
  if (!facts.isDirectory()) throw new AppError("invalid_request", `${folder} is a file, not a folder`);
  return real;
}

/** Whether `path` is a folder itself, not a link to one. */
export async function isPlainFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    return false; // it went away meanwhile
  }
}

/** `path` relative to `root`, or null when it lies outside. */
export function insideOf(root: string, path: string): string | null {
  const inner = relative(root, join(path));
  return inner === ".." || inner.startsWith(`..${sep}`) || isAbsolute(inner) ? null : inner === "" ? "." : inner;
}
