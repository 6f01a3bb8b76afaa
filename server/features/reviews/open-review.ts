import type { ReviewSummary } from "../../../contract/features/reviews.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { WorktreePlace } from "../../../contract/internal/worktrees.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { figuresOf, type ReviewDesk } from "./review-desk.ts";
import type { ReviewRecord, ReviewRecords } from "./review-record.ts";

const maxTold = 500;

type OpenedListener = (review: ReviewSummary) => void | Promise<void>;

interface OpenerOptions {
  records: ReviewRecords;
  desk: ReviewDesk;
  worktrees: { get(runId: string): Promise<Pick<WorktreePlace, "copied">> };
  summary(record: ReviewRecord): ReviewSummary;
  decided(record: ReviewRecord, by: string): Promise<void>;
  changed(record: ReviewRecord): void;
  clock: Clock;
}

/** Lays open what ended runs have changed, and again what changed after it was decided on. */
export function createOpener({ records, desk, worktrees, summary, decided, changed, clock }: OpenerOptions) {
  const listeners: OpenedListener[] = [];
  /** What was laid open lately: several ask for it at the end of one run. */
  const told = new Map<string, string>();

  function isTold(run: Run, tree: string): boolean {
    const sign = [run.state, run.endedAt, run.canContinue, tree].join(" ");
    const isKnown = told.get(run.id) === sign;
    told.delete(run.id);
    told.set(run.id, sign);
    for (const [oldest] of told) if (told.size > maxTold) told.delete(oldest);
    return isKnown;
  }

  async function copiedInto(runId: string, known: ReviewRecord | undefined): Promise<string[]> {
    try {
      return (await worktrees.get(runId)).copied;
    } catch (error) {
      if (error instanceof AppError) return known?.copied ?? [];
      throw error;
    }
  }

  async function open(run: Run): Promise<void> {
    const { worktree } = run;
    if (worktree === null || isOpenState(run.state)) return;
    const known = records.get(run.id);
    const copied = await copiedInto(run.id, known);
    const draft = known ?? newRecord(run, worktree, copied, new Date(clock.now()).toISOString());
    const laid = await desk.read({ ...draft, copied });
    if (laid === null || (known === undefined && laid.changes.length === 0)) return;
    if (known?.decision?.tree === laid.work.tree) return;
    const { tree, base, head } = laid.work;
    const isAgain = known !== undefined && known.state !== "open";
    if (isTold(run, tree) && known?.state === "open") return;
    const fresh = {
      copied,
      runState: run.state,
      canContinue: run.canContinue,
      figures: figuresOf(laid.changes),
      last: { tree, base, head },
      ...(isAgain ? { state: "open" as const, decision: null, reverts: [] } : {}),
    };
    if (known === undefined) await records.put({ ...draft, ...fresh });
    else await records.change(run.id, (one) => ({ ...one, ...fresh }));
    const record = desk.find(run.id);
    if (isAgain) await decided(record, "the agent");
    changed(record);
    for (const listener of listeners) await listener(summary(record));
  }

  return {
    open,
    onOpened(listener: OpenedListener): void {
      listeners.push(listener);
    },
  };
}

function newRecord(
  { id, title, appId, state, canContinue }: Run,
  worktree: ReviewRecord["worktree"],
  copied: string[],
  createdAt: string,
): ReviewRecord {
  return {
    runId: id,
    title,
    appId,
    runState: state,
    state: "open",
    createdAt,
    worktree,
    copied,
    canContinue,
    figures: { files: 0, added: 0, removed: 0 },
    last: null,
    comments: [],
    accepted: [],
    reverts: [],
    checks: [],
    decision: null,
    pending: null,
    news: null,
  };
}
