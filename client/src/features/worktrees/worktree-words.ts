import type { Worktree } from "../../../../contract/features/worktrees.ts";
import { formatBytes } from "../../lib/format.ts";

const fates: Record<Worktree["fate"], string> = {
  open: "not decided yet",
  merged: "merged",
  branch: "kept as a branch",
  discarded: "discarded",
  empty: "nothing changed",
  gone: "folder is gone",
};

/** Where the work of a worktree has gone, or that it goes on. */
export function fateWords({ isInUse, fate }: Pick<Worktree, "isInUse" | "fate">): string {
  return isInUse && fate !== "gone" ? "in use" : fates[fate];
}

/** What is in it: "2 commits ahead, uncommitted changes". */
export function workWords({
  commitsAhead,
  isDirty,
  lacksSetup,
}: Pick<Worktree, "commitsAhead" | "isDirty" | "lacksSetup">): string {
  if (commitsAhead === null || isDirty === null) return "not known yet";
  const parts = [
    ...(commitsAhead === 0 ? [] : [commitsAhead === 1 ? "1 commit ahead" : `${String(commitsAhead)} commits ahead`]),
    ...(isDirty ? ["uncommitted changes"] : []),
  ];
  return [parts.length === 0 ? "clean" : parts.join(", "), ...(lacksSetup ? ["set-up not run"] : [])].join(", ");
}

/** What goes with it because git ignores it: "Goes with it: node_modules/, dist/ and more". */
export function ignoredWords({ ignored }: Pick<Worktree, "ignored">): string {
  const shown = ignored.slice(0, 3).join(", ");
  return `Goes with it, ignored by git: ${shown}${ignored.length > 3 ? " and more" : ""}`;
}

/** What reclaiming all has done: "Removed 3 worktrees, 120 MB are free again. 1 stays." */
export function reclaimedWords({ removed, kept, freedBytes }: { removed: number; kept: number; freedBytes: number }) {
  const gone = removed === 1 ? "Removed 1 worktree" : `Removed ${String(removed)} worktrees`;
  const freed = freedBytes === 0 ? "" : `, ${formatBytes(freedBytes)} are free again`;
  const stay = kept === 0 ? "" : kept === 1 ? " 1 stays." : ` ${String(kept)} stay.`;
  return `${gone}${freed}.${stay}`;
}
