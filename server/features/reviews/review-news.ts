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

interface NewsOptions {
  records: ReviewRecords;
  summary(record: ReviewRecord): ReviewSummary;
  setFate: TellFate;
  publish(review: ReviewSummary): void;
  logger: Logger;
}

/** Tells of decisions, each of those who must know once, also when they are away at first. */
export interface ReviewNews {
  onDecided(listener: DecidedListener): void;
  decided(record: ReviewRecord, by: string): Promise<void>;
  start(): void;
  stop(): void;
}

const retryEveryMs = 20_000;

export function createReviewNews({ records, summary, setFate, publish, logger }: NewsOptions): ReviewNews {
  const listeners: DecidedListener[] = [];
  const telling = new Set<string>();
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

  async function tellCos({ runId, state, decision }: ReviewRecord): Promise<boolean> {
    try {
      await setFate(runId, { fate: state, tree: decision?.tree ?? null });
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // A worktree portos-cos knows nothing of has no fate to be noted.
      return error.code === "not_found";
    }
  }

  async function tell(runId: string): Promise<void> {
    const record = records.get(runId);
    if (!record?.news || telling.has(runId)) return;
    telling.add(runId);
    const { by, to } = record.news;
    try {
      if (to.includes("listeners")) {
        await tellListeners(record, by);
        await heard(runId, "listeners");
      }
      if (to.includes("cos") && (await tellCos(record))) await heard(runId, "cos");
    } finally {
      telling.delete(runId);
    }
  }

  async function heard(runId: string, who: "cos" | "listeners"): Promise<void> {
    await records.change(runId, (one) => {
      const left = (one.news?.to ?? []).filter((other) => other !== who);
      return { ...one, news: one.news && left.length > 0 ? { ...one.news, to: left } : null };
    });
  }

  function tellAll(): void {
    for (const { runId, news } of records.list())
      if (news !== null)
        tell(runId).catch((error: unknown) => {
          logger.error("A decision could not be told", { run: runId }, error);
        });
  }

  return {
    onDecided: (listener) => {
      listeners.push(listener);
    },
    async decided(record, by) {
      await records.change(record.runId, (one) => ({ ...one, news: { by, to: ["listeners", "cos"] } }));
      publish(summary(record));
      await tell(record.runId);
    },
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
