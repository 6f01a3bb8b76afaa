import type { AgentKind } from "../../../contract/features/providers.ts";
import type { Budget } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { isLoopback } from "../../../lib/loopback.ts";
import { money } from "../../run-use.ts";

/** Programs that say themselves what an answer has cost. */
const tellingAgents: ReadonlySet<AgentKind> = new Set(["claude", "opencode"]);

/**
 * Those of whom it is known what they cost, when a budget limits that: what nobody counts would never stop. Throws
 * `invalid_request` naming the others when nobody is left.
 */
export function countableTargets(targets: RunTarget[], { costUsd }: Pick<Budget, "costUsd">): RunTarget[] {
  if (costUsd === null) return targets;
  const countable = targets.filter(isCountable);
  if (countable.length > 0) return countable;
  const names = [...new Set(targets.map(nameOf))].join(", ");
  const message = `The budget of ${money(costUsd)} cannot be kept: no price is known for ${names}`;
  throw new AppError("invalid_request", message, {
    hint: "Set the price of the model on the Providers page, or limit tokens instead of dollars.",
    issues: [{ path: "body.budget.costUsd", message: `no price is known for ${names}` }],
  });
}

function isCountable(target: RunTarget): boolean {
  if (target.price !== null) return true;
  if (target.engine === "api") return isHere(target.baseUrl);
  return target.engine !== "terminal" && tellingAgents.has(target.agent);
}

/** A model on this machine costs nothing. */
function isHere(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.replaceAll(/^\[|\]$/g, "");
  return host === "localhost" || isLoopback(host);
}

function nameOf({ model, providerName }: RunTarget): string {
  return model === null ? providerName : `${model} of ${providerName}`;
}
