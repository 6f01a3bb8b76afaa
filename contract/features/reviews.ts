import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { appIdSchema } from "./apps.ts";
import { runWorktreeSchema } from "./isolation.ts";
import { runIdSchema, runSchema, stepUpWhenFree } from "./runs.ts";

/** What one file has become. */
export const reviewFileSchema = z.strictObject({
  path: z.string(),
  /** Where it was before it was moved. */
  formerPath: z.string().nullable(),
  change: z.enum(["added", "changed", "deleted", "moved"]),
  added: z.int().min(0),
  removed: z.int().min(0),
  isBinary: z.boolean(),
  /** Revision of the file as it is now; hunks and decisions are bound to it. */
  hash: z.string(),
  isAccepted: z.boolean(),
  /** What its lines do not show: "Can be run now", "Symbolic link". */
  note: z.string().nullable(),
});
export type ReviewFile = z.output<typeof reviewFileSchema>;

/**
 * A run of changed lines with some around them; lines are "+text", "-text" and " text", and "\ No newline at end of file"
 * behind a line without one. A line may end with the carriage return it has in the file.
 */
export const reviewHunkSchema = z.strictObject({
  /** SHA-256 of its path, its lines, and how many equal ones come before it: moving it changes nothing, editing it does. */
  hash: z.string(),
  oldStart: z.int().min(0),
  newStart: z.int().min(0),
  /** Function or section it lies in, as git says. */
  heading: z.string(),
  lines: z.array(z.string()),
  isAccepted: z.boolean(),
});
export type ReviewHunk = z.output<typeof reviewHunkSchema>;

/** A remark about a line, kept with the line's text, so that it is found again when lines move. */
export const reviewCommentSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-z]{8,32}$/),
  path: z.string(),
  side: z.enum(["old", "new"]),
  line: z.int().min(1),
  lineText: z.string(),
  /** The line it was about is not there any more. */
  isOutdated: z.boolean(),
  text: z.string().trim().min(1, "must not be empty").max(10_000, "must have at most 10000 characters"),
  by: z.string(),
  at: z.iso.datetime(),
  /** When it was sent to the agent; `null` while it was not. */
  sentAt: z.iso.datetime().nullable(),
});
export type ReviewComment = z.output<typeof reviewCommentSchema>;

/** One of the app's checks, run in the worktree. */
export const reviewCheckSchema = z.strictObject({
  name: z.string(),
  command: z.string(),
  /** One runs after the other. */
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
  /** Session of portos-cos with its output. */
  sessionId: z.string().nullable(),
  exitCode: z.int().nullable(),
  /** Why it did not come to an end, in one sentence. */
  message: z.string().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** The work as it was when it was checked; `isStale` when it has changed since. */
  tree: z.string(),
  isStale: z.boolean(),
});
export type ReviewCheck = z.output<typeof reviewCheckSchema>;

export const reviewStateSchema = z.enum(["open", "merged", "branch", "discarded"]);

/** The work of a run, to be looked at. Its id is that of the run. */
export const reviewSchema = z.strictObject({
  runId: runIdSchema,
  title: z.string(),
  appId: appIdSchema.nullable(),
  runState: runSchema.shape.state,
  worktree: runWorktreeSchema,
  state: reviewStateSchema,
  files: z.array(reviewFileSchema),
  /** More files than are listed. */
  isCut: z.boolean(),
  added: z.int().min(0),
  removed: z.int().min(0),
  /** Hash of the whole work as it is now: a merge is bound to it. */
  tree: z.string(),
  comments: z.array(reviewCommentSchema),
  checks: z.array(reviewCheckSchema),
  /** Checks the app has; none without an app. */
  knownChecks: z.array(z.strictObject({ name: z.string(), command: z.string() })),
  /** Why comments cannot be sent to the agent, in one sentence; `null` when they can. */
  cannotSend: z.string().nullable(),
  /** Something was reverted that can be brought back. */
  canUndoRevert: z.boolean(),
  /** Files in which the base has changed the same lines; empty when it merges cleanly. */
  conflicts: z.array(z.string()),
  /** Why it cannot be merged now, in one sentence. */
  blocked: z.string().nullable(),
  createdAt: z.iso.datetime(),
  decision: z
    .strictObject({
      by: z.string(),
      at: z.iso.datetime(),
      /** The commit it went into; `null` for what was discarded. */
      commit: z.string().nullable(),
      branch: z.string().nullable(),
      canUndo: z.boolean(),
    })
    .nullable(),
});
export type Review = z.output<typeof reviewSchema>;

/** A line of the list of reviews. */
export const reviewSummarySchema = reviewSchema
  .pick({ runId: true, title: true, appId: true, runState: true, state: true, createdAt: true, decision: true })
  .extend({ files: z.int().min(0), added: z.int().min(0), removed: z.int().min(0) });
export type ReviewSummary = z.output<typeof reviewSummarySchema>;

const id = z.strictObject({ id: runIdSchema });
const comment = z.strictObject({ id: runIdSchema, comment: reviewCommentSchema.shape.id });
const commentBody = reviewCommentSchema.pick({ path: true, side: true, line: true, text: true });
const bound = {
  /** `tree` of what was shown: a changed subject is refused. */
  tree: z.string().max(128),
};

