import { stat } from "node:fs/promises";
import { join } from "node:path";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { AppError } from "../../../lib/app-error.ts";
import { foldersAbove } from "../../../lib/folders-above.ts";
import { git, gitError, runGit, type GitPlace } from "../../../lib/processes/git-command.ts";
import { findRepository, gitChanges, gitCommit, listGitWorktrees } from "../../../lib/processes/git-repository.ts";
import { readable } from "./diff-parts.ts";
import { copiedText, filesInTheWay, inTheWayText } from "./in-the-way.ts";
import type { Work } from "./work-snapshot.ts";

/** What a merge would do, or why there can be none. */
export interface MergePlan {
  /** Files as they would be in the base branch; `null` when they cannot be put together. */
  tree: string | null;
  /** Files in which both sides have changed the same lines. */
  conflicts: string[];
  /** Why it cannot be merged now, in one sentence. */
  blocked: string | null;
  /** Where the base branch is checked out; `null` when it is nowhere. */
  checkout: GitPlace | null;
}

/** Finds out whether the work goes into the base branch, without changing anything. */
export async function planMerge(worktree: RunWorktree, work: Work): Promise<MergePlan> {
  const none = { tree: null, conflicts: [], checkout: null };
  const { baseBranch, repository } = worktree;
  if (baseBranch === null)
    return {
      ...none,
      blocked: "No branch was checked out when the work began. Keep it as a branch of its own instead.",
    };
  if (work.baseTip === null)
    return { ...none, blocked: `The branch ${baseBranch} does not exist any more. Keep the work as a branch instead.` };
  if (work.unsettled !== null) return { ...none, blocked: work.unsettled };
  const joined = await joinTrees(work, work.baseTip);
  if (joined.tree === null) return { ...none, ...joined };
  const checkout = await findCheckout(repository, baseBranch);
  if (checkout === null) return { ...joined, checkout: null };
  const blocked = await checkoutProblem(checkout, { from: work.baseTip, to: joined.tree, copied: work.copied });
  return { ...joined, blocked, checkout };
}

async function joinTrees(work: Work, baseTip: string): Promise<Pick<MergePlan, "tree" | "conflicts" | "blocked">> {
  if (work.base === baseTip) return { tree: work.tree, conflicts: [], blocked: null };
  const args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", baseTip, work.commit];
  const reply = await runGit(work.place, args, { encoding: "latin1", timeoutMs: 120_000 });
  const [tree = "", ...files] = reply.stdout.split("\0").map((part) => part.trim());
  const isTree = /^[0-9a-f]{40,64}$/.test(tree);
  if (reply.code === 0 && isTree) return { tree, conflicts: [], blocked: null };
  if (reply.code === 1 && isTree) {
    const conflicts = [...new Set(files.filter((name) => name !== ""))].map(readable);
    return { tree: null, conflicts, blocked: conflictText(conflicts.length) };
  }
  if (/usage:|unknown option|not something we can merge/i.test(reply.stderr) && !(await knowsMergeTree(work.place)))
    return { tree: null, conflicts: [], blocked: tooOld };
  throw gitError(args, reply);
}

const tooOld =
  "The base branch has gone on, and putting both together needs git 2.38 or newer. Keep the work as a branch, or update git.";

function conflictText(count: number): string {
  if (count === 0) return "The work cannot be put together with the base branch.";
  return count === 1 ? "One file conflicts with the base branch." : `${count} files conflict with the base branch.`;
}

async function knowsMergeTree(place: GitPlace): Promise<boolean> {
  const [major = 0, minor = 0] = ((await git(place, ["version"])).match(/\d+/g) ?? []).map(Number);
  return major > 2 || (major === 2 && minor >= 38);
}

/** The worktree in which a branch is checked out. */
export async function findCheckout(repository: string, branch: string): Promise<GitPlace | null> {
  const found = (await listGitWorktrees(repository)).find((one) => one.branch === branch && !one.isPrunable);
  if (!found || found.isBare) return null;
  const place = await findRepository(found.folder);
  if (!place || place.root === null) throw new AppError("conflict", `${found.folder} cannot be read as a worktree`);
  return { gitDir: place.gitDir, workTree: place.root };
}

const underWay: Record<string, string> = {
  MERGE_HEAD: "A merge",
  CHERRY_PICK_HEAD: "A cherry-pick",
  REVERT_HEAD: "A revert",
  "rebase-merge": "A rebase",
  "rebase-apply": "A rebase",
};

async function checkoutProblem(
  checkout: GitPlace,
  { from, to, copied }: { from: string; to: string; copied: readonly string[] },
): Promise<string | null> {
  if (typeof checkout === "string") return null;
  const { gitDir, workTree } = checkout;
  for (const [name, what] of Object.entries(underWay))
    if (await exists(join(gitDir, name))) return `${what} is under way in ${workTree}. Finish it first.`;
  const args = ["diff-tree", "-r", "--name-only", "-z", "--no-renames", from, to];
  const touched = (await git(checkout, args, { maxBytes: 64 * 1024 * 1024 })).split("\0").filter((name) => name !== "");
  const files = new Set(touched);
  const folders = new Set(touched.flatMap(foldersAbove));
  const inTheWay = (await gitChanges(checkout))
    .flatMap(({ path, formerPath }) => (formerPath === null ? [path] : [path, formerPath]))
    .filter((path) => files.has(path) || folders.has(path) || foldersAbove(path).some((folder) => files.has(folder)));
  const ignored = await filesInTheWay(checkout, from, to);
  const copies = new Set(copied);
  const committed = [...new Set([...inTheWay, ...ignored])].filter((path) => copies.has(path));
  if (committed.length > 0) return copiedText(committed);
  if (inTheWay.length === 0) return ignored.length === 0 ? null : inTheWayText(ignored, workTree);
  const [first = ""] = inTheWay;
  const others = inTheWay.length > 1 ? ` and ${inTheWay.length - 1} more` : "";
  const have = inTheWay.length > 1 ? "have" : "has";
  return `${first}${others} ${have} changes in ${workTree} that are in no commit. Commit or stash them first.`;
}

/** Whether a branch still points to a commit. */
export async function pointsTo(place: GitPlace, reference: string, commit: string): Promise<boolean> {
  return (await gitCommit(place, reference)) === commit;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
