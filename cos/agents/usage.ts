import type { ModelPrice } from "../../contract/features/providers.ts";
import type { Usage } from "../../contract/features/run-events.ts";
import type { Budget, LimitNames } from "../../contract/features/runs.ts";
import type { RunTarget } from "../../contract/internal/runs.ts";
import { money } from "../../lib/money.ts";
import { stoppedText } from "./ending.ts";

export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  turns: 0,
  costUsd: null,
};

/** The sum; a cost that is not known counts as nothing, and the sum is unknown only when both are. */
export function addUsage(one: Usage, other: Usage): Usage {
  const hasCost = one.costUsd !== null || other.costUsd !== null;
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
    turns: one.turns + other.turns,
    costUsd: hasCost ? (one.costUsd ?? 0) + (other.costUsd ?? 0) : null,
    ...(one.isEstimated === true || other.isEstimated === true ? { isEstimated: true } : {}),
  };
}

const tokensOfPicture = 1_500;

/** About what one request uses, of which nothing was told: input from what was sent, output from what has come so far. */
export function estimatedUsage(sent: { characters: number; pictures: number }, receivedCharacters: number): Usage {
  return {
    ...noUsage,
    inputTokens: Math.ceil(sent.characters / 4) + sent.pictures * tokensOfPicture,
    outputTokens: Math.ceil(receivedCharacters / 4),
    turns: 1,
    isEstimated: true,
  };
}

/** Usage with its cost: as the provider told it, else by the price per million tokens. Cached tokens are part of the input. */
export function priced(usage: Usage, price: ModelPrice | null): Usage {
  if (price === null || (usage.costUsd !== null && usage.costUsd > 0)) return usage;
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
  const cost =
    (usage.inputTokens - cached) * price.input +
    cached * (price.cachedInput ?? price.input) +
    usage.outputTokens * price.output;
  return { ...usage, costUsd: cost / 1e6 };
}

/** A count as programs tell it: nothing, a number or nonsense. */
export function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}

/** Which limit of the budget is used up, as one sentence; `null` while none is. */
export function budgetProblem(
  usage: Usage,
  { costUsd, tokens, turns, minutes }: Budget,
  activeMs: number,
  names: LimitNames = {},
): string | null {
  const spent = usage.costUsd ?? 0;
  if (costUsd !== null && spent >= costUsd)
    return usedUp(names.costUsd ?? own(money(costUsd)), `${money(spent)} were spent`);
  const used = usage.inputTokens + usage.outputTokens;
  if (tokens !== null && used >= tokens) return usedUp(names.tokens ?? own(`${tokens} tokens`), `${used} were used`);
  if (turns !== null && usage.turns > turns) return turnsProblem(turns, usage.turns, names);
  const worked = activeMs / 60_000;
  if (minutes !== null && worked >= minutes)
    return usedUp(
      names.minutes ?? own(counted(minutes, "minute")),
      `it worked for ${worked.toFixed(minutes < 1 ? 2 : 1)}`,
    );
  return null;
}

/** What a run says whose replies are as many as it may have. */
export function turnsProblem(turns: number, used: number, names: LimitNames = {}): string {
  return usedUp(names.turns ?? own(counted(turns, "turn")), `${used === 1 ? "1 was" : `${used} were`} used`);
}

function usedUp(budget: string, used: string): string {
  return stoppedText(`${budget} is used up: ${used}`);
}

function own(limit: string): string {
  return `The run's budget of ${limit}`;
}

function counted(number: number, one: string): string {
  return `${number} ${number === 1 ? one : `${one}s`}`;
}

/** Why the money of a budget may go unseen with this target, as one sentence; `null` when its cost is known. */
export function unwatchedBudget(
  { model, price, providerName }: Pick<RunTarget, "model" | "price" | "providerName">,
  { costUsd }: Pick<Budget, "costUsd">,
): string | null {
  if (costUsd === null || price !== null) return null;
  const what = model === null ? `what ${providerName} uses` : `${model} of ${providerName}`;
  return `No price is set for ${what}: the budget of ${money(costUsd)} counts only what it says it has cost. Set a price under Providers, or a budget of tokens.`;
}
