import type { CheckOutcome, Repair, RepairCheck } from "../../../contract/features/repairs.ts";
import type { ReviewCheck } from "../../../contract/features/reviews.ts";

const states: Record<Exclude<CheckOutcome["state"], "running">, ReviewCheck["state"]> = {
  succeeded: "succeeded",
  failed: "failed",
  unknown: "cancelled",
};

/** Checks after the repair with the work they run on: it may be another one before it is decided on. */
export function notedOn(checks: readonly RepairCheck[], tree: string | undefined): RepairCheck[] {
  return checks.map((check) =>
    check.after === null || tree === undefined ? check : { ...check, after: { ...check.after, tree } },
  );
}

/** The checks a repair has run on its work to their end, as the review of that work shows them. */
export function checksOnWork(checks: readonly RepairCheck[]): ReviewCheck[] {
  return checks.flatMap(({ name, command, after }) => {
    if (after === null || after.state === "running") return [];
    const { tree, startedAt, seconds, sessionId, message } = after;
    if (tree === undefined || startedAt === undefined) return [];
    const endedAt = new Date(Date.parse(startedAt) + (seconds ?? 0) * 1_000).toISOString();
    const facts = { name, command, state: states[after.state], sessionId, message };
    return [{ ...facts, exitCode: null, startedAt, endedAt, tree, isStale: false }];
  });
}

/** The same of the repair a run works on. */
export function checksOfRun(repairs: readonly Repair[], runId: string): ReviewCheck[] {
  return checksOnWork(repairs.find((repair) => repair.runId === runId)?.checks ?? []);
}
