import type { Belief } from "../../../../contract/features/chief.ts";
import { commonTypes } from "../../lib/common-task-types.ts";

/** Kinds of work to choose from: those with the most runs first, then the common ones. */
export function kindsOfWork(beliefs: readonly Pick<Belief, "type" | "runs">[]): string[] {
  const runs = new Map<string, number>();
  for (const { type, runs: count } of beliefs) runs.set(type, (runs.get(type) ?? 0) + count);
  const seen = [...runs].toSorted(([, one], [, other]) => other - one).map(([type]) => type);
  return [...new Set([...seen, ...commonTypes])];
}