export const reviewsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/reviews",
    summary: "List work that waits to be looked at, and what was decided last",
    reply: z.strictObject({ open: z.array(reviewSummarySchema), decided: z.array(reviewSummarySchema) }),
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/reviews/:id",
    summary: "Read a review",
    params: id,
    reply: reviewSchema,
    audit: "none",
  },
  file: {
    method: "GET",
    path: "/api/reviews/:id/file",
    summary: "Read the changes of one file",
    params: id,
    query: z.strictObject({ path: z.string().min(1).max(2_000) }),
    reply: z.strictObject({ file: reviewFileSchema, hunks: z.array(reviewHunkSchema), isCut: z.boolean() }),
    audit: "none",
  },
  addComment: {
    method: "POST",
    path: "/api/reviews/:id/comments",
    summary: "Comment on a line",
    params: id,
    body: commentBody,
    reply: reviewSchema,
    audit: "write",
  },
  updateComment: {
    method: "PUT",
    path: "/api/reviews/:id/comments/:comment",
    summary: "Change a comment that was not sent yet",
    params: comment,
    body: reviewCommentSchema.pick({ text: true }),
    reply: reviewSchema,
    audit: "write",
  },
  removeComment: {
    method: "DELETE",
    path: "/api/reviews/:id/comments/:comment",
    summary: "Delete a comment",
    params: comment,
    reply: reviewSchema,
    audit: "write",
    stepUp: "delete",
  },
  /** All comments not sent yet, with their lines, as one message to the same agent session. */
  send: {
    method: "POST",
    path: "/api/reviews/:id/send",
    summary: "Send the comments to the agent",
    params: id,
    body: z.strictObject({ text: z.string().max(20_000).default("") }),
    reply: reviewSchema,
    audit: "write",
    stepUpWhen: stepUpWhenFree,
  },
  /** What `send` would say, for whoever takes it elsewhere when the agent cannot go on. */
  message: {
    method: "GET",
    path: "/api/reviews/:id/message",
    summary: "Read the comments as a message",
    params: id,
    reply: z.strictObject({ text: z.string() }),
    audit: "none",
  },
  bringUpToDate: {
    method: "POST",
    path: "/api/reviews/:id/bring-up-to-date",
    summary: "Ask the agent to bring the work up to date",
    params: id,
    reply: reviewSchema,
    audit: "write",
    stepUpWhen: stepUpWhenFree,
  },
  /** Marks files or hunks as looked at and good. */
  accept: {
    method: "POST",
    path: "/api/reviews/:id/accept",
    summary: "Accept a file or a hunk",
    params: id,
    body: z.strictObject({
      path: z.string().min(1).max(2_000),
      hunk: z.string().max(128).nullable().default(null),
      isAccepted: z.boolean().default(true),
    }),
    reply: reviewSchema,
    audit: "write",
  },
  /** Takes the change of a file or of a hunk out of the work. */
  revert: {
    method: "POST",
    path: "/api/reviews/:id/revert",
    summary: "Revert a file or a hunk",
    params: id,
    body: z.strictObject({
      path: z.string().min(1).max(2_000),
      hunk: z.string().max(128).nullable().default(null),
      ...bound,
    }),
    reply: reviewSchema,
    audit: "write",
  },
  /** Undoes the newest revert. */
  undoRevert: {
    method: "POST",
    path: "/api/reviews/:id/undo-revert",
    summary: "Bring back what was reverted last",
    params: id,
    reply: reviewSchema,
    audit: "write",
  },
  check: {
    method: "POST",
    path: "/api/reviews/:id/checks",
    summary: "Run the app's checks on the work",
    params: id,
    reply: reviewSchema,
    audit: "write",
  },
  stopChecks: {
    method: "POST",
    path: "/api/reviews/:id/checks/stop",
    summary: "Stop the checks that run",
    params: id,
    reply: reviewSchema,
    audit: "write",
  },
  /** Into the base branch of the app's folder, which must not have changes of its own in the same files. */
  merge: {
    method: "POST",
    path: "/api/reviews/:id/merge",
    summary: "Merge the work",
    params: id,
    body: z.strictObject({ ...bound, message: z.string().trim().min(1, "must not be empty").max(5_000) }),
    reply: reviewSchema,
    audit: "write",
  },
  /** Keeps the work as a branch of the app's repository and gives the worktree back. */
  branch: {
    method: "POST",
    path: "/api/reviews/:id/branch",
    summary: "Keep the work as a branch",
    params: id,
    body: z.strictObject({
      ...bound,
      name: z.string().trim().min(1, "must not be empty").max(200),
      message: z.string().trim().min(1, "must not be empty").max(5_000),
    }),
    reply: reviewSchema,
    audit: "write",
  },
  discard: {
    method: "POST",
    path: "/api/reviews/:id/discard",
    summary: "Discard the work",
    params: id,
    body: z.strictObject(bound),
    reply: reviewSchema,
    audit: "write",
  },
  /** Takes a merge, a branch or a discard back, as long as nothing was built on it. */
  undo: {
    method: "POST",
    path: "/api/reviews/:id/undo",
    summary: "Take the decision back",
    params: id,
    reply: reviewSchema,
    audit: "write",
  },
});

/** What waits to be looked at, then each change. */
export const reviewsFeed = defineFeed("reviews", {
  snapshot: reviewsEndpoints.list.reply,
  event: z.strictObject({ kind: z.literal("changed"), review: reviewSummarySchema }),
});
