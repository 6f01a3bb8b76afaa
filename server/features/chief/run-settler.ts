import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { useOf } from "../../run-use.ts";
import type { AutomationBudgets } from "./automation-budgets.ts";
import { taskKey, taskLink, type ChiefParts, type Teller } from "./chief-parts.ts";
import { biggerTier, findCandidates } from "./find-candidates.ts";
import { addFollowUp } from "./follow-up.ts";
import { planRecovery, whyEnded, type Recovery, type RecoveryFacts } from "./plan-recovery.ts";
import type { RecordBook } from "./record-book.ts";
import type { ReviewOpener } from "./review-opener.ts";
import type { TaskRecord, TaskRun } from "./task-record.ts";
import { reasonOf } from "./task-reason.ts";

export interface SettlerOptions extends Pick<
  ChiefParts,
  "tasks" | "runs" | "providers" | "notifications" | "clock" | "timeText"
> {
  book: RecordBook;
  automations: Pick<AutomationBudgets, "limitsCost" | "ofTask">;
  reviews: ReviewOpener;
  teller: Teller;
  settings(): ChiefSettings;
}

type ReviewFacts = Pick<RecoveryFacts, "hasReview" | "reviewProblem">;

/** Does what follows from the end of a run of a task. */
export interface RunSettler {
  /** Does nothing yet while its work is being laid open. */
  settle(record: TaskRecord, known: TaskRun, run: Run): Promise<void>;
  /** The run is gone, nobody knows how it ended. */
  settleLost(record: TaskRecord, known: TaskRun): Promise<void>;
  finish(taskId: string, runId: string): Promise<void>;
}

