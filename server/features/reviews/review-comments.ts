import { randomBytes } from "node:crypto";

import type { Review } from "../../../contract/features/reviews.ts";
import type { Run } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { redact } from "../../../lib/redact.ts";
import { anchorOf } from "./comment-anchor.ts";
import { commentMessage, upToDateMessage } from "./comment-message.ts";
import { shownOf, type ReviewDesk } from "./review-desk.ts";
import type { ReviewRecord, ReviewRecords } from "./review-record.ts";
import { readSide, sendProblem } from "./review-view.ts";

interface CommentOptions {
  records: ReviewRecords;
  desk: ReviewDesk;
  view(runId: string): Promise<Review>;
  edit(runId: string, make: (record: ReviewRecord) => ReviewRecord): Promise<Review>;
  runs: { say(id: string, text: string): Promise<Run> };
  hear(run: Run): Promise<void>;
  checks: { stop(runId: string): Promise<unknown> };
  clock: Clock;
}

type CommentInput = { path: string; side: "old" | "new"; line: number; text: string };

/** Remarks about lines, and what is said to the agent about its work. */
export interface ReviewComments {
  addComment(runId: string, comment: CommentInput, by: string): Promise<Review>;
  updateComment(runId: string, commentId: string, text: string): Promise<Review>;
  removeComment(runId: string, commentId: string): Promise<Review>;
  message(runId: string): Promise<string>;
  send(runId: string, text: string): Promise<Review>;
  bringUpToDate(runId: string): Promise<Review>;
}

const maxComments = 500;

export function createReviewComments(options: CommentOptions): ReviewComments {
  const { records, desk, view, edit, clock } = options;

  async function say(runId: string, text: string): Promise<void> {
    const problem = sendProblem(desk.find(runId));
    if (problem !== null) throw new AppError("conflict", problem);
    await options.hear(await options.runs.say(runId, text));
    await options.checks.stop(runId); // what they look at changes from now on
  }

  /** Comments that wait, with their lines as they are numbered now, as they are shown. */
  async function unsent(runId: string): Promise<Review["comments"]> {
    return (await view(runId)).comments.filter(({ sentAt }) => sentAt === null);
  }

  /** The same as they were written: the agent is told what the user said. */
  async function unsentAsWritten(runId: string): Promise<Review["comments"]> {
    const shown = await unsent(runId);
    const written = new Map(desk.find(runId).comments.map(({ id, text }) => [id, text]));
    return shown.map((comment) => ({ ...comment, text: written.get(comment.id) ?? comment.text }));
  }

  return {
    async addComment(runId, { path, side, line, text }, by) {
      await desk.inLine(runId, async () => {
        const { record, changes, place } = await shownOf(desk, runId);
        if (record.comments.length >= maxComments)
          throw new AppError("conflict", `A review takes at most ${maxComments} comments`);
        const shown = records.get(runId)?.decision ?? records.get(runId)?.last;
        const lines = shown ? await readSide(place, { path, side }, { changes, ...shown }) : null;
        const anchor = lines && anchorOf(lines, line);
        if (!anchor) throw new AppError("conflict", "This line is not there any more");
        const { lineText, before, after } = anchor;
        const at = new Date(clock.now()).toISOString();
        const id = randomBytes(8).toString("hex");
        const comment = { id, path, side, line, lineText, before: [...before], after: [...after], text, by, at };
        await records.change(runId, (one) => ({ ...one, comments: [...one.comments, { ...comment, sentAt: null }] }));
      });
      return edit(runId, (one) => one);
    },
    updateComment: (runId, commentId, text) =>
      edit(runId, (one) => {
        requireUnsent(one, commentId);
        return {
          ...one,
          // What is shown of it may come back as it was shown.
          comments: one.comments.map((entry) =>
            entry.id === commentId && text !== redact(entry.text) ? { ...entry, text } : entry,
          ),
        };
      }),
    removeComment: (runId, commentId) =>
      edit(runId, (one) => {
        if (!one.comments.some(({ id }) => id === commentId)) throw noComment();
        return { ...one, comments: one.comments.filter(({ id }) => id !== commentId) };
      }),
    message: async (runId) => commentMessage(await unsent(runId), ""),
    async send(runId, text) {
      const told = await unsentAsWritten(runId);
      if (told.length === 0 && text.trim() === "") throw new AppError("conflict", "There is nothing to be sent");
      await say(runId, commentMessage(told, text));
      const sent = new Set(told.map(({ id }) => id));
      const sentAt = new Date(clock.now()).toISOString();
      return edit(runId, (one) => ({
        ...one,
        // Nobody needs its secrets any more.
        comments: one.comments.map((entry) =>
          sent.has(entry.id) ? { ...entry, text: redact(entry.text), sentAt } : entry,
        ),
      }));
    },
    async bringUpToDate(runId) {
      const { conflicts, worktree } = await view(runId);
      if (worktree.baseBranch === null) throw new AppError("conflict", "The work began on no branch");
      await say(runId, upToDateMessage(worktree.baseBranch, conflicts));
      return view(runId);
    },
  };
}

function requireUnsent(record: ReviewRecord, commentId: string): void {
  const comment = record.comments.find(({ id }) => id === commentId);
  if (!comment) throw noComment();
  if (comment.sentAt !== null) throw new AppError("conflict", "This comment was sent already");
}

function noComment(): AppError {
  return new AppError("not_found", "There is no such comment");
}
