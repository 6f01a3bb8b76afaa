import { rm } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../app-error.ts";
import { errorCode, replaceFile, systemDisk } from "../durable-file.ts";
import { foldersAbove } from "../folders-above.ts";
import { readRegularFile } from "../regular-file.ts";
import { git, runGit, type GitPlace } from "./git-command.ts";

/**
 * What the set-up command of a worktree has left in it, as `git diff-tree --raw -z` tells it. It lies in the git directory of the
 * worktree: it is there for whoever reads the work, and goes with the worktree.
 */
const listName = "portos-set-up";
const maxListBytes = 64 * 1024 * 1024;
const timeoutMs = 120_000;

/** Names of files, one character per byte, with what git says of the change. */
type RawChanges = Map<string, string>;

function rawChanges(text: string): RawChanges {
  const parts = text.split("\0");
  const changes: RawChanges = new Map();
  for (let at = 0; at + 1 < parts.length; at += 2) changes.set(parts[at + 1] ?? "", parts[at] ?? "");
  return changes;
}

const raw = (path: string): string => Buffer.from(path, "utf8").toString("latin1");
const readable = (path: string): string => Buffer.from(path, "latin1").toString("utf8");

/** ":100644 000000 <id> <id> D" */
function sides(info: string): { oldMode: string; newMode: string; oldId: string } {
  const [oldMode = "", newMode = "", oldId = ""] = info.slice(1).split(" ");
  return { oldMode, newMode, oldId };
}

const isNone = (mode: string): boolean => mode === "000000";

/**
 * Notes that all by which `tree` differs from HEAD is no work: as long as it is as it is now. Resolves with how many files that are;
 * with more than `most` nothing is noted.
 */
export async function noteNoWork(
  place: Exclude<GitPlace, string>,
  tree: string,
  most: number,
): Promise<{ files: number; isNoted: boolean }> {
  const args = ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", "HEAD", tree];
  const text = await git(place, args, { encoding: "latin1", timeoutMs, maxBytes: maxListBytes });
  const files = rawChanges(text).size;
  const list = join(place.gitDir, listName);
  const isNoted = files <= most;
  if (files > 0 && isNoted) await replaceFile(systemDisk, list, text);
  else await rm(list, { force: true });
  return { files, isNoted };
}

/** What was noted; nothing in a folder that is no worktree, or when whoever works there has put something else in its place. */
async function noted(place: GitPlace): Promise<RawChanges> {
  if (typeof place === "string") return new Map();
  try {
    return rawChanges(await readRegularFile(join(place.gitDir, listName), maxListBytes));
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof AppError) return new Map();
    throw error;
  }
}

/**
 * Takes out of an index what is no work: `copied` files HEAD does not have, and what the set-up command has left and nobody has
 * changed or committed since. Each becomes what it is in HEAD.
 */
export async function leaveOut(
  place: GitPlace,
  index: string,
  { head = "HEAD", copied }: { head?: string; copied: readonly string[] },
): Promise<void> {
  const known = await noted(place);
  if (known.size === 0 && copied.length === 0) return;
  const env = { GIT_INDEX_FILE: index };
  const copies = new Set(copied.map(raw));
  const args = ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", head];
  const text = await git(place, args, { env, encoding: "latin1", timeoutMs, maxBytes: maxListBytes });
  const changes = [...rawChanges(text)];
  const isOut = ([path, info]: [string, string]): boolean =>
    known.get(path) === info || (copies.has(path) && isNone(sides(info).oldMode));
  const work = changes.filter((change) => !isOut(change) && !isNone(sides(change[1]).newMode)).map(([path]) => path);
  const [files, folders] = [new Set(work), new Set(work.flatMap(foldersAbove))];
  /** What comes back replaces no work: neither a folder that has some, nor a file that stands for its folder. */
  const isFree = (path: string): boolean =>
    !folders.has(path) && !foldersAbove(path).some((folder) => files.has(folder));
  const lines = changes.filter(isOut).flatMap(([path, info]) => {
    const { oldMode, oldId } = sides(info);
    return isNone(oldMode) || isFree(path) ? [`${oldMode} ${oldId}\t${path}\0`] : [];
  });
  if (lines.length === 0) return;
  const input = Buffer.from(lines.join(""), "latin1");
  await git(place, ["update-index", "-z", "--index-info"], { env, input, timeoutMs });
}

/**
 * Whether `names`, all that differs from HEAD, are nothing but what the set-up command has left, as it has left it. `index` is a file
 * of ours that is made for it.
 */
export async function isNoWork(place: GitPlace, index: string, names: readonly string[]): Promise<boolean> {
  const known = await noted(place);
  const read = new Set([...known.keys()].map(readable));
  if (names.length === 0 || names.some((name) => !read.has(name.replace(/\/$/, "")))) return names.length === 0;
  const env = { GIT_INDEX_FILE: index };
  await git(place, ["read-tree", "HEAD"], { env, timeoutMs });
  const input = Buffer.from([...known.keys()].map((path) => `${path}\0`).join(""), "latin1");
  const args = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
  if ((await runGit(place, args, { env, input, timeoutMs })).code !== 0) return false; // something else stands there
  await leaveOut(place, index, { copied: [] });
  const tree = (await git(place, ["write-tree"], { env, timeoutMs })).trim();
  return tree === (await git(place, ["rev-parse", "HEAD^{tree}"])).trim();
}
