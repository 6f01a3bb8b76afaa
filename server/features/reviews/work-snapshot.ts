import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { AppError } from "../../../lib/app-error.ts";
import { git, gitError, runGit, type GitPlace } from "../../../lib/processes/git-command.ts";
import { leaveOut } from "../../../lib/processes/no-work.ts";
import { redact } from "../../../lib/redact.ts";
import { gitCommit, gitMergeBase } from "../../../lib/processes/git-repository.ts";
import { commitTree, panelIdentity } from "./commit-tree.ts";
import type { WorkPlace } from "./work-place.ts";

/** The work in a worktree at one moment. Nothing of the worktree is touched to read it. */
export interface Work {
  place: WorkPlace;
  /** Index of ours that equals `tree` and knows the files of the folder. */
  index: string;
  /** Commit the worktree stands on. */
  head: string;
  /** A merge that was begun in it and not committed. */
  mergeHead: string | null;
  /** All files as they are in the folder, those git does not track yet included, ignored ones not. */
  tree: string;
  /** The work as a commit: `head` when everything is committed, else one nobody else sees. */
  commit: string;
  /** Where the base branch stands; `null` when there is none. */
  baseTip: string | null;
  /** Newest commit the work and the base branch have in common: the work is what differs from it. */
  base: string;
  /** Files that were copied into the worktree for the run. */
  copied: readonly string[];
  /** Why the work is in no state to be taken over, in one sentence. */
  unsettled: string | null;
}

/** Long enough for a repository with a hundred thousand files on a slow disk. */
const timeoutMs = 120_000;

/** Reads the work. `scratch` is a folder of ours, `without` are files that were copied into the worktree for the run. */
export async function readWork(
  worktree: RunWorktree,
  place: WorkPlace,
  { scratch, without }: { scratch: string; without: readonly string[] },
): Promise<Work> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const index = join(scratch, "index");
  const head = await gitCommit(place, "HEAD");
  if (head === null) throw new AppError("conflict", "The worktree stands on no commit");
  const mergeHead = await gitCommit(place, "MERGE_HEAD");
  const { tree, leftOut } = await writeWork(place, index, head, without);
  const headTree = (await git(place, ["rev-parse", `${head}^{tree}`])).trim();
  const commit =
    tree === headTree && mergeHead === null
      ? head
      : await commitTree(place, {
          tree,
          parents: parentsOf(head, mergeHead),
          message: "Work",
          who: panelIdentity,
          at: 0,
        });
  const baseTip = worktree.baseBranch === null ? null : await gitCommit(place, `refs/heads/${worktree.baseBranch}`);
  const base = (await gitMergeBase(place, commit, baseTip ?? worktree.baseCommit)) ?? worktree.baseCommit;
  return {
    place,
    index,
    head,
    mergeHead,
    tree,
    commit,
    baseTip,
    base,
    copied: without,
    unsettled: leftOut ?? (await unsettledOf(place)),
  };
}

/** Parents of a commit of the work. */
export function parentsOf(head: string, mergeHead: string | null): string[] {
  return mergeHead === null ? [head] : [head, mergeHead];
}

/** `leftOut`: why git cannot take in some of the files, in one sentence. */
async function writeWork(
  place: GitPlace,
  index: string,
  head: string,
  without: readonly string[],
): Promise<{ tree: string; leftOut: string | null }> {
  const env = { GIT_INDEX_FILE: index };
  const own = (args: string[], input?: string): Promise<string> =>
    git(place, args, { env, timeoutMs, encoding: "latin1", maxBytes: 64 * 1024 * 1024, ...inputOf(input) });
  // What is known of unchanged files is kept by this, so that they need not be read again.
  await own(["read-tree", "--reset", head]);
  const leftOut = await addAll(place, env);
  // What the agent has added by force although it is ignored is in its own index only.
  const forced = await git(place, ["diff-index", "--cached", "--name-only", "--diff-filter=A", "-z", head], {
    encoding: "latin1",
    timeoutMs,
  });
  if (forced !== "") await own(["update-index", "--add", "--remove", "-z", "--stdin"], forced);
  await leaveOut(place, index, { head, copied: without });
  return { tree: (await own(["write-tree"])).trim(), leftOut };
}

/** Takes in what it can: one file that cannot be read, or a repository begun in a folder, hides nothing of the rest. */
async function addAll(place: GitPlace, env: { GIT_INDEX_FILE: string }): Promise<string | null> {
  const args = ["add", "--all", "--ignore-errors", "."];
  const added = await runGit(place, args, { env, timeoutMs });
  if (added.code === 0) return null;
  const said = /^error: (.+)$/m.exec(added.stderr)?.[1];
  if (added.code !== 1 || said === undefined) throw gitError(args, added);
  return `Git cannot take in all files of the work: ${redact(said).slice(0, 300)}.`;
}

function inputOf(raw: string | undefined): { input?: Uint8Array } {
  return raw === undefined ? {} : { input: Buffer.from(raw, "latin1") };
}

async function unsettledOf(place: WorkPlace): Promise<string | null> {
  if ((await git(place, ["ls-files", "--unmerged", "-z"])) !== "")
    return "A merge in the worktree has conflicts that are not resolved.";
  for (const name of ["rebase-merge", "rebase-apply"])
    if (await exists(join(place.gitDir, name))) return "A rebase in the worktree is not finished.";
  return null;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