export function createRunSettler(options: SettlerOptions): RunSettler {
  const { tasks, book, teller, clock, settings, notifications } = options;

  async function settle(record: TaskRecord, known: TaskRun, run: Run): Promise<void> {
    const task = tasks.list().find(({ id }) => id === record.taskId);
    const ended = {
      ...endedRun(known, run),
      stopCause: await stopCauseOf(known, run, record.taskId, options.automations),
    };
    if (!task) {
      await book.changeRun(record.taskId, run.id, { ...ended, isSettled: true });
      return;
    }
    const review = options.reviews.take(run);
    if (review === null) return;
    const runsWithEnd = record.runs.map((one) => (one.runId === run.id ? ended : one));
    const recovery = recoveryOf(task, { ...record, runs: runsWithEnd }, run, review);
    await book.change(record.taskId, (current) => ({
      ...current,
      runs: current.runs.map((one) => (one.runId === run.id ? { ...ended, plan: recovery.plan } : one)),
      avoid: recovery.isAvoiding ? [...new Set([...current.avoid, ...failedProviders(run, known)])] : current.avoid,
      tier: recovery.tier ?? current.tier,
      resume: recovery.isResuming ? run.id : null,
    }));
    await finish(record.taskId, run.id);
  }

  function recoveryOf(task: Task, record: TaskRecord, run: Run, review: ReviewFacts): Recovery {
    const now = clock.now();
    const providers = options.providers();
    const failed = failedProviders(run, record.runs.at(-1) ?? null);
    const course = { avoid: [...record.avoid, ...failed], tier: record.tier };
    const { candidates } = findCandidates(task, course, {
      providers,
      now,
      timeText: options.timeText,
      isCostLimited: options.automations.limitsCost(task),
    });
    const last = run.attempts.at(-1);
    const limit = providers.find(({ id }) => id === last?.providerId)?.limit?.until ?? null;
    return planRecovery({
      task,
      runs: record.runs,
      settings: settings().recovery,
      now,
      backAt: last?.backAt == null ? limit : Date.parse(last.backAt),
      hasOther: candidates.some(({ providerId }) => !course.avoid.includes(providerId)),
      biggerTier: biggerTier(task, { tier: record.runs.at(-1)?.tier ?? null }, providers),
      wasAsked: run.attempts.length > 0,
      canResume: run.canContinue,
      ...review,
      timeText: options.timeText,
    });
  }

  /** What follows from a plan that is on disk; after a crash it is done again, and each step knows what was done. */
  async function finish(taskId: string, runId: string): Promise<void> {
    const run = book.get(taskId).runs.find((one) => one.runId === runId);
    const task = tasks.list().find(({ id }) => id === taskId);
    if (!run || !task) return;
    const { plan } = run;
    if (plan !== null) {
      const isOurs = task.state === "running" || task.state === "waiting";
      if (plan.step === "split" && isOurs) await addFollowUp(task, run, options);
      await teller.tell(taskId, (current) => {
        const marked = current.runs.map((one) => (one.runId === runId ? { ...one, recovery: plan.step } : one));
        // Meanwhile the user may have decided something else.
        if (current.state !== "running" && current.state !== "waiting") return { ...current, runs: marked };
        const { state, notBefore, code, text } = plan;
        const until = notBefore === null ? null : Date.parse(notBefore);
        return { ...current, runs: marked, state, notBefore, reason: reasonOf(code, text, clock.now(), until) };
      });
      if (isOurs) await tellUser(task, book.get(taskId), run);
    }
    await book.changeRun(taskId, runId, { isSettled: true });
  }

  /** Work that is laid open is told of where that is done. */
  async function tellUser(task: Task, record: TaskRecord, run: TaskRun): Promise<void> {
    const { plan } = run;
    const about = { link: taskLink(task.id), key: taskKey(task.id), message: plan?.text ?? "" };
    if (plan?.isAsking === true && plan.state === "review") {
      const title = `${task.title} waits for review`;
      await notifications.notify({ ...about, level: "success", title, needsYou: true });
    } else if (plan?.isAsking === true) {
      const tried = record.runs.map(triedText).join(", ");
      const message = record.runs.length > 1 ? `${plan.text} Tried: ${tried}.` : plan.text;
      const title = `${task.title} needs you`;
      await notifications.notify({ ...about, message, level: "warning", title, needsYou: true });
    } else if (plan?.state === "done") {
      await notifications.notify({ ...about, level: "success", title: `${task.title} is done`, needsYou: false });
    } else if (plan?.state === "ready" && !settings().isOn) {
      // What is planned is done by nobody until the user starts it.
      const message = `${whyEnded(run)} The chief of staff is off: start it again by hand.`;
      await notifications.notify({
        ...about,
        message,
        level: "warning",
        title: `${task.title} needs you`,
        needsYou: true,
      });
    } else await notifications.settle(taskKey(task.id));
  }

  async function settleLost(record: TaskRecord, known: TaskRun): Promise<void> {
    const endedAt = new Date(clock.now()).toISOString();
    const lost = { outcome: "interrupted", failure: "crashed", message: "Its run is gone" } as const;
    const ended: TaskRun = { ...known, ...lost, phase: "ended", endedAt };
    const { plan } = planRecovery({
      task: { needsReview: false, title: "" },
      runs: record.runs.map((one) => (one.runId === known.runId ? ended : one)),
      settings: settings().recovery,
      now: clock.now(),
      backAt: null,
      hasOther: false,
      biggerTier: null,
      wasAsked: true,
      canResume: false,
      hasReview: false,
      reviewProblem: null,
      timeText: options.timeText,
    });
    await book.changeRun(record.taskId, known.runId, { ...ended, plan });
    await finish(record.taskId, known.runId);
  }

  return { settle, settleLost, finish };
}

/** What is left of the budget of an automation is a limit of the run itself, which ends by it first. */
async function stopCauseOf(
  { stopCause }: TaskRun,
  { failure }: Run,
  taskId: string,
  automations: Pick<AutomationBudgets, "ofTask">,
): Promise<TaskRun["stopCause"]> {
  if (stopCause !== null || failure !== "budget") return stopCause;
  const standing = await automations.ofTask(taskId);
  return standing !== null && standing.exceeded !== null ? "automation-budget" : null;
}

function endedRun(known: TaskRun, run: Run): TaskRun {
  const last = run.attempts.at(-1);
  return {
    ...known,
    phase: "ended",
    providerId: last?.providerId ?? known.providerId,
    providerName: last?.providerName ?? known.providerName,
    model: last?.model ?? known.model,
    endedAt: run.endedAt,
    outcome:
      run.state === "succeeded" || run.state === "cancelled" || run.state === "interrupted" ? run.state : "failed",
    failure: run.failure,
    message: run.message,
    used: useOf(run),
    plan: null,
    isSettled: false,
  };
}

function failedProviders(run: Run, known: TaskRun | null): string[] {
  const failed = run.attempts.filter(({ failure }) => failure !== null).map(({ providerId }) => providerId);
  return failed.length > 0 || known === null ? failed : [known.providerId];
}

/** "Claude (usage-limit)" */
function triedText({ providerName, outcome, failure }: TaskRun): string {
  return `${providerName} (${failure ?? outcome ?? "under way"})`;
}
