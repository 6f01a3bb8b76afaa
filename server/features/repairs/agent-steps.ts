import type { CheckOutcome, Repair, RepairCheck } from "../../../contract/features/repairs.ts";
import { runInputSchema } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { endChecks, isAway, stepChecks } from "./check-runner.ts";
import { notedOn } from "./checks-on-work.ts";
import { lastAnswer } from "./last-answer.ts";
import type { RepairParts, RepairReview } from "./repair-parts.ts";
import { diagnosisPrompt, evidenceOf, repairPrompt } from "./repair-prompt.ts";
import { createBecome, reasonOf, runIdOf, type StepOf, type StepOptions, type Steps } from "./repair-step.ts";

type AgentSteps = Pick<
  Steps,
  "start-run" | "take-diagnosis" | "check" | "stop-checks" | "tell-to-repair" | "take-work"
>;

const elsewhere = /^\W*not in the code\b/i;

/** From the question to the agent to its work, checked before and after. */
export function createAgentSteps({ parts, save, book }: StepOptions): AgentSteps {
  const { runs, reviews } = parts;
  const become = createBecome({ save });

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
    const found = { diagnosis: diagnosis === "" ? null : diagnosis, usage: usageOf(repair, run) };
    if (diagnosis === "") return become(repair, "failed", "The agent gave no diagnosis.", found);
    if (elsewhere.test(diagnosis))
      return become(repair, "given-up", "The agent says that the cause is not in the code.", found);
    if (!run.canContinue)
      return become(repair, "failed", "This agent cannot go on after an answer. Choose another one.", found);
    const wasTouched = (await reviews.open(run)) !== null;
    const before = wasTouched ? unknownOutcome("Files were changed before it could be run") : null;
    const known = repair.appId === null ? [] : await parts.checksOf(repair.appId);
    const checks: RepairCheck[] = known.map((check) => ({ ...check, before, after: null }));
    const isChecked = checks.length === 0 || wasTouched;
    return become(
      repair,
      isChecked ? "repairing" : "checking-before",
      isChecked
        ? "The cause is found; the agent mends it."
        : "The cause is found; the checks run before anything is changed.",
      { ...found, checks },
    );
  }

  async function stopChecks(repair: Repair, { reason }: StepOf<"stop-checks">): Promise<boolean> {
    const checks = await endChecks(repair.checks, parts);
    return become(repair, "given-up", reason, { checks });
  }

  async function takeCheck(repair: Repair, { which }: StepOf<"check">): Promise<boolean> {
    const next = await stepChecksOf(repair, which, parts);
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
    await save(repair.id, { isTold: true });
    return true;
  }

  async function takeWork(repair: Repair): Promise<boolean> {
    const runId = runIdOf(repair);
    const run = await runs.get(runId);
    const summary = await lastAnswer(runs, runId, repair.toldAfter ?? 0);
    const known = { summary: summary === "" ? null : summary, usage: usageOf(repair, run) };
    const review = await reviews.open(run);
    if (review === null) {
      await parts.didNotHold(runId);
      return become(repair, "failed", "The agent changed nothing.", known);
    }
    const reason = repair.checks.length === 0 ? "The work is there." : "The checks run on the work.";
    return become(repair, "checking-after", reason, { ...known, work: workOf(review) });
  }

  return {
    "start-run": startRun,
    "take-diagnosis": takeDiagnosis,
    check: takeCheck,
    "stop-checks": stopChecks,
    "tell-to-repair": tellToRepair,
    "take-work": takeWork,
  };
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

/** What has run after the repair is known of the work it ran on. */
async function stepChecksOf(
  repair: Repair,
  which: "before" | "after",
  parts: Pick<RepairParts, "command" | "session">,
): Promise<RepairCheck[] | null> {
  const stepped = await stepChecks(runIdOf(repair), repair.checks, which, parts);
  return stepped === null || which === "before" ? stepped : notedOn(stepped, repair.work?.tree);
}
