import type { Budget } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { isCostKnown } from "../../cost-known.ts";
import { money } from "../../run-use.ts";

/**
 * Those of whom it is known what they cost, when a budget limits that: what nobody counts would never stop. Throws
 * `invalid_request` naming the others when nobody is left.
 */
export function countableTargets(targets: RunTarget[], { costUsd }: Pick<Budget, "costUsd">): RunTarget[] {
  if (costUsd === null) return targets;
  const countable = targets.filter(isCostKnown);
  if (countable.length > 0) return countable;
  const names = [...new Set(targets.map(nameOf))].join(", ");
  const message = `The budget of ${money(costUsd)} cannot be kept: no price is known for ${names}`;
  throw new AppError("invalid_request", message, {
    hint: "Set the price of the model on the Providers page, or limit tokens instead of dollars.",
    issues: [{ path: "body.budget.costUsd", message: `no price is known for ${names}` }],
  });
}

function nameOf({ model, providerName }: RunTarget): string {
  return model === null ? providerName : `${model} of ${providerName}`;
}
