import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { git, runGit } from "../../../lib/processes/git-command.ts";
import { gitCommit, listGitWorktrees } from "../../../lib/processes/git-repository.ts";
import { commitTree, panelIdentity } from "./commit-tree.ts";
import { findCheckout, planMerge, pointsTo } from "./merge-plan.ts";
import { finishMove, moveBranch, type BranchMove } from "./move-branch.ts";
import type { OpenWork, ReviewDesk } from "./review-desk.ts";
import type { PendingMerge, ReviewRecord, ReviewRecords, StoredDecision } from "./review-record.ts";
import { keepDecisionMs } from "./review-view.ts";
import { bringBack, discardedReference, mergeCommit, standOn, workCommit } from "./settle-work.ts";
import { findWork } from "./work-place.ts";
import { parentsOf } from "./work-snapshot.ts";

export interface DecisionOptions {
  records: ReviewRecords;
  desk: ReviewDesk;
  /** The record says something new; `by` has decided it. */
  decided(record: ReviewRecord, by: string): Promise<void>;
  clock: Clock;
  logger: Logger;
}

/** What becomes of work, and how that is taken back. */
export interface ReviewDecisions {
  merge(runId: string, how: { tree: string; message: string }, by: string): Promise<void>;
  branch(runId: string, how: { tree: string; name: string; message: string }, by: string): Promise<void>;
  discard(runId: string, how: { tree: string }, by: string): Promise<void>;
  undo(runId: string, by: string): Promise<void>;
  /** Finishes, or takes back, what was cut off when this server ended. */
  recover(): Promise<void>;
  /** Lets go of discarded work that was kept long enough. */
  prune(): Promise<void>;
}

