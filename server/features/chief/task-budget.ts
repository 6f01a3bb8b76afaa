import type { Budget } from "../../../contract/features/runs.ts";
import { leftOf, sumOfUse } from "../../run-use.ts";
import type { TaskRun } from "./task-record.ts";

/** What several runs have used together. */
export function usedBy(runs: readonly Pick<TaskRun, "used">[]): TaskRun["used"] {
  return sumOfUse(runs.map(({ used }) => used));
}

/** What the runs of a task before leave of its budget for the next one, or why they leave nothing. */
export function budgetLeft(budget: Budget, runs: readonly TaskRun[]): { left: Budget; exceeded: string | null } {
  const { left, exceeded } = leftOf(budget, usedBy(runs));
  if (exceeded === null) return { left, exceeded };
  const after = runs.length === 1 ? "1 run" : `${runs.length} runs`;
  return { left, exceeded: `Its budget of ${exceeded.limit} is used up: ${exceeded.spent} after ${after}.` };
}
