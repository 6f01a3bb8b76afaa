import type { Outcome, Verdict } from "./learning-file.ts";
import { type Chance, drawChance, drawNormal, meanOf, type Random } from "./beta-distribution.ts";

/** A provider with one of its models; `null`: what it chooses itself. */
export interface Candidate {
  providerId: string;
  model: string | null;
}

/** A kind of work; `appId` `null` means all apps together. */
export interface Work {
  type: string;
  appId: string | null;
}

/** What is believed of one candidate for one kind of work. */
export interface BelievedCandidate {
  candidate: Candidate;
  chance: Chance;
  cost: Amount;
  time: Amount;
  /** Outcomes of exactly this work, and how much they count now. */
  own: readonly Outcome[];
  weight: number;
}

/** Logarithm of dollars or seconds: its mean, and how much that may be off; `count` outcomes stand behind it. */
interface Amount {
  mean: number;
  error: number;
  count: number;
}

/** What counts when there is a choice; only their proportion matters. */
export interface Weights {
  success: number;
  cost: number;
  time: number;
}

/** After so long an outcome counts half. */
export const halfLifeMs = 4 * 7 * 86_400_000;
/** What is borrowed counts at most as so many outcomes of the work itself. */
const borrowed = { otherApps: 6, otherWork: 2 };
/** A factor of e^0.8 ≈ 2.2 between runs of the same kind is assumed, until they say otherwise. */
const assumedSpread = { deviation: 0.8, count: 2 };
/** Less is as good as nothing: one tenth of a cent, one second. */
const leastCostUsd = 0.001;
const leastSeconds = 1;

/** What one outcome says, as successes and failures. The word of the user counts twice. */
const verdicts: Record<Verdict, Chance> = {
  merged: { successes: 2, failures: 0 },
  branch: { successes: 1.5, failures: 0 },
  accepted: { successes: 1.5, failures: 0 },
  discarded: { successes: 0, failures: 2 },
};

function evidenceOf({ verdict, isSuccess }: Outcome): Chance {
  if (verdict !== null) return verdicts[verdict];
  return isSuccess ? { successes: 1, failures: 0 } : { successes: 0, failures: 1 };
}

/** How much an outcome counts now. */
export function weightAt(at: string, now: number): number {
  return 0.5 ** (Math.max(0, now - Date.parse(at)) / halfLifeMs);
}

/** Beliefs about all candidates together, because what is cheap or fast is so beside the others. */
export function believe(
  outcomes: readonly Outcome[],
  work: Work,
  candidates: readonly Candidate[],
  now: number,
): BelievedCandidate[] {
  const found = candidates.map((candidate) => {
    const its = outcomes.filter((one) => one.providerId === candidate.providerId && one.model === candidate.model);
    const ofType = its.filter(({ type }) => type === work.type);
    const own = work.appId === null ? ofType : ofType.filter(({ appId }) => appId === work.appId);
    const otherApps = ofType.filter((one) => !own.includes(one));
    const otherWork = its.filter(({ type }) => type !== work.type);
    return { candidate, own, otherApps, otherWork };
  });
  const typical = {
    cost: typicalOf(found.map(({ own, otherApps }) => logs([...own, ...otherApps], costOf, now))),
    time: typicalOf(found.map(({ own, otherApps }) => logs([...own, ...otherApps], timeOf, now))),
  };
  return found.map(({ candidate, own, otherApps, otherWork }) => ({
    candidate,
    chance: chanceOf(own, otherApps, otherWork, now),
    cost: amountOf(logs(own, costOf, now), logs(otherApps, costOf, now), typical.cost),
    time: amountOf(logs(own, timeOf, now), logs(otherApps, timeOf, now), typical.time),
    own,
    weight: own.reduce((sum, { at }) => sum + weightAt(at, now), 0),
  }));
}

/** One of each for a start, then what is borrowed, then what was seen. */
function chanceOf(
  own: readonly Outcome[],
  otherApps: readonly Outcome[],
  otherWork: readonly Outcome[],
  now: number,
): Chance {
  const parts = [
    evidence(own, now),
    atMost(evidence(otherApps, now), borrowed.otherApps),
    atMost(evidence(otherWork, now), borrowed.otherWork),
  ];
  return parts.reduce(plus, { successes: 1, failures: 1 });
}