export function createReviewDecisions({ records, desk, decided, clock, logger }: DecisionOptions): ReviewDecisions {
  /** One decision at a time in a repository: two merges would meet in its folder. */
  function alone<T>(runId: string, work: (record: ReviewRecord) => Promise<T>): Promise<T> {
    const { repository } = desk.find(runId).worktree;
    return desk.inLine(`repository:${repository}`, () => desk.inLine(runId, () => work(desk.find(runId))));
  }

  async function settle(
    runId: string,
    state: ReviewRecord["state"],
    decision: StoredDecision | null,
    by: string,
  ): Promise<void> {
    const record = await records.change(runId, (one) => ({ ...one, state, decision, pending: null, reverts: [] }));
    if (record) await decided(record, by);
  }

  async function setPending(runId: string, pending: PendingMerge | null): Promise<void> {
    await records.change(runId, (one) => ({ ...one, pending }));
  }

  function decisionOn({ work }: OpenWork, by: string, commit: string): StoredDecision {
    const { head, base, tree } = work;
    const at = new Date(clock.now()).toISOString();
    return { by, at, work: commit, head, base, tree, reference: null, from: null, to: null, branch: null };
  }

  /** Moves the base branch, with a note on disk for as long as it takes. */
  async function move(record: ReviewRecord, pending: PendingMerge): Promise<void> {
    const { repository } = record.worktree;
    await setPending(record.runId, pending);
    try {
      const checkout = await findCheckout(repository, pending.decision.branch ?? "");
      await moveBranch(repository, checkout, moveOf(record, pending));
    } catch (error) {
      await setPending(record.runId, null);
      throw error;
    }
  }

  async function merge(runId: string, { tree, message }: { tree: string; message: string }, by: string): Promise<void> {
    const open = await desk.settled(runId, tree);
    const { record, work } = open;
    if (open.changes.length === 0) throw new AppError("conflict", "Nothing is changed that could be merged");
    const plan = await planMerge(record.worktree, work);
    const { baseTip } = work;
    const { baseBranch } = record.worktree;
    if (plan.blocked !== null || plan.tree === null || baseTip === null || baseBranch === null)
      throw new AppError("conflict", plan.blocked ?? "The work cannot be merged");
    const commit = await workCommit(work, message);
    const to = await mergeCommit(work, { commit, tree: plan.tree, tip: baseTip, message });
    const decision: StoredDecision = {
      ...decisionOn(open, by, commit),
      reference: `refs/heads/${baseBranch}`,
      from: baseTip,
      to,
      branch: baseBranch,
    };
    await move(record, { kind: "merge", decision });
    await standOn(work.place, work.head, commit);
    await settle(runId, "merged", decision, by);
  }

  async function branch(
    runId: string,
    { tree, name, message }: { tree: string; name: string; message: string },
    by: string,
  ): Promise<void> {
    const open = await desk.settled(runId, tree);
    const { work, record } = open;
    const { repository } = record.worktree;
    const valid = await runGit(repository, ["check-ref-format", "--branch", name]);
    if (valid.code !== 0 || name.startsWith("-"))
      throw new AppError("invalid_request", `${name} cannot be the name of a branch`, {
        issues: [{ path: "body.name", message: "cannot be the name of a branch" }],
      });
    if ((await gitCommit(repository, `refs/heads/${name}`)) !== null)
      throw new AppError("conflict", `There is a branch ${name} already`, { hint: "Choose another name." });
    const commit = await workCommit(work, message);
    await git(repository, ["update-ref", "-m", "portos: kept as a branch", `refs/heads/${name}`, commit, ""]);
    await standOn(work.place, work.head, commit);
    await settle(runId, "branch", { ...decisionOn(open, by, commit), branch: name }, by);
  }

  async function discard(runId: string, { tree }: { tree: string }, by: string): Promise<void> {
    const record = desk.find(runId);
    const { repository, baseCommit } = record.worktree;
    const message = `Discarded: ${record.title}`;
    const isGone = record.state === "open" && (await findWork(record.worktree)) === null;
    if (isGone) {
      const { head, base, tree: last } = record.last ?? { head: baseCommit, base: baseCommit, tree: baseCommit };
      const at = new Date(clock.now()).toISOString();
      const place = { reference: null, from: null, to: null, branch: null };
      await settle(runId, "discarded", { by, at, work: head, head, base, tree: last, ...place }, by);
      return;
    }
    const open = await desk.settled(runId, tree);
    const { work } = open;
    const parents = parentsOf(work.head, work.mergeHead);
    const commit = await commitTree(work.place, { tree: work.tree, parents, message, who: panelIdentity });
    await git(repository, ["update-ref", discardedReference(runId), commit]);
    await settle(runId, "discarded", decisionOn(open, by, commit), by);
  }

  /** The worktree as it was before the decision. */
  async function restoreWork({ runId, worktree }: ReviewRecord, decision: StoredDecision): Promise<void> {
    const place = await findWork(worktree);
    if (place === null) await bringBack(worktree, decision, desk.scratch(runId));
    else if ((await gitCommit(worktree.repository, `${decision.work}^2`)) === null)
      await standOn(place, decision.work, decision.head);
  }

  async function undo(record: ReviewRecord, by: string): Promise<void> {
    const { runId, state, decision, worktree } = record;
    const { repository } = worktree;
    if (state === "open" || decision === null) throw new AppError("conflict", "Nothing was decided yet");
    if (clock.now() - Date.parse(decision.at) >= keepDecisionMs)
      throw new AppError("conflict", "This was decided more than 30 days ago and cannot be taken back");
    if (state === "merged") await move(record, { kind: "undo", decision });
    else await checkKept(record, decision);
    await restoreWork(record, decision);
    if (state === "branch")
      await git(repository, ["update-ref", "-d", `refs/heads/${decision.branch ?? ""}`, decision.work]);
    if (state === "discarded") await git(repository, ["update-ref", "-d", discardedReference(runId), decision.work]);
    await settle(runId, "open", null, by);
  }

  async function recoverOne(record: ReviewRecord, pending: PendingMerge): Promise<void> {
    const { decision, kind } = pending;
    const { repository } = record.worktree;
    const checkout = await findCheckout(repository, decision.branch ?? "");
    const isDone = await finishMove(repository, checkout, moveOf(record, pending));
    if (!isDone) {
      await setPending(record.runId, null);
      return;
    }
    if (kind === "undo") {
      await restoreWork(record, decision);
      await settle(record.runId, "open", null, decision.by);
      return;
    }
    const place = await findWork(record.worktree);
    if (place !== null) await standOn(place, decision.head, decision.work);
    await settle(record.runId, "merged", decision, decision.by);
  }

  return {
    merge: (runId, how, by) => alone(runId, () => merge(runId, how, by)),
    branch: (runId, how, by) => alone(runId, () => branch(runId, how, by)),
    discard: (runId, how, by) => alone(runId, () => discard(runId, how, by)),
    undo: (runId, by) => alone(runId, (record) => undo(record, by)),
    async recover() {
      for (const { runId, pending } of records.list()) {
        if (pending === null) continue;
        await alone(runId, (record) => recoverOne(record, pending)).catch((error: unknown) => {
          logger.error("A merge that was cut off could not be finished", { run: runId }, error);
        });
      }
    },
    async prune() {
      for (const { runId, state, decision, worktree } of records.list()) {
        if (state !== "discarded" || decision === null) continue;
        if (clock.now() - Date.parse(decision.at) < keepDecisionMs) continue;
        await runGit(worktree.repository, ["update-ref", "-d", discardedReference(runId), decision.work]);
      }
    },
  };
}

function moveOf({ title }: ReviewRecord, { kind, decision }: PendingMerge): BranchMove {
  const { reference, from, to } = decision;
  const isUndo = kind === "undo";
  return {
    reference: reference ?? "",
    from: (isUndo ? to : from) ?? "",
    to: (isUndo ? from : to) ?? "",
    reason: `portos: ${isUndo ? "merge taken back" : "merge"}: ${title.replace(/\s+/g, " ")}`,
  };
}

/** Throws `conflict` when what was kept is not there as it was. */
async function checkKept({ runId, state, worktree }: ReviewRecord, decision: StoredDecision): Promise<void> {
  const { repository } = worktree;
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
