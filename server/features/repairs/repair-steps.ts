import { runInputSchema } from "../../../contract/features/runs.ts";
import type { CheckOutcome, Repair, RepairCheck, RepairState } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RepairBook } from "./repair-book.ts";
import { isAway, stepChecks } from "./check-runner.ts";
import { sampleOf } from "./health.ts";
import { lastAnswer } from "./last-answer.ts";
import type { RepairFactFinder } from "./repair-facts.ts";
import type { RepairParts, RepairReview } from "./repair-parts.ts";
import type { Step } from "./repair-policy.ts";
import { diagnosisPrompt, evidenceOf, repairPrompt } from "./repair-prompt.ts";
import { repairHash, repairSubject } from "./repair-subject.ts";

export interface StepOptions {
  parts: RepairParts;
  book: RepairBook;
  finder: RepairFactFinder;
  /** Writes a change down and tells it; answers the repair as it is then. */
  save(id: string, change: Partial<Repair>): Promise<Repair>;
  watchMs: number;
  sampleMs: number;
}

type Act = Exclude<Step["act"], "wait">;
type StepOf<A extends Act> = Extract<Step, { act: A }>;

/** Does one step; answers whether the repair is another one now. What it is about to do is on disk before it is done. */
export type Steps = { [A in Act]: (repair: Repair, step: StepOf<A>) => Promise<boolean> };

const elsewhere = /^\W*not in the code\b/i;

