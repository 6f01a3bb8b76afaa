import type { Repair } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RepairEngine } from "./repair-engine.ts";
import type { RepairParts } from "./repair-parts.ts";
import { isEnded, runningChecks } from "./repair-policy.ts";

/** What the user can do about a repair that goes on or has ended. */
export interface RepairActions {
  /** `tree` is the work as it was shown. */
  apply(id: string, tree: string, by: string): Promise<Repair>;
  stop(id: string, by: string): Promise<Repair>;
  revert(id: string, by: string): Promise<Repair>;
}

const agentAtWork: readonly Repair["state"][] = [
  "asked",
  "diagnosing",
  "checking-before",
  "repairing",
  "checking-after",
];
const waitsForUser: readonly Repair["state"][] = ["proposed", "waiting"];

export function createRepairActions({ parts, engine }: { parts: RepairParts; engine: RepairEngine }): RepairActions {
  async function endWork({ runId, checks }: Repair, by: string): Promise<void> {
    const sessions = runningChecks(checks);
    const ends = [
      ...sessions.map((id) => parts.killSession(id)),
      ...(runId === null ? [] : [parts.runs.stop(runId, `The repair was stopped by ${by}`)]),
    ];
    for (const end of await Promise.allSettled(ends)) {
      // What has ended by itself need not be ended.
      if (end.status === "rejected" && !(end.reason instanceof AppError)) throw end.reason;
    }
  }

  return {
    apply: (id, tree, by) =>
      engine.interrupt(id, async (repair) => {
        if (repair.state !== "proposed") throw new AppError("conflict", "Only proposed work can be applied");
        if (repair.appId === null)
          throw new AppError("conflict", "PortOS does not change itself: merge it in its review if you want it");
        const now = repair.runId === null ? null : await parts.reviews.read(repair.runId);
        if (now?.state !== "open") throw new AppError("conflict", "This work was decided on already");
        if (now.tree !== tree)
          throw new AppError("conflict", "The work was changed meanwhile", {
            hint: "Look at it as it is now, in its review, and merge it there.",
          });
        const { files, added, removed, paths } = now;
        return {
          state: "applying",
          reason: `Applied by ${by}.`,
          work: { tree, files, added, removed, paths: paths.slice(0, 20) },
          merge: { by, commit: null, at: null },
        };
      }),
    stop: (id, by) =>
      engine.interrupt(id, async (repair) => {
        if (isEnded(repair.state)) throw new AppError("conflict", "This repair has ended already");
        const isAsking = waitsForUser.includes(repair.state);
        if (!isAsking && !agentAtWork.includes(repair.state))
          throw new AppError("conflict", "It is merged already", { hint: "Take it back instead." });
        if (repair.approvalId !== null) await parts.approvals.withdraw(repair.approvalId, `Stopped by ${by}`);
        if (!isAsking) await endWork(repair, by);
        return { state: "given-up", reason: `Stopped by ${by}.` };
      }),
    revert: (id, by) =>
      engine.interrupt(id, (repair) => {
        const { state, merge, revert, appId } = repair;
        const isMerged = (merge?.commit ?? null) !== null && appId !== null;
        if (!isMerged || revert !== null || (state !== "watching" && !isEnded(state)))
          throw new AppError("conflict", "There is nothing to be taken back");
        const why = `Taken back by ${by}.`;
        const at = new Date(parts.clock.now()).toISOString();
        return Promise.resolve({ state: "reverting", reason: why, revert: { by, at, isAutomatic: false, why } });
      }),
  };
}
