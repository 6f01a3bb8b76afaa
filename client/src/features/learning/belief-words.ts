import type { Belief } from "../../../../contract/features/chief.ts";
import { formatCost, formatCount, formatDuration } from "../../lib/format.ts";

/** What tells candidates apart. */
export function candidateKey({ providerId, model }: Pick<Belief, "providerId" | "model">): string {
  return JSON.stringify([providerId, model]);
}

/** 0.842 → "84 %". */
export function chanceText(part: number): string {
  return `${String(Math.round(part * 100))} %`;
}

/** 0.617 → "62 of 100". */
export function shareText(share: number | undefined): string {
  return share === undefined ? "–" : `${String(Math.round(share * 100))} of 100`;
}

/** "12 runs, usually $0.12 and 3 min". */
export function experienceText({ runs, costUsd, seconds }: Pick<Belief, "runs" | "costUsd" | "seconds">): string {
  if (runs === 0) return "not tried yet";
  const usual = [costUsd === null ? [] : [formatCost(costUsd)], seconds === null ? [] : [roundTime(seconds)]];
  const text = usual.flat().join(" and ");
  return text === "" ? formatCount(runs, "run") : `${formatCount(runs, "run")}, usually ${text}`;
}

/** To the minute from one minute on: what is usual is not known to the second. */
function roundTime(seconds: number): string {
  return formatDuration((seconds < 60 ? seconds : Math.round(seconds / 60) * 60) * 1_000);
}
