import { rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { git } from "../../lib/processes/git-command.ts";
import { gitCommit } from "../../lib/processes/git-repository.ts";
import { workingFolders } from "./folders-in-use.ts";
import { dropBranch, forgetWorktree } from "./make-worktree.ts";
import { placeOf, treeOf } from "./worktree-facts.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

/** Where a worktree waits for its end: nobody finds it there, and it can be put back. */
export function asideOf(folder: string): string {
  return join(dirname(folder), `.removing-${basename(folder)}`);
}

/**
 * Moves a worktree aside and looks once more, where nobody works in it any more: everything in it must be in its last commit, or be as it was
 * when its work was put elsewhere. Else it is put back, and `conflict` is thrown.
 */
export async function setAside(record: WorktreeRecord): Promise<void> {
  if (!(await exists(record.folder))) return;
  const aside = asideOf(record.folder);
  await rename(record.folder, aside);
  try {
    if ((await workingFolders()).some((folder) => folder === aside || folder.startsWith(aside + sep)))
      throw new AppError("conflict", "A program works in its folder");
    const place = placeOf(record, aside);
    if (place === null) throw new AppError("conflict", "Its repository cannot be read");
    const tree = await treeOf(record, place);
    const committed = (await git(place, ["rev-parse", "HEAD^{tree}"])).trim();
    if (tree !== committed && tree !== record.decided?.tree)
      throw new AppError("conflict", "It has changes that are in no commit");
  } catch (error) {
    await rename(aside, record.folder);
    throw error;
  }
}

/** Lets git forget the worktree and deletes its branch, unless commits would be lost with it. */
export async function forget(record: WorktreeRecord): Promise<void> {
  const { repository, runId, branch, facts } = record;
  if (!(await exists(repository))) return;
  const ofBranch = await gitCommit(repository, `refs/heads/${branch}`);
  await forgetWorktree(record);
  if (ofBranch === null) return;
  if (facts?.isElsewhere === true || ofBranch === record.baseCommit) {
    await dropBranch(record, ofBranch);
  } else if (record.decided?.head === ofBranch) {
    // Put elsewhere in another form, or given up by the user: out of sight, and still there for whoever looks.
    await git(repository, ["update-ref", `refs/portos/kept/${runId}`, ofBranch]);
    await dropBranch(record, ofBranch);
  }
}

/** Deletes the files. */
export async function deleteFiles(record: WorktreeRecord): Promise<void> {
  for (const folder of [asideOf(record.folder), `${record.folder}.sandbox`])
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
