import type { Repair } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { isAway } from "./check-runner.ts";
import { sampleOf } from "./health.ts";
import { mergeTakenBack } from "./repair-policy.ts";
import { createBecome, reasonOf, runIdOf, type StepOptions, type Steps } from "./repair-step.ts";
import { repairHash, repairSubject } from "./repair-subject.ts";

type MergeSteps = Omit<
  Steps,
  "start-run" | "take-diagnosis" | "check" | "stop-checks" | "tell-to-repair" | "take-work"
>;

/** From checked work to the user's answer, the merge, the time it is watched, and the way back. */
export function createMergeSteps({ parts, finder, save, watchMs, sampleMs }: StepOptions): MergeSteps {
  const { reviews, apps, clock } = parts;
  const become = createBecome({ save });
  const iso = (ms = clock.now()): string => new Date(ms).toISOString();

  async function ask(repair: Repair): Promise<boolean> {
    const app = apps.find(repair.appId ?? "");
    if (app === undefined) return become(repair, "given-up", "Its app is not there any more.");
    const hash = repairHash(repair, app.folder);
    // Asked before a restart and not written down here: the same question is not asked twice.
    const before = parts.approvals.open().find((approval) => approval.hash === hash);
    const subject = repairSubject(repair, app, await reviews.changes(runIdOf(repair)));
    const { id } = before ?? (await parts.approvals.ask({ subject, hash }));
    return become(repair, "waiting", "Waits for you: it is merged when you allow it.", { approvalId: id });
  }

  async function merge(repair: Repair): Promise<boolean> {
    const runId = runIdOf(repair);
    const { work, processName, agent } = repair;
    if (work === null) return become(repair, "failed", "There is nothing to be merged.");
    const by = repair.merge?.by ?? (repair.approvalId === null ? "PortOS" : await allowerOf(repair.approvalId));
    await save(repair.id, { merge: { by, commit: null, at: null } });
    const message = `Repair ${processName}\n\nMade by ${agent?.name ?? "an agent"} after a crash (incident ${repair.incidentId}).`;
    try {
      const merged = await reviews.merge(runId, { tree: work.tree, message, by });
      await save(repair.id, { merge: { by, commit: merged.commit, at: iso() } });
    } catch (error) {
      if (!(error instanceof AppError) || isAway(error)) throw error;
      return become(repair, "proposed", reasonOf("It could not be merged", error), { merge: null });
    }
    return true;
  }

  async function allowerOf(approvalId: string): Promise<string> {
    return (await parts.approvals.get(approvalId)).decision?.by ?? "PortOS";
  }

  async function restartAndWatch(repair: Repair): Promise<boolean> {
    const seen = reviews.peek(runIdOf(repair));
    const merged = {
      by: repair.merge?.by ?? seen?.by ?? "PortOS",
      commit: seen?.commit ?? repair.merge?.commit ?? null,
      at: repair.merge?.at ?? iso(),
    };
    const problem = await restart(repair);
    if (problem !== null) {
      const why = `It could not be restarted: ${problem}`;
      const revert = { by: "PortOS", at: iso(), isAutomatic: true, why };
      return become(repair, "reverting", why, { merge: merged, revert });
    }
    const now = clock.now();
    const watch = { since: iso(now), until: iso(now + watchMs), restarts: null, samples: [] };
    const { restarts } = await finder.look({ ...repair, watch });
    const reason = `Merged and restarted; watched for ${String(Math.max(1, Math.round(watchMs / 60_000)))} min.`;
    return become(repair, "watching", reason, { merge: merged, watch: { ...watch, restarts } });
  }

  /** `null`: it is done. */
  async function restart({ appId, processKey }: Repair): Promise<string | null> {
    if (appId === null) return null;
    try {
      await apps.restart(appId, processKey.slice(appId.length + 1));
      return null;
    } catch (error) {
      if (!(error instanceof AppError) || isAway(error)) throw error;
      return error.message;
    }
  }

  async function undo(repair: Repair): Promise<boolean> {
    try {
      await reviews.undo(runIdOf(repair), repair.revert?.by ?? "PortOS");
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || isAway(error)) throw error;
      if (repair.revert?.isAutomatic === true) await parts.didNotHold(runIdOf(repair));
      const reason = reasonOf(`${repair.revert?.why ?? ""} It could not be taken back`.trim(), error);
      return become(repair, "given-up", reason, { revert: null });
    }
  }

  async function restartAfterUndo(repair: Repair): Promise<boolean> {
    await parts.didNotHold(runIdOf(repair));
    const problem = await restart(repair);
    return become(repair, "reverted", takenBackText(repair, problem));
  }

  async function sampled(repair: Repair): Promise<Repair["watch"]> {
    if (repair.watch === null) return null;
    const sample = sampleOf(await finder.look(repair), repair.port, clock.now());
    return { ...repair.watch, samples: [...repair.watch.samples, sample].slice(-maxSamples(watchMs, sampleMs)) };
  }
  return {
    ask,
    merge,
    "restart-and-watch": restartAndWatch,
    undo,
    "restart-after-undo": restartAfterUndo,
    async withdraw(repair, { state, reason }) {
      if (repair.approvalId !== null) await parts.approvals.withdraw(repair.approvalId, reason);
      return become(repair, state, reason);
    },
    async become(repair, { state, reason, revert }) {
      const more =
        revert === undefined
          ? {}
          : { revert: repair.revert ?? { by: "PortOS", at: iso(), isAutomatic: true, why: revert.why } };
      // Its checks failed with it: that nothing was merged makes it no better.
      if (repair.state === "checking-after" && state === "failed") await parts.didNotHold(runIdOf(repair));
      const isWatched = repair.state === "watching" && repair.watch !== null;
      const last = isWatched ? { watch: await sampled(repair) } : {};
      return become(repair, state, reason, { ...more, ...last });
    },
  };
}

/** "It crashed again after 13 s. Taken back and restarted.", "Taken back by anna. It was restarted." */
function takenBackText({ revert, reason }: Repair, problem: string | null): string {
  const why = revert?.why ?? reason;
  const isSaid = revert !== null && (!revert.isAutomatic || why === mergeTakenBack);
  if (problem !== null) return `${why} ${isSaid ? "It" : "Taken back; it"} could not be restarted: ${problem}`;
  return `${why} ${isSaid ? "It was restarted." : "Taken back and restarted."}`;
}

function maxSamples(watchMs: number, sampleMs: number): number {
  return Math.ceil(watchMs / sampleMs) + 10;
}
