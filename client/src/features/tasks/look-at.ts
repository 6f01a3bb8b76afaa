import type { Task } from "../../../../contract/features/tasks.ts";
import type { Icon } from "../../ui/icon.ts";
import { IconGitMerge, IconHandStop, IconRobot } from "../../ui/icons.gen.ts";

/** Where a task is gone on with. */
export interface Look {
  label: string;
  icon: Icon;
  to: string;
}

/** The way to what a task waits with for the user, or to the run that works on it; `null` while there is none. `reviews` are those that are open. */
export function lookAt(
  { state, runs }: Pick<Task, "state" | "runs">,
  reviews: readonly { runId: string }[] | undefined,
): Look | null {
  const run = runs.at(-1);
  if (run === undefined) return null;
  const to = `/agents/${run.runId}`;
  if (state === "waiting") return { label: "Answer its question", icon: IconHandStop, to };
  if (state === "review") {
    // Without a worktree of its own there is nothing to merge: what it did stands in the run.
    const hasReview = reviews === undefined || reviews.some(({ runId }) => runId === run.runId);
    return { label: "Review its work", icon: IconGitMerge, to: hasReview ? `${to}/review` : to };
  }
  return state === "running" ? { label: "Watch it", icon: IconRobot, to } : null;
}
