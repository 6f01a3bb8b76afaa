import { AppError } from "../../../lib/app-error.ts";
import { git, runGit } from "../../../lib/processes/git-command.ts";
import { gitCommit, listGitWorktrees } from "../../../lib/processes/git-repository.ts";
import { commitTree, panelIdentity } from "./commit-tree.ts";
import { pointsTo } from "./merge-plan.ts";
import type { BranchMove } from "./move-branch.ts";
import type { OpenWork } from "./review-desk.ts";
import type { PendingMerge, ReviewRecord, StoredDecision } from "./review-record.ts";
import { keepDecisionMs } from "./review-view.ts";
import { bringBack, checkBranch, discardedReference, standOn } from "./settle-work.ts";
import { findWork } from "./work-place.ts";
import { parentsOf } from "./work-snapshot.ts";

/** The way of the base branch in a merge, or back again. */
export function moveOf({ title }: ReviewRecord, { kind, decision }: PendingMerge): BranchMove {
  const { reference, from, to } = decision;
  const isUndo = kind === "undo";
  return {
    reference: reference ?? "",
    from: (isUndo ? to : from) ?? "",
    to: (isUndo ? from : to) ?? "",
    reason: `portos: ${isUndo ? "merge taken back" : "merge"}: ${title.replace(/\s+/g, " ")}`,
  };
}

interface Who {
  by: string;
  at: string;
}

const nowhere = { reference: null, from: null, to: null, branch: null };

/** What is noted of a decision on open work, of which `commit` was made. */
export function decisionOn({ work }: OpenWork, who: Who, commit: string): StoredDecision {
  const { head, base, tree } = work;
  return { ...nowhere, ...who, work: commit, head, base, tree };
}

/** The same of work whose worktree is gone: nothing is kept but what the repository still knows. */
export function lastDecision({ last, worktree: { baseCommit } }: ReviewRecord, who: Who): StoredDecision {
  const { head, base, tree } = last ?? { head: baseCommit, base: baseCommit, tree: baseCommit };
  return { ...nowhere, ...who, work: head, head, base, tree };
}

/** Puts all of the work where it can be had back from. */
export async function keepDiscarded(open: OpenWork, who: Who): Promise<StoredDecision> {
  const { work, record } = open;
  const commit = await commitTree(work.place, {
    tree: work.tree,
    parents: parentsOf(work.head, work.mergeHead),
    message: `Discarded: ${record.title}`,
    who: panelIdentity,
  });
  await git(record.worktree.repository, ["update-ref", discardedReference(record.runId), commit]);
  return decisionOn(open, who, commit);
}

/** Makes the worktree what it was before the decision. */
export async function restoreWork(
  { worktree }: ReviewRecord,
  decision: StoredDecision,
  scratch: string,
): Promise<void> {
  const place = await findWork(worktree);
  if (place === null) await bringBack(worktree, decision, scratch);
  else if ((await gitCommit(worktree.repository, `${decision.work}^2`)) === null)
    await standOn(place, decision.work, decision.head);
}

/** Lets go of discarded work that was kept long enough. */
export async function pruneDiscarded(records: readonly ReviewRecord[], nowMs: number): Promise<void> {
  for (const { runId, state, decision, worktree } of records) {
    if (state !== "discarded" || decision === null) continue;
    if (nowMs - Date.parse(decision.at) < keepDecisionMs) continue;
    await runGit(worktree.repository, ["update-ref", "-d", discardedReference(runId), decision.work]);
  }
}

/** Throws `invalid_request` for what can be no name of a branch, `conflict` for one that is taken. */
export async function requireNewBranch(repository: string, name: string): Promise<void> {
  const valid = await runGit(repository, ["check-ref-format", "--branch", name]);
  // A branch called refs/heads/x is allowed by git, and then mistaken for x ever after.
  if (valid.code !== 0 || name.startsWith("-") || name === "HEAD" || name.startsWith("refs/"))
    throw new AppError("invalid_request", `${name} cannot be the name of a branch`, {
      ...(name.startsWith("refs/") ? { hint: "Give the short name, without refs/heads/." } : {}),
      issues: [{ path: "body.name", message: "cannot be the name of a branch" }],
    });
  if ((await gitCommit(repository, `refs/heads/${name}`)) !== null)
    throw new AppError("conflict", `There is a branch ${name} already`, { hint: "Choose another name." });
}

/** Throws `conflict` when what was kept, or merged, is not there as it was, or could be taken back by half only. */
export async function checkKept({ runId, state, worktree }: ReviewRecord, decision: StoredDecision): Promise<void> {
  const { repository } = worktree;
  if ((await findWork(worktree)) === null) await checkBranch(worktree, decision);
  if (state === "merged") {
    if (await pointsTo(repository, decision.reference ?? "", decision.to ?? "")) return;
    const branch = decision.branch ?? "";
    throw new AppError("conflict", `The branch ${branch} has gone on since, so the merge cannot be taken back`);
  }
  if (state === "discarded") {
    if (await pointsTo(repository, discardedReference(runId), decision.work)) return;
    throw new AppError("conflict", "The discarded work is not kept any more");
  }
  const name = decision.branch ?? "";
  if (!(await pointsTo(repository, `refs/heads/${name}`, decision.work)))
    throw new AppError("conflict", `The branch ${name} has gone on since, so this cannot be taken back`);
  const user = (await listGitWorktrees(repository)).find((one) => one.branch === name);
  if (user)
    throw new AppError("conflict", `The branch ${name} is checked out in ${user.folder}`, {
      hint: "Check out another branch there first.",
    });
}
