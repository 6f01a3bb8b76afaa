import { intervalOf, meanOf } from "./beta-distribution.ts";
import { type BelievedCandidate, type Candidate, expectedUtility, type Weights, type Work } from "./beliefs.ts";
import type { Override } from "./learning-file.ts";

/** Whom to ask, in order, and why in words. */
export interface Choice {
  /** Empty when nobody may be asked. */
  order: Candidate[];
  /** One sentence. */
  reason: string;
  /** What each was believed to be worth, one line each. */
  detail: string;
}

interface Drawn {
  believed: BelievedCandidate;
  override: Override["override"] | null;
  drawn: number;
}

interface Explained {
  work: Work;
  /** In the order of the draw. */
  sorted: readonly Drawn[];
  weights: Weights;
  nameOf(providerId: string): string | undefined;
}

/** The choice with its reason, as it is written down and shown on the task. */
export function explainChoice({ work, sorted, weights, nameOf }: Explained): Choice {
  const label = ({ candidate }: BelievedCandidate): string => {
    const name = nameOf(candidate.providerId) ?? candidate.providerId;
    return candidate.model === null ? name : `${name} · ${candidate.model}`;
  };
  const allowed = sorted.filter(({ override }) => override !== "never");
  const detail = sorted.map((one) => {
    if (one.override === "never") return `${label(one.believed)}: never, as you said`;
    return `${label(one.believed)}: ${inWords(one.believed)}; drawn at ${one.drawn.toFixed(2)}`;
  });
  return {
    order: allowed.map(({ believed }) => believed.candidate),
    reason: reasonFor(work, allowed, weights, label, sorted.length),
    detail: detail.join("\n"),
  };
}

function reasonFor(
  { type }: Work,
  allowed: readonly Drawn[],
  weights: Weights,
  label: (of: BelievedCandidate) => string,
  offered: number,
): string {
  const [first] = allowed;
  if (!first)
    return offered === 0
      ? "Nobody can be asked: no provider is on."
      : `Nobody may be asked: you ruled out everybody for ${type}.`;
  const name = label(first.believed);
  if (first.override === "always") return `${name} is always asked for ${type}, as you said.`;
  if (allowed.length === 1) return `${name} is the only one that can be asked.`;
  if (allowed.every(({ believed }) => believed.own.length === 0))
    return `Nothing is known about ${type} here yet; ${name} was drawn.`;
  const best = allowed
    .map(({ believed }) => believed)
    .toSorted((a, b) => expectedUtility(b, weights) - expectedUtility(a, weights))[0];
  if (best === undefined || best === first.believed)
    return `${name} is believed to do ${type} best: ${percent(meanOf(first.believed.chance))} of it is good.`;
  return `${name} was drawn to learn more about it; ${label(best)} is believed to do ${type} best so far.`;
}

function inWords({ chance, own }: BelievedCandidate): string {
  const { low, high } = intervalOf(chance, 0.9);
  const runs = own.length === 1 ? "1 run" : `${own.length} runs`;
  return `${percent(meanOf(chance))} good (${percent(low)} to ${percent(high)}), from ${runs}`;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