export function createSteps({ parts, finder, save, watchMs, sampleMs, book }: StepOptions): Steps {
  const { runs, reviews, apps, clock } = parts;
  const iso = (ms = clock.now()): string => new Date(ms).toISOString();
  const become = async (
    repair: Repair,
    state: RepairState,
    reason: string,
    more: Partial<Repair> = {},
  ): Promise<true> => {
    await save(repair.id, { ...more, state, reason });
    return true;
  };

  function runIdOf({ runId }: Repair): string {
    if (runId === null) throw new AppError("conflict", "This repair has no run");
    return runId;
  }

  async function startRun(repair: Repair): Promise<boolean> {
    const incident = await parts.incidents.get(repair.incidentId);
    const agent = await parts.agent(repair.appId);
    if (agent === null)
      return become(repair, "given-up", "There is no agent to ask: turn one on under Providers, one that edits files.");
    const evidence = evidenceOf(incident);
    const id = repair.runId ?? parts.newRunId();
    const { commits, files, lines, exit, crashes } = evidence;
    await save(repair.id, {
      state: "diagnosing",
      reason: `${agent.name} looks for the cause.`,
      runId: id,
      agent: { providerId: agent.providerId, name: agent.name },
      evidence: { exit, crashes, lines: lines.length, commits: commits.length, files: files.length },
    });
    const input = runInputSchema.parse({
      title: `Repair ${repair.processName}`,
      prompt: { kind: "text", text: diagnosisPrompt(repair.processName, evidence) },
      choices: [{ providerId: agent.providerId, model: agent.model }],
      appId: repair.appId,
      folder: repair.appId === null ? parts.ownFolder : null,
      permissionMode: "free-in-folder",
      budget: book.settings().budget,
      isolation: { kind: "worktree" },
      taskType: "repair",
    });
    try {
      await runs.create(input, { kind: "incident", id: repair.incidentId }, { id, priority: "high" });
    } catch (error) {
      if (!(error instanceof AppError) || isAway(error)) throw error;
      // Told twice it is refused the second time: then it is there.
      const isThere = error.code === "conflict" && (await isKnown(id));
      if (!isThere) return become(repair, "given-up", reasonOf("The agent could not be started", error));
    }
    return true;
  }

  async function isKnown(runId: string): Promise<boolean> {
    return runs.get(runId).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.code === "not_found") return false;
        throw error;
      },
    );
  }

  async function takeDiagnosis(repair: Repair): Promise<boolean> {
    const runId = runIdOf(repair);
    const run = await runs.get(runId);
    const diagnosis = await lastAnswer(runs, runId, 0);
    const known = { diagnosis: diagnosis === "" ? null : diagnosis, usage: usageOf(repair, run) };
    if (diagnosis === "") return become(repair, "failed", "The agent gave no diagnosis.", known);
    if (elsewhere.test(diagnosis))
      return become(repair, "given-up", "The agent says that the cause is not in the code.", known);
    if (!run.canContinue)
      return become(repair, "failed", "This agent cannot go on after an answer. Choose another one.", known);
    const wasTouched = (await reviews.open(run)) !== null;
    const before = wasTouched ? unknownOutcome("Files were changed before it could be run") : null;
    const checks: RepairCheck[] = (repair.appId === null ? [] : parts.checksOf(repair.appId)).map((check) => ({
      ...check,
      before,
      after: null,
    }));
    const isChecked = checks.length === 0 || wasTouched;
    return become(
      repair,
      isChecked ? "repairing" : "checking-before",
      isChecked
        ? "The cause is found; the agent mends it."
        : "The cause is found; the checks run before anything is changed.",
      { ...known, checks },
    );
  }

  async function check(repair: Repair, { which }: StepOf<"check">): Promise<boolean> {
    const next = await stepChecks(runIdOf(repair), repair.checks, which, parts);
    const checks = next ?? repair.checks;
    const isDone = checks.every((one) => one[which] !== null && one[which].state !== "running");
    if (which === "before" && isDone)
      return become(repair, "repairing", "The cause is found; the agent mends it.", { checks });
    if (next === null) return false;
    await save(repair.id, { checks });
    return true;
  }

  async function tellToRepair(repair: Repair): Promise<boolean> {
    const runId = runIdOf(repair);
    const { eventCount } = await runs.get(runId);
    const saved = repair.toldAfter === null ? await save(repair.id, { toldAfter: eventCount }) : repair;
    try {
      await runs.say(runId, repairPrompt(saved.checks));
    } catch (error) {
      if (!(error instanceof AppError) || isAway(error)) throw error;
      return become(repair, "failed", reasonOf("The agent could not be told to mend it", error));
    }
    return true;
  }

  async function takeWork(repair: Repair): Promise<boolean> {
    const runId = runIdOf(repair);
    const run = await runs.get(runId);
    const summary = await lastAnswer(runs, runId, repair.toldAfter ?? 0);
    const known = { summary: summary === "" ? null : summary, usage: usageOf(repair, run) };
    const review = await reviews.open(run);
    if (review === null) return become(repair, "failed", "The agent changed nothing.", known);
    const reason = repair.checks.length === 0 ? "The work is there." : "The checks run on the work.";
    return become(repair, "checking-after", reason, { ...known, work: workOf(review) });
  }

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
      return become(
        repair,
        "given-up",
        reasonOf(`${repair.revert?.why ?? ""} It could not be taken back`.trim(), error),
        {
          revert: null,
        },
      );
    }
  }

  async function restartAfterUndo(repair: Repair): Promise<boolean> {
    const why = repair.revert?.why ?? repair.reason;
    const problem = await restart(repair);
    const tail = problem === null ? "Taken back and restarted." : `Taken back; it could not be restarted: ${problem}`;
    return become(repair, "reverted", `${why} ${tail}`);
  }

  return {
    "start-run": startRun,
    "take-diagnosis": takeDiagnosis,
    check,
    "tell-to-repair": tellToRepair,
    "take-work": takeWork,
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
      const isWatched = repair.state === "watching" && repair.watch !== null;
      const last = isWatched ? { watch: await sampled(repair) } : {};
      return become(repair, state, reason, { ...more, ...last });
    },
  };

  async function sampled(repair: Repair): Promise<Repair["watch"]> {
    if (repair.watch === null) return null;
    const sample = sampleOf(await finder.look(repair), repair.port, clock.now());
    return { ...repair.watch, samples: [...repair.watch.samples, sample].slice(-maxSamples(watchMs, sampleMs)) };
  }
}

function maxSamples(watchMs: number, sampleMs: number): number {
  return Math.ceil(watchMs / sampleMs) + 10;
}

function unknownOutcome(message: string): CheckOutcome {
  return { state: "unknown", sessionId: null, message, seconds: null };
}

function workOf({ tree, files, added, removed, paths }: RepairReview): NonNullable<Repair["work"]> {
  return { tree, files, added, removed, paths: paths.slice(0, 20) };
}

type UsedRun = Awaited<ReturnType<RepairParts["runs"]["get"]>>;

function usageOf({ askedAt }: Repair, { usage, endedAt }: UsedRun): Repair["usage"] {
  const seconds = endedAt === null ? 0 : Math.max(0, (Date.parse(endedAt) - Date.parse(askedAt)) / 1_000);
  return { costUsd: usage.costUsd, tokens: usage.inputTokens + usage.outputTokens, seconds };
}

function reasonOf(what: string, { message, hint }: AppError): string {
  const text = `${what}: ${message}`;
  const end = /[.!?]$/.test(text) ? text : `${text}.`;
  return hint === undefined ? end : `${end} ${hint}`;
}
