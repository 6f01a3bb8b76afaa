import type { Review, ReviewCheck, ReviewSummary } from "../../../contract/features/reviews.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { WorktreeSetup } from "../../../contract/features/worktrees.ts";
import type { WorktreePlace } from "../../../contract/internal/worktrees.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { CosClient } from "../../cos-client.ts";
import { createOpener } from "./open-review.ts";
import { createReviewChecks, type RunInWorktree } from "./review-checks.ts";
import { createReviewComments, type ReviewComments } from "./review-comments.ts";
import { createReviewDecisions, type ReviewDecisions } from "./review-decisions.ts";
import { createReviewDesk } from "./review-desk.ts";
import { createReviewNews, type AdoptWorktree, type DecidedListener, type TellFate } from "./review-news.ts";
import { createReviewParts, type ReviewParts } from "./review-parts.ts";
import { newestFirst, type ReviewRecord, type ReviewRecords } from "./review-record.ts";
import { reviewView, summaryOf } from "./review-view.ts";

export interface ReviewServiceOptions {
  records: ReviewRecords;
  stateDir: string;
  runs: { get(id: string): Promise<Run>; say(id: string, text: string): Promise<Run> };
  /** Worktrees of runs in portos-cos. */
  worktrees: {
    get(runId: string): Promise<Pick<WorktreePlace, "copied">>;
    command: RunInWorktree;
    setFate: TellFate;
    adopt: AdoptWorktree;
    touch(runId: string): Promise<unknown>;
  };
  checksOf(appId: string): Promise<WorktreeSetup["checks"]>;
  /** Checks of the app that somebody else has run on this work, with the work as it was then. */
  ranElsewhere(runId: string): readonly ReviewCheck[];
  panic: { isOn(): boolean; check(): void };
  sessions: Pick<CosClient, "get" | "kill" | "list" | "onSession">;
  publish(review: ReviewSummary): void;
  clock: Clock;
  logger: Logger;
}

/** The work of runs, to be looked at and decided on. */
export interface ReviewService extends ReviewComments, ReviewParts {
  list(): { open: ReviewSummary[]; decided: ReviewSummary[] };
  get(runId: string): Promise<Review>;
  /** A run with a worktree has ended: what it has changed is laid open. */
  open(run: Run): Promise<void>;
  /** Something about a run changed. */
  hear(run: Run): Promise<void>;
  hasOpen(runId: string): boolean;
  titleOf(runId: string): string | undefined;
  /** Told when work was merged, kept or discarded, and, with the state `open`, when that was taken back. */
  onDecided(listener: DecidedListener): void;
  /** Told when work is laid open, or laid open again. */
  onOpened(listener: (review: ReviewSummary) => void | Promise<void>): void;
  check(runId: string): Promise<Review>;
  stopChecks(runId: string): Promise<Review>;
  /** Ends the checks of all reviews. Answers how many ran. */
  stopAllChecks(): Promise<number>;
  decide: Pick<ReviewDecisions, "merge" | "branch" | "discard" | "undo">;
  start(): Promise<void>;
  stop(): void;
}

const pruneEveryMs = 24 * 60 * 60_000;

export function createReviewService(options: ReviewServiceOptions): ReviewService {
  const { records, runs, worktrees, clock, logger, publish } = options;
  const summary = (record: ReviewRecord): ReviewSummary => summaryOf(record, clock.now());
  const changed = (record: ReviewRecord): void => {
    publish(summary(record));
  };
  const desk = createReviewDesk({
    records,
    stateDir: options.stateDir,
    isWorking: (runId) => isOpenState(records.get(runId)?.runState ?? "succeeded"),
    changed,
  });
  const news = createReviewNews({ ...worktrees, records, summary, publish, logger });
  const decisions = createReviewDecisions({ ...news, records, desk, clock, logger });
  const { sessions, panic } = options;
  const checks = createReviewChecks({ records, sessions, command: worktrees.command, changed, panic, clock, logger });
  let pruning: NodeJS.Timeout | undefined;

  const checksOf = async ({ appId }: ReviewRecord): Promise<WorktreeSetup["checks"]> =>
    appId === null ? [] : options.checksOf(appId);

  async function view(runId: string): Promise<Review> {
    return desk.inLine(runId, async () => {
      const record = desk.find(runId);
      const open = record.state === "open" ? await desk.read(record) : null;
      const known = await checksOf(record);
      return reviewView(open?.record ?? record, open, {
        checks: known,
        ranElsewhere: options.ranElsewhere(runId),
        nowMs: clock.now(),
      });
    });
  }

  /** Changes the record, tells it, and shows it. */
  async function edit(runId: string, make: (record: ReviewRecord) => ReviewRecord): Promise<Review> {
    desk.find(runId);
    const record = await records.change(runId, make);
    if (record) changed(record);
    return view(runId);
  }

  const comments = createReviewComments({ records, desk, view, edit, runs, hear, checks, clock });
  const opener = createOpener({ records, desk, worktrees, summary, decided: news.decided, changed, clock });
  const parts = createReviewParts({ records, desk, edit, touch: worktrees.touch, clock });

  const service: ReviewService = {
    list() {
      const all = records.list();
      const open = all.filter(({ state }) => state === "open");
      const decided = all.filter(({ state }) => state !== "open").toSorted(newestFirst);
      return {
        open: open.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)).map(summary),
        decided: decided.slice(0, 100).map(summary),
      };
    },
    get: view,
    hasOpen: (runId) => records.get(runId)?.state === "open",
    titleOf: (runId) => records.get(runId)?.title,
    onDecided: news.onDecided,
    onOpened: opener.onOpened,
    open: (run) => desk.inLine(run.id, () => opener.open(run)),
    hear,
    ...comments,
    ...parts,

    async check(runId) {
      await desk.inLine(runId, async () => {
        const { work, record } = await desk.settled(runId);
        await checks.start(runId, work.tree, await checksOf(record));
      });
      return view(runId);
    },
    async stopChecks(runId) {
      desk.find(runId);
      await checks.stop(runId);
      return view(runId);
    },
    stopAllChecks: () => checks.stopAll(),
    decide: decisions,
    async start() {
      await decisions.recover();
      checks.follow();
      news.start();
      const prune = (): void => {
        decisions.prune().catch((error: unknown) => {
          logger.error("Discarded work could not be let go of", {}, error);
        });
      };
      prune();
      pruning = setInterval(prune, pruneEveryMs);
      pruning.unref();
    },
    stop() {
      clearInterval(pruning);
      checks.end();
      news.stop();
    },
  };

  async function hear(run: Run): Promise<void> {
    const known = records.get(run.id);
    if (!known || (known.runState === run.state && known.canContinue === run.canContinue)) return;
    const record = await records.change(run.id, (one) => ({
      ...one,
      runState: run.state,
      canContinue: run.canContinue,
    }));
    if (record) changed(record);
  }

  return service;
}
