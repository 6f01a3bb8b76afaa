import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { AppError } from "../../../lib/app-error.ts";
import { git, runGit } from "../../../lib/processes/git-command.ts";
import { gitCommit } from "../../../lib/processes/git-repository.ts";
import { commitTree, identityIn } from "./commit-tree.ts";
import { findWork } from "./work-place.ts";
import { parentsOf, type Work } from "./work-snapshot.ts";

/** The work as a commit by the user: its own last one when nothing is left to be committed. */
export async function workCommit(work: Work, message: string): Promise<string> {
  if (work.commit === work.head) return work.head;
  const who = await identityIn(work.place);
  return commitTree(work.place, {
    tree: work.tree,
    parents: parentsOf(work.head, work.mergeHead),
    message,
    who,
  });
}

/**
 * The commit the base branch is to go to. Work in a single commit that starts where the branch stands is taken as it is;
 * everything else gets a merge commit with the message.
 */
export async function mergeCommit(
  work: Work,
  { commit, tree, tip, message }: { commit: string; tree: string; tip: string; message: string },
): Promise<string> {
  if (work.base === tip && work.head === work.base) return commit;
  const who = await identityIn(work.place);
  return commitTree(work.place, { tree, parents: [tip, commit], message, who });
}

/** Lets the worktree stand on a commit of the files it has; its branch follows. Files are not touched. */
export async function standOn(place: Work["place"], from: string, to: string): Promise<void> {
  const now = await gitCommit(place, "HEAD");
  if (now === to || now !== from) return;
  await git(place, ["update-ref", "-m", "portos: review", "HEAD", to, from]);
  await git(place, ["read-tree", to]);
  await runGit(place, ["update-index", "-q", "--refresh"], { timeoutMs: 60_000 });
  for (const name of ["MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "AUTO_MERGE"])
    await rm(join(place.gitDir, name), { force: true });
}

/** Where discarded work is kept. */
export function discardedReference(runId: string): string {
  return `refs/portos/discarded/${runId}`;
}

/** Where the branch of a worktree that was given back stands. Throws `conflict` when it has gone on since. */
export async function checkBranch(
  { repository, branch }: RunWorktree,
  { head, work }: { head: string; work: string },
): Promise<string | null> {
  const now = await gitCommit(repository, `refs/heads/${branch}`);
  if (now === null || now === work || now === head) return now;
  throw new AppError("conflict", `The branch ${branch} has gone on since, so the worktree cannot be brought back`);
}

/** Makes a worktree again that was given back: on its branch, with all files of the work, as little committed as before. */
export async function bringBack(
  worktree: RunWorktree,
  { head, tree, work }: { head: string; tree: string; work: string },
  scratch: string,
): Promise<void> {
  if ((await findWork(worktree)) !== null) return;
  const { repository, folder, branch } = worktree;
  const reference = `refs/heads/${branch}`;
  const now = await checkBranch(worktree, { head, work });
  if (now === null) await git(repository, ["update-ref", reference, head, ""]);
  else if (now === work) await git(repository, ["update-ref", reference, head, work]);
  // Only this one: others git would forget may be on a disk that is not there now.
  if (!(await exists(folder))) await runGit(repository, ["worktree", "remove", "--force", "--force", "--", folder]);
  await git(repository, ["worktree", "add", "--quiet", "--", folder, branch], { timeoutMs: 120_000 });
  const place = await findWork(worktree);
  if (place === null) throw new AppError("conflict", "The worktree could not be made again");
  const env = { GIT_INDEX_FILE: join(scratch, "index.back") };
  await git(place, ["read-tree", head], { env });
  await runGit(place, ["update-index", "-q", "--refresh"], { env, timeoutMs: 60_000 });
  await git(place, ["read-tree", "-m", "-u", head, tree], { env, timeoutMs: 120_000 });
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
