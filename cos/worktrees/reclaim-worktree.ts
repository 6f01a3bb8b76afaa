import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { git } from "../../lib/processes/git-command.ts";
import { findRepository, gitCommit } from "../../lib/processes/git-repository.ts";
import { workingFolders } from "./folders-in-use.ts";
import { isElsewhere, keepOutOfSight } from "./left-commits.ts";
import { dropBranch, forgetWorktree } from "./make-worktree.ts";
import { changedCopies, isCutOff, ownCommits, placeOf, treeOf } from "./worktree-facts.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

/** Where a worktree waits for its end: nobody finds it there, and it can be put back. */
export function asideOf(folder: string): string {
  return join(dirname(folder), `.removing-${basename(folder)}`);
}

/**
 * Moves a worktree aside and looks once more, where nobody works in it any more: everything in it must be in a commit that is
 * elsewhere, or be as it was when its work was put elsewhere. Else it is put back, and `conflict` is thrown.
 */
export async function setAside(
  record: WorktreeRecord,
  { isLossConfirmed }: { isLossConfirmed: boolean },
): Promise<void> {
  if (!(await exists(record.folder))) return;
  const aside = asideOf(record.folder);
  await makeRoom(aside);
  await rename(record.folder, aside);
  try {
    if ((await workingFolders()).some((folder) => folder === aside || folder.startsWith(aside + sep)))
      throw new AppError("conflict", "A program works in its folder");
    if (!(isLossConfirmed && (await isCutOff(record)))) await checkSaved(record, aside);
    if (!isLossConfirmed && (await changedCopies(record, aside)).length > 0)
      throw new AppError("conflict", "A file that was copied into it was changed");
  } catch (error) {
    await rename(aside, record.folder);
    throw error;
  }
}

/** What is left of a former removal lies in the way, and may hold what was never looked at: it is kept under another name. */
async function makeRoom(aside: string): Promise<void> {
  if (await exists(aside)) await rename(aside, await mkdtemp(`${aside}-`));
}

async function checkSaved(record: WorktreeRecord, aside: string): Promise<void> {
  const place = placeOf(record, aside);
  if (place === null || (await isCutOff(record))) throw new AppError("conflict", "Its repository cannot be read");
  const [tree, head] = [await treeOf(record, place), await gitCommit(place, "HEAD")];
  if (tree === record.decided?.tree && head === record.decided.head) return;
  const committed = (await git(place, ["rev-parse", "HEAD^{tree}"])).trim();
  if (tree !== committed) throw new AppError("conflict", "It has changes that are in no commit");
  for (const commit of await ownCommits(record, place))
    if (!(await isSafe(record, commit))) throw new AppError("conflict", "It has commits that are in no other branch");
}

async function isSafe({ repository, branch, baseCommit }: WorktreeRecord, commit: string): Promise<boolean> {
  return commit === baseCommit || isElsewhere(repository, commit, branch);
}

/** Lets git forget the worktree and deletes its branch; commits that would be lost with that are kept. */
export async function forget(record: WorktreeRecord): Promise<void> {
  const { repository, runId, branch } = record;
  if (!(await exists(repository)) || (await findRepository(repository)) === null) return;
  const ofBranch = await gitCommit(repository, `refs/heads/${branch}`);
  const place = (await isCutOff(record)) ? null : placeOf(record, repository);
  // Made on no branch: nobody would find them once git has forgotten the worktree.
  const others = place === null ? [] : (await ownCommits(record, place)).filter((commit) => commit !== ofBranch);
  const lost: string[] = [];
  if (ofBranch !== null && record.decided?.head === ofBranch && !(await isSafe(record, ofBranch))) lost.push(ofBranch);
  for (const commit of others) if (!(await isElsewhere(repository, commit, ""))) lost.push(commit);
  // Put elsewhere in another form, or given up by the user: out of sight, and still there for whoever looks.
  await keepOutOfSight(repository, runId, lost);
  await forgetWorktree(record);
  if (ofBranch !== null && (lost.includes(ofBranch) || (await isSafe(record, ofBranch))))
    await dropBranch(record, ofBranch);
}

/** Deletes the files. */
export async function deleteFiles(record: WorktreeRecord): Promise<void> {
  for (const folder of [asideOf(record.folder), `${record.folder}.sandbox`])
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
