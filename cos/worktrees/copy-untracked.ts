import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";

import { errorCode } from "../../lib/durable-file.ts";
import { openRegularFile } from "../../lib/regular-file.ts";

const mostFiles = 5_000;
const mostBytes = 1024 * 1024 * 1024;

export interface CopiedFile {
  /** Relative to the folder it was copied to. */
  path: string;
  hash: string;
  /** Changes with every change of the file; as long as it is the same, the hash is. */
  stamp: string;
}

export interface CopyOutcome {
  files: CopiedFile[];
  /** What was not copied and why, one sentence each. */
  problems: string[];
}

/**
 * Copies files and folders from one folder to the same place in another, modes kept. Nothing is read or written through a link that
 * leads out of its folder, and nothing that is there is replaced.
 */
export async function copyUntracked(from: string, to: string, names: readonly string[]): Promise<CopyOutcome> {
  const [source, target] = await Promise.all([realpath(from), realpath(to)]);
  const outcome: CopyOutcome = { files: [], problems: [] };
  const left = { files: mostFiles, bytes: mostBytes };

  async function copyOne(path: string): Promise<void> {
    const wanted = join(source, path);
    const state = await lstat(wanted);
    const real = await realpath(wanted);
    if (!isWithin(source, real)) throw new NotCopied("leads out of the folder");
    const kind = state.isSymbolicLink() ? await lstat(real) : state;
    if (kind.isDirectory()) {
      if (state.isSymbolicLink()) throw new NotCopied("is a link to a folder");
      for (const name of await readdir(real)) await attempt(join(path, name));
      return;
    }
    if (!kind.isFile()) throw new NotCopied("is no file");
    left.files -= 1;
    left.bytes -= kind.size;
    if (left.files < 0) throw new NotCopied(`is one file too many: at most ${mostFiles} are copied`);
    if (left.bytes < 0) throw new NotCopied("does not fit any more: at most 1 GiB is copied");
    const place = join(target, path);
    await makeFoldersWithin(target, dirname(place));
    await copyFile(real, place, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(place, kind.mode & 0o777);
    outcome.files.push({ path: relative(target, place), hash: await hashOf(place), stamp: await stampOf(place) });
  }

  async function attempt(path: string): Promise<void> {
    try {
      await copyOne(path);
    } catch (error) {
      outcome.problems.push(`${path} was not copied: it ${reason(error)}.`);
    }
  }

  for (const name of names) await attempt(name);
  return outcome;
}

class NotCopied extends Error {}

function reason(error: unknown): string {
  if (error instanceof NotCopied) return error.message;
  const code = errorCode(error);
  if (code === "ENOENT") return "is not there";
  if (code === "EEXIST") return "is in the worktree already";
  return `cannot be copied (${code ?? String(error)})`;
}

/** Makes folders one by one, none of them behind a link that leads out. */
async function makeFoldersWithin(root: string, folder: string): Promise<void> {
  const parts = relative(root, folder)
    .split(sep)
    .filter((part) => part !== "");
  let place = root;
  for (const part of parts) {
    place = join(place, part);
    await mkdir(place).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
    if (!isWithin(root, await realpath(place))) throw new NotCopied("would lie behind a link that leads out");
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Size of a file, and when it was changed last by the clock nobody can set back for it. */
export async function stampOf(file: string): Promise<string> {
  const { size, ctimeNs } = await lstat(file, { bigint: true });
  return `${size}:${ctimeNs}`;
}

/** SHA-256 of a file. Throws `conflict` for what is none, as a link or a pipe an agent has put in its place. */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  const handle = await openRegularFile(file);
  await pipeline(handle.createReadStream(), hash); // closes it
  return hash.digest("hex");
}
