import type { Review, ReviewCheck, ReviewFile, ReviewSummary } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { runStatus, type Status } from "../../ui/status.ts";

export const changeWords: Record<ReviewFile["change"], { sign: string; word: string }> = {
  added: { sign: "A", word: "new" },
  changed: { sign: "M", word: "changed" },
  deleted: { sign: "D", word: "deleted" },
  moved: { sign: "R", word: "moved" },
};

/** How the state of a check looks. */
export function checkStatus({ state }: Pick<ReviewCheck, "state">): Status {
  return state;
}

/** "Merged into main", "Kept as the branch fix", "Discarded". */
export function decisionWords({ state, decision }: Pick<ReviewSummary, "state" | "decision">): string {
  if (state === "merged") return `Merged into ${decision?.branch ?? "its branch"}`;
  if (state === "branch") return `Kept as the branch ${decision?.branch ?? ""}`;
  return state === "discarded" ? "Discarded" : "Waits for you";
}

/** How far one has got: "2 of 5 files accepted". */
export function progressWords({ files }: Pick<Review, "files">): string {
  const accepted = files.filter(({ isAccepted }) => isAccepted).length;
  if (accepted === 0) return "";
  return accepted === files.length ? "All files accepted" : `${accepted} of ${files.length} files accepted`;
}

/** What the agent does while its work is looked at, and the way to it; `null` when it is done. `text`: instead of why nothing can be decided. */
export function goingOn(
  { runState }: Pick<Review, "runState">,
  isAsking: boolean,
): { status: Status; text: string | null; label: string } | null {
  if (!isOpenState(runState)) return null;
  if (!isAsking) return { status: runStatus(runState), text: null, label: "Watch it" };
  const text = "The agent asks you something before it goes on.";
  return { status: "waiting for you", text, label: "Answer its question" };
}
