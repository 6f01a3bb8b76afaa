import { randomBytes } from "node:crypto";
import { constants, mkdirSync } from "node:fs";
import { lstat, open, readdir, readlink, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { errorCode } from "../../lib/durable-file.ts";
import { gitOwnText, isGitOwn } from "../../lib/guarded-paths.ts";
import { userFileMode, withUserUmask } from "../../lib/processes/user-umask.ts";
import { closedText, noOwnFolders, type OwnFolders } from "../../lib/own-folders.ts";
import { isInside } from "./permission-policy.ts";

const largestFile = 8 * 1024 * 1024;
const skippedFolders = new Set([".git", "node_modules"]);
const mostVisited = 20_000;

/** The files of one folder but those of PortOS itself, and nothing else: every path is judged after links are followed. */
export interface Workspace {
  readonly folder: string;
  /** Absolute path within the folder, links resolved; the last part need not exist. Throws `forbidden`. */
  locate(path: string): Promise<string>;
  /** Absolute path of any place, links resolved. Throws `forbidden` when it cannot be told. */
  place(path: string): Promise<string>;
  /** Text of a file. Throws `not_found`, `too_large`, `unsupported_media_type` for what is no text. */
  read(path: string): Promise<string>;
  /** Throws `forbidden` for what is never written, whoever allows it: the folder itself, what is outside, what belongs to git. */
  checkWrite(path: string): Promise<void>;
  /** Replaces or makes a file that `checkWrite` lets pass; returns its former text, `null` when it is new. */
  write(path: string, text: string): Promise<string | null>;
  /** Names in a folder, folders with a slash at the end. */
  list(path: string): Promise<string[]>;
  /** Lines that contain a text, as "path:line: text", at most `limit`. */
  search(text: string, path: string, limit: number, signal: AbortSignal): Promise<string[]>;
}

/** Opens a folder as a workspace. Throws `not_found`. */
export async function openWorkspace(folder: string, own: OwnFolders = noOwnFolders): Promise<Workspace> {
  const root = await realpath(folder).catch(() => {
    throw new AppError("not_found", `There is no folder ${folder}`);
  });
  const isClosed = await own.closedTo(root);

  async function place(path: string): Promise<string> {
    if (path.includes("\0")) throw outside(path);
    return realOf(resolve(root, path));
  }

  /** Throws `forbidden` for a place that is not to be reached, named as it was asked for. */
  function check(real: string, path: string): void {
    if (isClosed(real)) throw new AppError("forbidden", closedText(path));
    if (!isInside(root, real)) throw outside(path);
  }

  async function locate(path: string): Promise<string> {
    const real = await place(path);
    check(real, path);
    return real;
  }

  async function locateToWrite(path: string): Promise<string> {
    const file = await locate(path);
    if (file === root) throw outside(path);
    if (isGitOwn(root, file) || isGitOwn(root, path)) throw new AppError("forbidden", gitOwnText(path));
    return file;
  }

  async function read(path: string): Promise<string> {
    const file = await locate(path);
    const text = await readText(check, file);
    if (text === null) throw new AppError("not_found", `There is no file ${path}`);
    return text;
  }

  return {
    folder: root,
    locate,
    place,
    read,
    async checkWrite(path) {
      await locateToWrite(path);
    },
    async write(path, text) {
      const file = await locateToWrite(path);
      const before = await readText(check, file);
      withUserUmask(() => mkdirSync(dirname(file), { recursive: true }));
      await replaceIn(check, file, text);
      return before;
    },
    async list(path) {
      const entries = await readdir(await locate(path), { withFileTypes: true });
      return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).toSorted();
    },
    async search(text, path, limit, signal) {
      const found: string[] = [];
      for await (const file of filesUnder(await locate(path), isClosed, signal)) {
        const content = await readText(check, file).catch(() => null); // no text, or too large
        for (const [at, line] of (content ?? "").split("\n").entries()) {
          if (!line.includes(text)) continue;
          found.push(`${relative(root, file)}:${at + 1}: ${line.trim().slice(0, 300)}`);
          if (found.length === limit) return found;
        }
      }
      return found;
    },
  };
}

/** Where a path leads once links are followed; parts that do not exist yet are taken as they are. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw new AppError("forbidden", `${path} cannot be reached`, { cause: error });
  }
  // A link that leads nowhere yet would be followed by whoever writes to it.
  const state = await lstat(path).catch(() => null);
  if (state?.isSymbolicLink() === true) throw outside(path);
  const parent = dirname(path);
  return parent === path ? path : join(await realOf(parent), basename(path));
}

/**
 * Where an open file or folder really is: its path may have led elsewhere when it was opened, because an agent has put a link
 * into it behind our check. Only Linux tells; elsewhere the path has to do.
 */
async function placeOf({ fd }: FileHandle, path: string): Promise<string> {
  return readlink(`/proc/self/fd/${fd}`).catch(() => realOf(path));
}

/** Throws for a real place that is not to be reached. */
type Check = (real: string, path: string) => void;

async function readText(check: Check, file: string): Promise<string | null> {
  let handle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new AppError("forbidden", `${basename(file)} cannot be read`, { cause: error });
  }
  try {
    check(await placeOf(handle, file), basename(file));
    const state = await handle.stat();
    if (!state.isFile()) throw new AppError("unsupported_media_type", `${basename(file)} is no file`);
    if (state.size > largestFile) throw new AppError("too_large", `${basename(file)} is larger than 8 MiB`);
    const bytes = await handle.readFile();
    if (bytes.includes(0)) throw new AppError("unsupported_media_type", `${basename(file)} is no text`);
    return bytes.toString("utf8");
  } finally {
    await handle.close();
  }
}

/** Whole or not at all, in the folder that is there now and in no other that takes its place meanwhile; a file keeps its mode. */
async function replaceIn(check: Check, file: string, text: string): Promise<void> {
  const folder = await open(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(
    (error: unknown) => {
      throw new AppError("forbidden", `${basename(file)} cannot be written`, { cause: error });
    },
  );
  try {
    check(await placeOf(folder, dirname(file)), basename(file));
    const held = `/proc/self/fd/${folder.fd}`;
    const isHeld = (await stat(held).catch(() => null)) !== null;
    await replace(join(isHeld ? held : dirname(file), basename(file)), text);
  } finally {
    await folder.close();
  }
}

async function replace(file: string, text: string): Promise<void> {
  const state = await lstat(file).catch(() => null);
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  const handle = await open(temporary, "wx", 0o600);
  try {
    try {
      await handle.writeFile(text);
      await handle.chmod(state ? state.mode & 0o777 : userFileMode());
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function* filesUnder(
  start: string,
  isClosed: (path: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const left = [start];
  let visited = 0;
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    signal.throwIfAborted();
    visited += 1;
    if (visited > mostVisited) return;
    if (isClosed(path)) continue;
    const state = await lstat(path).catch(() => null);
    if (state?.isFile() === true) yield path;
    if (state?.isDirectory() !== true) continue;
    const entries = await readdir(path).catch(() => []);
    for (const name of entries.toSorted((one, other) => other.localeCompare(one)))
      if (!skippedFolders.has(name)) left.push(join(path, name));
  }
}

function outside(path: string): AppError {
  return new AppError("forbidden", `${path} is outside the folder of this run`);
}
