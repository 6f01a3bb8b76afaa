import { useQuery } from "@tanstack/react-query";

import type { AutomationAction } from "../../../../contract/features/automation-actions.ts";
import type { Budget } from "../../../../contract/features/runs.ts";
import type { CallReply } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatCost, formatTokens } from "../../lib/format.ts";

type BudgetState = CallReply<"automations.budget">;

const lookEveryMs = 15_000;

/** What all its tasks or runs may use in a day. */
export function dayBudgetOf(action: AutomationAction): Budget | undefined {
  if (action.kind === "task") return action.budget;
  return action.kind === "run" ? action.dayBudget : undefined;
}

/** What its tasks or runs have used today of what they may use; nothing while that is not known, and without a budget. */
export function useBudgetToday(automationId: string, hasBudget: boolean): BudgetState | null {
  const { data } = useQuery({
    ...callQuery("automations.budget", { params: { id: automationId } }),
    enabled: hasBudget,
    refetchInterval: lookEveryMs,
  });
  return hasBudget && data !== undefined && data.budget !== null ? data : null;
}

/** "$0.40 of $1.00 · 3 of 10 minutes" */
export function budgetInWords({ budget, used }: BudgetState): string {
  if (budget === null) return "";
  const parts = [
    budget.costUsd === null ? null : `${formatCost(used.costUsd)} of ${formatCost(budget.costUsd)}`,
    budget.minutes === null ? null : `${Math.round(used.minutes * 10) / 10} of ${budget.minutes} minutes`,
    budget.tokens === null ? null : `${formatTokens(used.tokens)} of ${formatTokens(budget.tokens)} tokens`,
    budget.turns === null ? null : `${used.turns} of ${budget.turns} replies`,
  ];
  return parts.filter((part) => part !== null).join(" · ");
}
