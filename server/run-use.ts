import type { Budget, LimitNames, Run } from "../contract/features/runs.ts";
import { money } from "../lib/money.ts";

/** What runs have used, in the units of a budget. */
export interface RunUse {
  costUsd: number;
  tokens: number;
  turns: number;
  minutes: number;
}

/** What a run has used so far. */
export function useOf(run: UsedRun): RunUse {
  const { inputTokens, outputTokens, turns, costUsd } = run.usage;
  return { costUsd: costUsd ?? 0, tokens: inputTokens + outputTokens, turns, minutes: minutesOf(run) };
}

type UsedRun = Pick<Run, "usage" | "attempts">;

/** Without waiting, neither for a turn nor for answers, like the limit of the run itself. */
function minutesOf({ attempts }: UsedRun): number {
  return attempts.reduce((sum, attempt) => sum + msOf(attempt), 0) / 60_000;
}

/** From its start to its end where nobody has watched it, since portos-cos was killed meanwhile. */
function msOf({ activeMs, startedAt, endedAt }: Run["attempts"][number]): number {
  if (activeMs != null) return activeMs;
  return endedAt === null ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}

/** All of it together. */
export function sumOfUse(uses: readonly RunUse[]): RunUse {
  return uses.reduce(
    (sum, use) => ({
      costUsd: sum.costUsd + use.costUsd,
      tokens: sum.tokens + use.tokens,
      turns: sum.turns + use.turns,
      minutes: sum.minutes + use.minutes,
    }),
    { costUsd: 0, tokens: 0, turns: 0, minutes: 0 },
  );
}

/** What was used since something was. */
export function lessUse(use: RunUse, before: RunUse): RunUse {
  return {
    costUsd: Math.max(0, use.costUsd - before.costUsd),
    tokens: Math.max(0, use.tokens - before.tokens),
    turns: Math.max(0, use.turns - before.turns),
    minutes: Math.max(0, use.minutes - before.minutes),
  };
}

/** What is left after something was used is not worth a start below this. */
const leastMinutes = 0.1;

/** What use leaves of a budget, and the limit that is used up, with what was used of it, both in words. */
export function leftOf(
  budget: Budget,
  used: RunUse,
): { left: Budget; exceeded: { limit: string; spent: string } | null } {
  const { costUsd, tokens, turns, minutes } = budget;
  const left: Budget = {
    costUsd: costUsd === null ? null : rounded(costUsd - used.costUsd),
    tokens: tokens === null ? null : tokens - used.tokens,
    turns: turns === null ? null : turns - used.turns,
    minutes: minutes === null ? null : rounded(minutes - used.minutes),
  };
  const limit = (key: keyof Budget): string => limitText(key, budget[key]);
  let exceeded: { limit: string; spent: string } | null = null;
  if (left.costUsd !== null && left.costUsd <= 0) exceeded = { limit: limit("costUsd"), spent: money(used.costUsd) };
  else if (left.tokens !== null && left.tokens <= 0) exceeded = { limit: limit("tokens"), spent: `${used.tokens}` };
  else if (left.turns !== null && left.turns <= 0) exceeded = { limit: limit("turns"), spent: `${used.turns}` };
  else if (left.minutes !== null && left.minutes < (used.minutes > 0 ? leastMinutes : 0))
    exceeded = { limit: limit("minutes"), spent: used.minutes.toFixed(minutes !== null && minutes < 1 ? 2 : 1) };
  return { left, exceeded };
}

function limitText(key: keyof Budget, limit: number | null): string {
  return key === "costUsd" ? money(limit) : `${limit ?? 0} ${limit === 1 ? units[key].slice(0, -1) : units[key]}`;
}

const units = { tokens: "tokens", turns: "turns", minutes: "minutes" } as const;

/** A budget from which a run has some of its limits. */
export interface LimitSource {
  budget: Budget;
  /** What was left of it when the run was started. */
  left: Budget;
  /** "of its task", "a day of the automation Every night". */
  whose: string;
}

/** Whose limits those of a run are; `own`: those that are its own. The first source counts where two have left the same. */
export function limitNamesOf(limits: Budget, sources: readonly LimitSource[], own: Budget | null = null): LimitNames {
  const names: LimitNames = {};
  for (const key of ["costUsd", "tokens", "turns", "minutes"] as const) {
    const source = sources.find(({ left }) => left[key] !== null && left[key] === limits[key]);
    if (source === undefined || (own !== null && own[key] === limits[key])) continue;
    const { budget, left, whose } = source;
    const what = left[key] === budget[key] ? "The" : "What was left of the";
    names[key] = `${what} budget of ${limitText(key, budget[key])} ${whose}`.slice(0, longestName);
  }
  return names;
}

const longestName = 300;

/** The smaller of each two limits. */
export function narrower(one: Budget, other: Budget): Budget {
  return {
    costUsd: least(one.costUsd, other.costUsd),
    tokens: least(one.tokens, other.tokens),
    turns: least(one.turns, other.turns),
    minutes: least(one.minutes, other.minutes),
  };
}

function least(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** Without the dust of binary fractions. */
function rounded(value: number): number {
  return Math.round(value * 1_000_000) / 1_000_000;
}
