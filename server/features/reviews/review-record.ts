import { z } from "zod";

import { runWorktreeSchema } from "../../../contract/features/isolation.ts";
import { reviewCheckSchema, reviewCommentSchema, reviewSchema } from "../../../contract/features/reviews.ts";
import type { JsonStore } from "../../../lib/json-store.ts";

const commitId = z.string().regex(/^[0-9a-f]{40,64}$/);

const storedCommentSchema = reviewCommentSchema.omit({ isOutdated: true }).extend({
  /** Lines around it when it was written, nearest first: they tell it from equal lines elsewhere. */
  before: z.array(z.string()),
  after: z.array(z.string()),
});
export type StoredComment = z.output<typeof storedCommentSchema>;

const storedCheckSchema = reviewCheckSchema.omit({ isStale: true }).extend({
  id: z.string(),
  timeoutMs: z.int().min(1),
  /** It runs and is to be ended, which portos-cos was not there for yet. */
  isEnding: z.boolean().optional(),
});
export type StoredCheck = z.output<typeof storedCheckSchema>;

/** Two trees: what a revert has made of the work, and what it was before. */
const revertSchema = z.strictObject({ before: commitId, after: commitId, by: z.string(), at: z.iso.datetime() });

const whoSchema = z.strictObject({ by: z.string(), at: z.iso.datetime() });

/** The work as it was decided on. */
const decisionSchema = whoSchema.extend({
  /** What the decision made of it, and what the worktree stood on before. */
  work: commitId,
  head: commitId,
  base: commitId,
  tree: commitId,
  /** For a merge: the branch, where it was and where it went. */
  reference: z.string().nullable(),
  from: commitId.nullable(),
  to: commitId.nullable(),
  branch: z.string().nullable(),
});
export type StoredDecision = z.output<typeof decisionSchema>;

/** A merge, or one taken back, that was begun; written before the first step, gone behind the last. */
const pendingSchema = z.strictObject({ kind: z.enum(["merge", "undo"]), decision: decisionSchema });
export type PendingMerge = z.output<typeof pendingSchema>;

const recordSchema = reviewSchema
  .pick({ runId: true, title: true, appId: true, runState: true, state: true, createdAt: true })
  .extend({
    worktree: runWorktreeSchema,
    /** Untracked files PortOS has put into the worktree; no work of the run. */
    copied: z.array(z.string()),
    /** The agent can be told something more. */
    canContinue: z.boolean(),
    /** As last counted. */
    figures: z.strictObject({ files: z.int().min(0), added: z.int().min(0), removed: z.int().min(0) }),
    /** The work as last read. */
    last: z.strictObject({ tree: commitId, base: commitId, head: commitId }).nullable(),
    comments: z.array(storedCommentSchema),
    /** Hashes of files and hunks. */
    accepted: z.array(z.string()),
    reverts: z.array(revertSchema),
    checks: z.array(storedCheckSchema),
    decision: decisionSchema.nullable(),
    pending: pendingSchema.nullable(),
    /** A decision, or that one was taken back, of which not everybody has heard yet: portos-cos, and those who listen. */
    news: z.strictObject({ by: z.string(), to: z.array(z.enum(["cos", "listeners"])) }).nullable(),
  });
export type ReviewRecord = z.output<typeof recordSchema>;

const fileSchema = z.strictObject({ reviews: z.array(recordSchema) });
export type ReviewsFile = z.output<typeof fileSchema>;

/** How `data/reviews.json` is opened. */
export const reviewsFile = { schema: fileSchema, initial: { reviews: [] }, version: 1 };

const keepDecided = 300;

/** Reviews by run, kept on disk. */
export interface ReviewRecords {
  get(runId: string): ReviewRecord | undefined;
  list(): readonly ReviewRecord[];
  put(record: ReviewRecord): Promise<void>;
  /** Resolves with the record as it is on disk then; `undefined` when there is none. */
  change(runId: string, make: (record: ReviewRecord) => ReviewRecord): Promise<ReviewRecord | undefined>;
}

export function createReviewRecords(store: JsonStore<ReviewsFile>): ReviewRecords {
  const get = (runId: string): ReviewRecord | undefined => store.get().reviews.find((one) => one.runId === runId);
  return {
    get,
    list: () => store.get().reviews,
    put: (record) =>
      store.update(({ reviews }) => ({
        next: { reviews: prune([record, ...reviews.filter(({ runId }) => runId !== record.runId)]) },
        result: undefined,
      })),
    async change(runId, make) {
      await store.update((current) => ({
        next: { reviews: current.reviews.map((one) => (one.runId === runId ? make(one) : one)) },
        result: undefined,
      }));
      return get(runId);
    },
  };
}

function prune(reviews: ReviewRecord[]): ReviewRecord[] {
  const decided = reviews.filter(({ state }) => state !== "open").toSorted(newestFirst);
  const old = new Set(decided.slice(keepDecided).map(({ runId }) => runId));
  return reviews.filter(({ runId }) => !old.has(runId));
}

/** By when they were decided, the newest first. */
export function newestFirst(one: ReviewRecord, other: ReviewRecord): number {
  return (other.decision?.at ?? other.createdAt).localeCompare(one.decision?.at ?? one.createdAt);
}
