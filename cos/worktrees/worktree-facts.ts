import { lstat, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { errorCode } from "../../lib/durable-file.ts";
import type { GitPlace } from "../../lib/processes/git-command.ts";
import {
  gitChanges,
  gitCommit,
  gitContains,
  gitCounts,
  gitIgnored,
  gitWorkTree,
} from "../../lib/processes/git-repository.ts";
import { isNoWork } from "../../lib/processes/no-work.ts";
import { hashOf, stampOf } from "./copy-untracked.ts";
import { isElsewhere, leftCommits } from "./left-commits.ts";
import type { WorktreeFacts, WorktreeRecord } from "./worktree-record.ts";

/** Where git finds a worktree, whatever stands in its folder. */
export function placeOf(record: WorktreeRecord, folder = record.folder): GitPlace | null {
  return record.gitDir === null ? null : { gitDir: record.gitDir, workTree: folder };
}

/** How many names of ignored files are told. */
const toldIgnored = 12;

/** Whether what git keeps of a worktree is not there. A place that cannot be looked at is not gone. */
export async function isCutOff({ gitDir }: WorktreeRecord): Promise<boolean> {
  if (gitDir === null) return false;
  try {
    await lstat(gitDir);
    return false;
  } catch (error) {
    return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
  }
}

/** Everything about a worktree git can tell; all unknown when git cannot. */
export async function lookAt(record: WorktreeRecord, now: () => number): Promise<Omit<WorktreeFacts, "bytes">> {
  const measuredAt = new Date(now()).toISOString();
  const isThere = (await stat(record.folder).catch(() => null))?.isDirectory() === true;
  const seen = { isThere, measuredAt, isDirty: null, isAsDecided: false, isCutOff: await isCutOff(record) };
  const place = placeOf(record);
  if (place === null || (await stat(record.gitDir ?? "").catch(() => null)) === null) {
    const unknown = { isMerged: null, commitsAhead: null, hasCommits: true, isElsewhere: null };
    return { ...seen, ...unknown, changedCopies: [], ignored: [] };
  }
  const commits = await lookAtCommits(record, place);
  if (!isThere) return { ...seen, ...commits, changedCopies: [], ignored: [] };
  const isAsDecided = record.decided !== null && (await isStill(record, place, record.decided));
  return {
    ...seen,
    ...commits,
    isAsDecided,
    isDirty: await hasChanges(record, place),
    changedCopies: await changedCopies(record, record.folder),
    ignored: await ignoredIn(record, place),
  };
}

async function lookAtCommits(record: WorktreeRecord, place: GitPlace) {
  const { repository, branch, baseBranch, baseCommit } = record;
  const ends = await ownCommits(record, place);
  const base = (await gitCommit(repository, baseBranch === null ? "HEAD" : `refs/heads/${baseBranch}`)) ?? baseCommit;
  const head = ends[0] ?? baseCommit;
  if (ends.length === 0) return { isMerged: null, isElsewhere: null, commitsAhead: null, hasCommits: true };
  let isMerged = true;
  let isSafe = true;
  for (const commit of ends) {
    if (await gitContains(repository, base, commit)) continue;
    isMerged = false;
    isSafe &&= await isElsewhere(repository, commit, branch);
  }
  const { ahead } = await gitCounts(repository, base, head);
  return {
    isMerged,
    isElsewhere: isSafe,
    commitsAhead: ahead,
    hasCommits: ends.some((commit) => commit !== baseCommit),
  };
}

/**
 * What the branch of the worktree and its HEAD stand for, because an agent may have left the branch, then what was committed on no
 * branch and left.
 */
export async function ownCommits({ repository, branch }: WorktreeRecord, place: GitPlace): Promise<string[]> {
  const [head, ofBranch] = [await gitCommit(place, "HEAD"), await gitCommit(repository, `refs/heads/${branch}`)];
  const ends = [...new Set([head, ofBranch].filter((commit) => commit !== null))];
  const gitDir = typeof place === "string" ? null : place.gitDir;
  return gitDir === null ? ends : [...ends, ...(await leftCommits(gitDir, place, ends))];
}

/** Changes that are in no commit, apart from copied files and what the set-up command has left. */
async function hasChanges(record: WorktreeRecord, place: GitPlace): Promise<boolean> {
  const copied = new Set(record.copied.map(({ path }) => path));
  const changes = (await gitChanges(place)).filter(({ kind, path }) => kind !== "untracked" || !copied.has(path));
  if (changes.length === 0) return false;
  if (changes.some(({ kind }) => kind === "unmerged")) return true;
  const names = changes.flatMap(({ path, formerPath }) => (formerPath === null ? [path] : [path, formerPath]));
  return inScratch(async (scratch) => !(await isNoWork(place, join(scratch, "index"), names)));
}

/**
 * Copied files that are not as they were copied, whether git ignores them or not, or that cannot be read; of one that is gone
 * nothing can be lost.
 */
export async function changedCopies(
  { copied }: Pick<WorktreeRecord, "copied">,
  folder: string,
  readHash = hashOf,
): Promise<string[]> {
  const changed: string[] = [];
  for (const { path, hash, stamp } of copied) {
    const file = join(folder, path);
    if (stamp !== undefined && (await stampOf(file).catch(() => null)) === stamp) continue;
    const now = await readHash(file).catch((error: unknown) => {
      if (error instanceof AppError) return ""; // something else stands there
      const code = errorCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") return hash;
      if (code === "EACCES" || code === "EPERM") return "";
      throw error;
    });
    if (now !== hash) changed.push(path);
  }
  return changed;
}

/** What goes with the worktree because git ignores it: built, downloaded, or put there by the agent. Only told, so it may fail. */
export async function ignoredIn(
  { copied }: Pick<WorktreeRecord, "copied">,
  place: GitPlace,
  list = gitIgnored,
): Promise<string[]> {
  const known = new Set(copied.map(({ path }) => path));
  const ignored = await list(place).catch(() => []); // too many, or it takes too long
  return ignored.filter((path) => !known.has(path)).slice(0, toldIgnored);
}

async function isStill(record: WorktreeRecord, place: GitPlace, decided: { tree: string; head: string }) {
  if ((await gitCommit(place, "HEAD")) !== decided.head) return false;
  return (await treeOf(record, place)) === decided.tree;
}

/** The whole work of a worktree as one tree, without what PortOS has put into it and what its set-up command has left. */
export async function treeOf({ copied }: Pick<WorktreeRecord, "copied">, place: GitPlace): Promise<string> {
  return inScratch((scratch) => gitWorkTree(place, scratch, { without: copied.map(({ path }) => path) }));
}

async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), "portos-tree-"));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
