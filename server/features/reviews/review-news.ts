import type { RunWorktree } from "../../../contract/features/isolation.ts";
import type { ReviewSummary } from "../../../contract/features/reviews.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { ReviewRecord, ReviewRecords } from "./review-record.ts";

export type DecidedListener = (review: ReviewSummary & { by: string }) => void | Promise<void>;

/** Tells portos-cos where the work of a worktree has gone; `tree` is all of it, as it was put there. */
export type TellFate = (
  runId: string,
  fate: { fate: "open" | "merged" | "branch" | "discarded"; tree: string | null },
) => Promise<unknown>;

/** Lets portos-cos look after a worktree again that was given back, and made again for a decision that was taken back. */
export type AdoptWorktree = (
  runId: string,
  made: { runTitle: string; appId: string | null; worktree: RunWorktree },
) => Promise<unknown>;

interface NewsOptions {
  records: ReviewRecords;
  summary(record: ReviewRecord): ReviewSummary;
  setFate: TellFate;
  adopt: AdoptWorktree;
  publish(review: ReviewSummary): void;
  logger: Logger;
}

/** Tells of decisions, each of those who must know once, also when they are away at first. */
export interface ReviewNews {
  onDecided(listener: DecidedListener): void;
  /** Resolves when it is on disk that there is something to be told; whoever hears of it may need the work itself. */
  decided(record: ReviewRecord, by: string): Promise<void>;
  /** Resolves when everybody who can be reached has heard what was decided on a run so far. */
  told(runId: string): Promise<void>;
  start(): void;
  stop(): void;
}

const retryEveryMs = 20_000;

export function createReviewNews({ records, summary, setFate, adopt, publish, logger }: NewsOptions): ReviewNews {
  const listeners: DecidedListener[] = [];
  const telling = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  async function tellListeners(record: ReviewRecord, by: string): Promise<void> {
    for (const listener of listeners) {
      try {
        await listener({ ...summary(record), by });
      } catch (error) {
        logger.error("What follows from a review failed", { run: record.runId }, error);
      }
    }
  }

  async function tellCos(record: ReviewRecord): Promise<boolean> {
    const { runId, state, decision } = record;
    try {
      await setFate(runId, { fate: state, tree: decision?.tree ?? null });
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code !== "not_found") return false;
      // Of a worktree portos-cos knows nothing of there is nothing to note, unless it has just been made again.
      return state === "open" ? giveBack(record) : true;
    }
  }

  async function giveBack({ runId, title, appId, worktree }: ReviewRecord): Promise<boolean> {
    try {
      await adopt(runId, { runTitle: title, appId, worktree });
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === "unavailable" || error.code === "timeout") return false;
      logger.warn("portos-cos does not look after a worktree that was made again", { run: runId, why: error.message });
      return true;
    }
  }

  async function tell(runId: string): Promise<void> {
    const record = records.get(runId);
    if (!record?.news) return;
    const { by, to } = record.news;
    if (to.includes("listeners")) {
      await tellListeners(record, by);
      await heard(record, "listeners");
    }
    if (to.includes("cos") && (await tellCos(record))) await heard(record, "cos");
  }

  async function heard(told: ReviewRecord, who: "cos" | "listeners"): Promise<void> {
    await records.change(told.runId, (one) => {
      const isSame = one.state === told.state && one.decision?.at === told.decision?.at;
      if (one.news === null || !isSame) return one; // something newer was decided meanwhile, which nobody has heard yet
      const left = one.news.to.filter((other) => other !== who);
      return { ...one, news: left.length > 0 ? { ...one.news, to: left } : null };
    });
  }

  /** Of one run one thing after the other, and nobody waits for it who holds the work. */
  function tellSoon(runId: string): void {
    const before = telling.get(runId) ?? Promise.resolve();
    const work = before
      .then(() => tell(runId))
      .catch((error: unknown) => {
        logger.error("A decision could not be told", { run: runId }, error);
      })
      .finally(() => {
        if (telling.get(runId) === work) telling.delete(runId);
      });
    telling.set(runId, work);
  }

  function tellAll(): void {
    for (const { runId, news } of records.list()) if (news !== null && !telling.has(runId)) tellSoon(runId);
  }

  return {
    onDecided: (listener) => {
      listeners.push(listener);
    },
    async decided(record, by) {
      await records.change(record.runId, (one) => ({ ...one, news: { by, to: ["listeners", "cos"] } }));
      publish(summary(record));
      tellSoon(record.runId);
    },
    told: (runId) => telling.get(runId) ?? Promise.resolve(),
    start() {
      tellAll();
      timer = setInterval(tellAll, retryEveryMs);
      timer.unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
