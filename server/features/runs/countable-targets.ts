import type { Budget, Run } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { money } from "../../../lib/money.ts";
import { isCostKnown } from "../../cost-known.ts";

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

/**
 * Who is asked when a run goes on: whoever answered last, as it is set up now; nobody when that one is not there. Its price may have
 * been taken away meanwhile: throws like `countableTargets` then.
 */
export function targetsToGoOn(
  { attempts, budget }: Pick<Run, "attempts" | "budget">,
  targets: RunTarget[],
): RunTarget[] {
  const last = attempts.at(-1);
  if (!last) return countableTargets(targets, budget);
  const same = targets.filter(({ providerId }) => providerId === last.providerId);
  const target = same.find(({ model }) => model === last.model) ?? same[0];
  return target ? countableTargets([target], budget) : [];
}

function nameOf({ model, providerName }: RunTarget): string {
  return model === null ? providerName : `${model} of ${providerName}`;
}
