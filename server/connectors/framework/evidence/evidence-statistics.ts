import type { EvidenceStatistics } from "../../../../contract/features/evidence.ts";
import type { LogTally } from "../../../../lib/json-log-reader.ts";
import { longestOfStep } from "./evidence-row.ts";

/** "of:slack:done" or "caller:agent": what stands behind the first colon may have colons of its own. */
const termPattern = /^(?:(of|day|ms):(.*):([^:]*)|([a-z]+):(.*))$/s;

type Counts = EvidenceStatistics["total"];
type Outcome = Exclude<keyof Counts, "calls">;

/** What the terms of the index count, put together for people. */
export function toStatistics({ terms, sums }: LogTally): EvidenceStatistics {
  const total = noCounts();
  const connectors = new Map<string, Counts>();
  const days = new Map<string, Counts>();
  const steps = new Map<string, [step: number, calls: number][]>();
  const callers: EvidenceStatistics["callers"] = [];
  const codes: EvidenceStatistics["codes"] = [];
  for (const [term, calls] of terms) {
    const [, pair, left = "", second = "", single = "", value = ""] = termPattern.exec(term) ?? [];
    const [kind, first] = pair === undefined ? [single, value] : [pair, left];
    if (kind === "of") {
      count(total, second, calls);
      count(at(connectors, first, noCounts), second, calls);
    } else if (kind === "day") count(at(days, first, noCounts), second, calls);
    else if (kind === "ms") at(steps, first, () => []).push([Number(second), calls]);
    else if (kind === "by") callers.push({ caller: first, calls });
    else if (kind === "why") codes.push({ code: first, calls });
  }
  return {
    total,
    connectors: [...connectors]
      .map(([connector, counts]) => ({
        connector,
        ...counts,
        bytesOut: sums.get(`out:${connector}`) ?? 0,
        bytesIn: sums.get(`in:${connector}`) ?? 0,
        medianMs: quantile(steps.get(connector) ?? [], 0.5),
        slowMs: quantile(steps.get(connector) ?? [], 0.95),
      }))
      .toSorted((one, other) => other.calls - one.calls),
    days: [...days]
      .map(([day, counts]) => ({ day, ...counts }))
      .toSorted((one, other) => (one.day < other.day ? -1 : 1)),
    callers: callers.toSorted((one, other) => other.calls - one.calls),
    codes: codes.toSorted((one, other) => other.calls - one.calls),
  };
}

function noCounts(): Counts {
  return { calls: 0, done: 0, refused: 0, failed: 0, unknown: 0 };
}

function count(counts: Counts, outcome: string, calls: number): void {
  counts.calls += calls;
  counts[outcome as Outcome] += calls;
}

function at<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function quantile(steps: readonly [step: number, calls: number][], share: number): number | null {
  const ordered = steps.toSorted(([one], [other]) => one - other);
  let left = share * ordered.reduce((sum, [, calls]) => sum + calls, 0);
  for (const [step, calls] of ordered) {
    left -= calls;
    if (left <= 0) return longestOfStep(step);
  }
  return null;
}
