import { reviewsFeed, type ReviewSummary } from "../../../contract/features/reviews.ts";
import type { WorktreeSetup } from "../../../contract/features/worktrees.ts";
import { internalWorktreesEndpoints } from "../../../contract/internal/worktrees.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import type { CosClient } from "../../cos-client.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { NewNotification } from "../notifications/notification-service.ts";
import { createReviewRecords, reviewsFile, type ReviewsFile } from "./review-record.ts";
import { createReviewService, type ReviewService, type ReviewServiceOptions } from "./review-service.ts";
import { mountReviews } from "./routes.ts";

export interface BuildReviewsOptions {
  runs: ReviewServiceOptions["runs"];
  checksOf(appId: string): Promise<WorktreeSetup["checks"]>;
  /** Checks that repairs have run on the work of this run. */
  ranElsewhere?: ReviewServiceOptions["ranElsewhere"];
  sessions: Pick<CosClient, "get" | "kill" | "list" | "onSession">;
  /** While it is on no check is started. */
  panic: { isOn(): boolean; check(): void };
  notifications: { notify(notice: NewNotification): Promise<unknown>; settle(key: string): Promise<unknown> };
  /** Whether somebody else tells the user that the work of this run waits. */
  isToldElsewhere?(runId: string): boolean;
  /** Worktrees in portos-cos; replaced in tests. */
  worktrees?: ReviewServiceOptions["worktrees"] | undefined;
}

/** Reviews on the API and on the `reviews` feed, and in the notifications while they wait. */
export async function buildReviews(context: AppContext, options: BuildReviewsOptions): Promise<ReviewService> {
  const { env, clock, mount, realtime } = context;
  const { notifications, worktrees, isToldElsewhere, ranElsewhere = () => [], ...rest } = options;
  const records = createReviewRecords(await context.openStore<ReviewsFile>("reviews", reviewsFile));
  const feed = createFeed(realtime, reviewsFeed, { snapshot: () => reviews.list() });
  const reviews = createReviewService({
    ...rest,
    ranElsewhere,
    records,
    stateDir: env.stateDir,
    worktrees: worktrees ?? worktreesOf(`http://127.0.0.1:${env.ports.cos}`),
    publish: (review) => {
      feed.publish({ kind: "changed", review });
    },
    clock,
    logger: context.logger.child("reviews"),
  });
  mountReviews(mount, reviews, options.runs);
  context.names.add("reviews", ({ id = "" }) => reviews.titleOf(id));
  reviews.onOpened(async (review) => {
    if (isToldElsewhere?.(review.runId) !== true) await notifications.notify(openNotice(review));
  });
  reviews.onDecided(async (review) => {
    if (review.state === "open") await notifications.notify(openNotice(review));
    else await notifications.settle(reviewKey(review.runId));
  });
  context.onStop(() => {
    reviews.stop();
  });
  return reviews;
}

/** Key under which a review waits in the notification centre. */
export function reviewKey(runId: string): string {
  return `review:${runId}`;
}

function openNotice({ runId, title, files, added, removed }: ReviewSummary): NewNotification {
  const count = files === 1 ? "One file changed" : `${files} files changed`;
  return {
    level: "info",
    title: `${title} waits for your review`,
    message: `${count}, +${added} −${removed}`,
    link: `/agents/${runId}/review`,
    key: reviewKey(runId),
    needsYou: true,
  };
}

/** A command may have to wait for a set-up; the rest is quick. */
const commandTimeoutMs = 30_000;

function worktreesOf(baseUrl: string): ReviewServiceOptions["worktrees"] {
  const cos = createInternalClient(internalWorktreesEndpoints, { baseUrl, name: "portos-cos" });
  return {
    get: (id) => cos.get({ params: { id } }),
    command: (id, body) => cos.command({ params: { id }, body }, { timeoutMs: commandTimeoutMs }),
    setFate: (id, body) => cos.setFate({ params: { id }, body }),
    adopt: (id, body) => cos.adopt({ params: { id }, body }, { timeoutMs: commandTimeoutMs }),
    touch: (id) => cos.touch({ params: { id } }),
  };
}
