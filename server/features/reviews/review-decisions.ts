import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { git } from "../../../lib/processes/git-command.ts";
import {
  checkKept,
  decisionOn,
  keepDiscarded,
  lastDecision,
  moveOf,
  pruneDiscarded,
  requireNewBranch,
  restoreWork,
} from "./kept-work.ts";
import { findCheckout, planMerge } from "./merge-plan.ts";
import { finishMove, moveBranch } from "./move-branch.ts";
import type { ReviewDesk } from "./review-desk.ts";
import type { PendingMerge, ReviewRecord, ReviewRecords, StoredDecision } from "./review-record.ts";
import { keepDecisionMs } from "./review-view.ts";
import { discardedReference, mergeCommit, standOn, workCommit } from "./settle-work.ts";
import { findWork } from "./work-place.ts";

export interface DecisionOptions {
  records: ReviewRecords;
  desk: ReviewDesk;
  /** The record says something new; `by` has decided it. */
  decided(record: ReviewRecord, by: string): Promise<void>;
  /** Resolves when everybody has heard of it. */
  told(runId: string): Promise<void>;
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

export function createReviewDecisions(options: DecisionOptions): ReviewDecisions {
  const { records, desk, decided, told, clock, logger } = options;
  const now = (): string => new Date(clock.now()).toISOString();

  /** One decision at a time in a repository: two merges would meet in its folder. */
  async function alone(runId: string, work: (record: ReviewRecord) => Promise<void>): Promise<void> {
    const { repository } = desk.find(runId).worktree;
    await desk.inLine(`repository:${repository}`, () => desk.inLine(runId, () => work(desk.find(runId))));
    await told(runId); // only now: who hears of it may look at the work
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
      ...decisionOn(open, { by, at: now() }, commit),
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
    await requireNewBranch(repository, name);
    const commit = await workCommit(work, message);
    await git(repository, ["update-ref", "-m", "portos: kept as a branch", `refs/heads/${name}`, commit, ""]);
    await standOn(work.place, work.head, commit);
    await settle(runId, "branch", { ...decisionOn(open, { by, at: now() }, commit), branch: name }, by);
  }

  async function discard(runId: string, { tree }: { tree: string }, by: string): Promise<void> {
    const record = desk.find(runId);
    const who = { by, at: now() };
    const isGone = record.state === "open" && (await findWork(record.worktree)) === null;
    const decision = isGone ? lastDecision(record, who) : await keepDiscarded(await desk.settled(runId, tree), who);
    await settle(runId, "discarded", decision, by);
  }

  async function undo(record: ReviewRecord, by: string): Promise<void> {
    const { runId, state, decision, worktree } = record;
    const { repository } = worktree;
    if (state === "open" || decision === null) throw new AppError("conflict", "Nothing was decided yet");
    if (clock.now() - Date.parse(decision.at) >= keepDecisionMs)
      throw new AppError("conflict", "This was decided more than 30 days ago and cannot be taken back");
    await checkKept(record, decision);
    if (state === "merged") await move(record, { kind: "undo", decision });
    await restoreWork(record, decision, desk.scratch(record.runId));
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
    if (!isDone) return setPending(record.runId, null);
    if (kind === "undo") {
      await restoreWork(record, decision, desk.scratch(record.runId));
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
    prune: () => pruneDiscarded(records.list(), clock.now()),
  };
}
