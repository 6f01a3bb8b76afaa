import type { Budget } from "../../../contract/features/runs.ts";
import { emptyUse, type TaskRun } from "./task-record.ts";

/** What several runs have used together. */
export function usedBy(runs: readonly Pick<TaskRun, "used">[]): TaskRun["used"] {
  return runs.reduce(
    (sum, { used }) => ({
      costUsd: sum.costUsd + used.costUsd,
      tokens: sum.tokens + used.tokens,
      turns: sum.turns + used.turns,
      minutes: sum.minutes + used.minutes,
    }),
    emptyUse,
  );
}

const leastMinutes = 0.1;

/** What the runs of a task before leave of its budget for the next one, or why they leave nothing. */
export function budgetLeft(budget: Budget, runs: readonly TaskRun[]): { left: Budget; exceeded: string | null } {
  const used = usedBy(runs);
  const left: Budget = {
    costUsd: budget.costUsd === null ? null : rounded(budget.costUsd - used.costUsd),
    tokens: budget.tokens === null ? null : budget.tokens - used.tokens,
    turns: budget.turns === null ? null : budget.turns - used.turns,
    minutes: budget.minutes === null ? null : rounded(budget.minutes - used.minutes),
  };
  const after = runs.length === 1 ? "1 run" : `${runs.length} runs`;
  const told = (limit: string, spent: string): string => `Its budget of ${limit} is used up: ${spent} after ${after}.`;
  let exceeded: string | null = null;
  if (left.costUsd !== null && left.costUsd <= 0) exceeded = told(money(budget.costUsd), money(used.costUsd));
  else if (left.tokens !== null && left.tokens <= 0) exceeded = told(`${budget.tokens} tokens`, `${used.tokens}`);
  else if (left.turns !== null && left.turns <= 0) exceeded = told(`${budget.turns} turns`, `${used.turns}`);
  else if (left.minutes !== null && left.minutes < leastMinutes)
    exceeded = told(`${budget.minutes} minutes`, used.minutes.toFixed(1));
  return { left, exceeded };
}

function money(dollars: number | null): string {
  return `$${(dollars ?? 0).toFixed(2)}`;
}

/** Without the dust of binary fractions. */
function rounded(value: number): number {
  return Math.round(value * 1_000_000) / 1_000_000;
}