function evidence(outcomes: readonly Outcome[], now: number): Chance {
  return outcomes.reduce((sum, outcome) => plus(sum, times(evidenceOf(outcome), weightAt(outcome.at, now))), {
    successes: 0,
    failures: 0,
  });
}

function plus(one: Chance, other: Chance): Chance {
  return { successes: one.successes + other.successes, failures: one.failures + other.failures };
}

function times({ successes, failures }: Chance, factor: number): Chance {
  return { successes: successes * factor, failures: failures * factor };
}

function atMost(chance: Chance, most: number): Chance {
  const all = chance.successes + chance.failures;
  return all > most ? times(chance, most / all) : chance;
}

interface Logged {
  value: number;
  weight: number;
}

/** Only runs that came to their end say what one costs and takes: one that breaks off at once is no bargain. */
function logs(outcomes: readonly Outcome[], read: (outcome: Outcome) => number | null, now: number): Logged[] {
  return outcomes.flatMap((outcome) => {
    const value = outcome.isSuccess ? read(outcome) : null;
    return value === null ? [] : [{ value: Math.log(value), weight: weightAt(outcome.at, now) }];
  });
}

function costOf({ costUsd }: Outcome): number | null {
  return costUsd === null ? null : Math.max(costUsd, leastCostUsd);
}

function timeOf({ seconds }: Outcome): number | null {
  return seconds === null ? null : Math.max(seconds, leastSeconds);
}

function weightOf(list: readonly Logged[]): number {
  return list.reduce((sum, { weight }) => sum + weight, 0);
}

function meanOfLogs(list: readonly Logged[]): number {
  return list.reduce((sum, { value, weight }) => sum + value * weight, 0) / weightOf(list);
}

/** What is usual among those of whom something is known. */
function typicalOf(lists: readonly Logged[][]): number {
  const means = lists.flatMap((list) => (list.length === 0 ? [] : [meanOfLogs(list)]));
  return means.length === 0 ? 0 : means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** The usual counts as one outcome, other apps as at most so many, then what was seen; told relative to the usual. */
function amountOf(own: readonly Logged[], otherApps: readonly Logged[], typical: number): Amount {
  const factor = Math.min(1, borrowed.otherApps / Math.max(weightOf(otherApps), Number.EPSILON));
  const seen = [...own, ...otherApps.map(({ value, weight }) => ({ value, weight: weight * factor }))];
  const all = [{ value: typical, weight: 1 }, ...seen];
  const mean = meanOfLogs(all);
  const squares = seen.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0);
  const { deviation, count } = assumedSpread;
  const variance = (squares + count * deviation ** 2) / (weightOf(seen) + count);
  return { mean: mean - typical, error: Math.sqrt(variance / weightOf(all)), count: seen.length };
}

/** Half for what is usual, towards 1 the cheaper or faster, towards 0 the dearer or slower. */
function score(logarithm: number): number {
  return 1 / (1 + Math.exp(logarithm));
}

/** What a candidate is worth as believed, from 0 to 1. */
export function expectedUtility({ chance, cost, time }: BelievedCandidate, weights: Weights): number {
  return utility({ success: meanOf(chance), cost: score(cost.mean), time: score(time.mean) }, weights);
}

/** What it may be worth: one draw of everything that is not certain (Thompson sampling). */
export function drawUtility({ chance, cost, time }: BelievedCandidate, weights: Weights, random: Random): number {
  return utility(
    {
      success: drawChance(chance, random),
      cost: score(cost.mean + cost.error * drawNormal(random)),
      time: score(time.mean + time.error * drawNormal(random)),
    },
    weights,
  );
}

function utility(of: Weights, weights: Weights): number {
  const all = weights.success + weights.cost + weights.time;
  if (all === 0) return of.success; // nothing was said to count, so what it is for does
  return (of.success * weights.success + of.cost * weights.cost + of.time * weights.time) / all;
}

/** The middle of what was seen, older values counting less; `null` when nothing was. */
export function weightedMedian(values: readonly { value: number; weight: number }[]): number | null {
  const sorted = values.toSorted((one, other) => one.value - other.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= half) return value;
  }
  return null;
}
