import type { Review } from "../../../../contract/features/reviews.ts";
import { call } from "../../lib/api.ts";
import { readPreference, writePreference } from "../../lib/preferences.ts";

/** A line to be commented on. */
export interface NewComment {
  path: string;
  side: "old" | "new";
  line: number;
  text: string;
}

/** Merges what is shown. The page then says so, with the way back. */
export function mergeReview({ runId, tree }: Review, message: string): Promise<Review> {
  return call("reviews.merge", { params: { id: runId }, body: { tree, message } });
}

/** Keeps what is shown as a branch. */
export function keepAsBranch({ runId, tree }: Review, name: string, message: string): Promise<Review> {
  return call("reviews.branch", { params: { id: runId }, body: { tree, name, message } });
}

/** Discards what is shown, at once: it can be had back. */
export function discardReview({ runId, tree }: Review): Promise<Review> {
  return call("reviews.discard", { params: { id: runId }, body: { tree } });
}

/** Takes a decision back. */
export function undoDecision(runId: string): Promise<Review> {
  return call("reviews.undo", { params: { id: runId } });
}

/** Puts the comments into the draft of a new run, for an agent that cannot go on. */
export async function draftFromComments({ runId, worktree }: Review): Promise<void> {
  const { text } = await call("reviews.message", { params: { id: runId } });
  const where = `The work is on the branch ${worktree.branch}, with changes that are not committed in ${worktree.folder}.`;
  const draft = readPreference<Record<string, unknown>>("runs.draft", {});
  writePreference("runs.draft", { ...draft, text: `${text}\n\n${where}`, promptId: "" });
}

/** A name for a branch, made from a title: "Fix the login" becomes "fix-the-login". */
export function branchName(title: string): string {
  const words = title
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return words.slice(0, 50).replace(/-+$/, "") || "work";
}
