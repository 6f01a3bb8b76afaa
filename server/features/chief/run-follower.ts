import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { Logger } from "../../../lib/logger.ts";
import { taskKey, taskLink, type ChiefParts, type Teller } from "./chief-parts.ts";
import { biggerTier, findCandidates } from "./find-candidates.ts";
import { addFollowUp } from "./follow-up.ts";
import { tomorrow } from "./gather-facts.ts";
import { planRecovery, type Recovery } from "./plan-recovery.ts";
import type { RecordBook } from "./record-book.ts";
import { emptyUse, openRun, type TaskRecord, type TaskRun } from "./task-record.ts";
import { reasonOf, type TaskStarter } from "./task-starter.ts";

interface FollowerOptions extends Pick<
  ChiefParts,
  "tasks" | "runs" | "providers" | "hasReview" | "notifications" | "panic" | "clock" | "timeText"
> {
  book: RecordBook;
  teller: Teller;
  starter: TaskStarter;
  settings(): ChiefSettings;
  logger: Logger;
}

/** Carries what becomes of a run over to its task. Told the same twice it does it once. Call one at a time. */
export interface RunFollower {
  follow(run: Run): Promise<void>;
  /** Looks at everything that is not finished: after a start, and when portos-cos comes back. */
  reconcile(): Promise<void>;
}

export function createRunFollower(options: FollowerOptions): RunFollower {
  const { tasks, runs, book, teller, starter, clock, settings, notifications } = options;

  /** A run of a task nobody wrote down: taken over when the task has none, else ended. */
  async function adopt(run: Run): Promise<void> {
    if (!isOpenState(run.state)) return;
    const taskId = run.source.id;
    const task = tasks.list().find(({ id }) => id === taskId);
    if (!task || openRun(book.get(taskId)) !== undefined || options.panic.isOn()) {
      await runs.stop(run.id, "Its task is worked on by another run, or gone");
      return;
    }
    const startedAt = run.startedAt ?? run.createdAt;
    await book.intend(taskId, { ...adoptedRun(run), startedAt }, {}, false);
    await teller.tell(taskId, (current) => ({
      ...current,
      runs: [...current.runs, { runId: run.id, startedAt, recovery: null }],
    }));
    await show(run, true);
  }

  /** `isNew`: it was over, and goes on. */
  async function show(run: Run, isNew: boolean): Promise<void> {
    await teller.tell(run.source.id, (task) => {
      const isLive = task.state === "running" || task.state === "waiting";
      if (!isLive && !isNew) return task; // the user has decided something else; its run is being stopped
      const isAsking = run.state === "waiting";
      const reason = isAsking
        ? reasonOf("asks", run.message ?? "It asks you something.", clock.now())
        : reasonOf("running", workText(run), clock.now());
      return { ...task, state: isAsking ? "waiting" : "running", endedAt: null, notBefore: null, reason };
    });
  }

  async function reopen(record: TaskRecord, run: Run): Promise<boolean> {
    const isLatest = record.runs.at(-1)?.runId === run.id;
    if (!isLatest || openRun(record) !== undefined) return false;
    await book.changeRun(record.taskId, run.id, {
      phase: "open",
      endedAt: null,
      outcome: null,
      failure: null,
      message: null,
      stopCause: null,
      plan: null,
      isSettled: false,
    });
    await notifications.settle(taskKey(record.taskId));
    await show(run, true);
    return true;
  }

  async function follow(run: Run): Promise<void> {
    const record = book.ofRun(run.id);
    const known = record?.runs.find(({ runId }) => runId === run.id);
    if (!record || !known) {
      if (run.source.kind === "task") await adopt(run);
      return;
    }
    if (isOpenState(run.state)) {
      if (known.phase === "ended") await reopen(record, run);
      else await show(run, false);
      return;
    }
    // An end from before it was resumed is no news.
    if (known.isResumed && run.endedAt !== null && run.endedAt <= known.startedAt) return;
    if (known.phase === "ended" && known.isSettled && known.endedAt === run.endedAt) return;
    await settle(record, known, run);
  }

  async function settle(record: TaskRecord, known: TaskRun, run: Run): Promise<void> {
    const task = tasks.list().find(({ id }) => id === record.taskId);
    const ended = endedRun(known, run);
    if (!task) {
      await book.changeRun(record.taskId, run.id, { ...ended, isSettled: true });
      return;
    }
    const runsWithEnd = record.runs.map((one) => (one.runId === run.id ? ended : one));
    const recovery = await recoveryOf(task, { ...record, runs: runsWithEnd }, run);
    await book.change(record.taskId, (current) => ({
      ...current,
      runs: current.runs.map((one) => (one.runId === run.id ? { ...ended, plan: recovery.plan } : one)),
      avoid: recovery.isAvoiding ? [...new Set([...current.avoid, ...failedProviders(run, known)])] : current.avoid,
      tier: recovery.tier ?? current.tier,
      resume: recovery.isResuming ? run.id : null,
    }));
    await finish(record.taskId, run.id);
  }

  async function recoveryOf(task: Task, record: TaskRecord, run: Run): Promise<Recovery> {
    const now = clock.now();
    const providers = options.providers();
    const failed = failedProviders(run, record.runs.at(-1) ?? null);
    const course = { avoid: [...record.avoid, ...failed], tier: record.tier };
    const { candidates } = findCandidates(task, course, { providers, now, timeText: options.timeText });
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
      canResume: run.canContinue,
      hasReview: run.state === "succeeded" && (await options.hasReview(run)),
      tomorrow: tomorrow(now),
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

  async function tellUser(task: Task, record: TaskRecord, { plan }: TaskRun): Promise<void> {
    const about = { link: taskLink(task.id), key: taskKey(task.id), message: plan?.text ?? "" };
    if (plan?.isAsking === true) {
      const tried = record.runs.map(triedText).join(", ");
      const message = record.runs.length > 1 ? `${plan.text} Tried: ${tried}.` : plan.text;
      const title = `${task.title} needs you`;
      await notifications.notify({ ...about, message, level: "warning", title, needsYou: true });
    } else if (plan?.state === "review") {
      await notifications.notify({
        ...about,
        level: "success",
        title: `${task.title} waits for review`,
        needsYou: true,
      });
    } else if (plan?.state === "done") {
      await notifications.notify({ ...about, level: "success", title: `${task.title} is done`, needsYou: false });
    } else await notifications.settle(taskKey(task.id));
  }

  return {
    follow,
    async reconcile() {
      for (const record of book.all()) {
        for (const run of record.runs) {
          if (run.phase === "intended") await settleIntent(record.taskId, run);
          else if (run.phase === "open") await lookAt(record, run);
          else if (!run.isSettled) await finish(record.taskId, run.runId);
        }
      }
    },
  };

  async function settleIntent(taskId: string, run: TaskRun): Promise<void> {
    const isThere = await starter.isStarted(run);
    if (isThere === null) return;
    if (!isThere) {
      await starter.takeBack(taskId, run.runId);
      return;
    }
    await book.changeRun(taskId, run.runId, { phase: "open" });
    await follow(await runs.get(run.runId));
  }

  async function lookAt(record: TaskRecord, run: TaskRun): Promise<void> {
    const isThere = await starter.isStarted({ ...run, isResumed: false });
    if (isThere === null) return;
    if (isThere) {
      await follow(await runs.get(run.runId));
      return;
    }
    // Deleted by hand while it was over, or lost with its folder.
    const endedAt = new Date(clock.now()).toISOString();
    const lost = { outcome: "interrupted", failure: "crashed", message: "Its run is gone" } as const;
    const runsWithEnd = record.runs.map((one) =>
      one.runId === run.runId ? { ...one, ...lost, phase: "ended" as const, endedAt } : one,
    );
    const recovery = planRecovery({
      task: { needsReview: false, title: "" },
      runs: runsWithEnd,
      settings: settings().recovery,
      now: clock.now(),
      backAt: null,
      hasOther: false,
      biggerTier: null,
      canResume: false,
      hasReview: false,
      tomorrow: tomorrow(clock.now()),
      timeText: options.timeText,
    });
    await book.changeRun(record.taskId, run.runId, { ...lost, phase: "ended", endedAt, plan: recovery.plan });
    await finish(record.taskId, run.runId);
  }
}

function workText({ state, message, attempts }: Run): string {
  if (state === "queued" || state === "created")
    return message === null ? "It starts." : `${message.replace(/\.$/, "")}.`;
  const name = attempts.at(-1)?.providerName;
  if (message !== null && message !== "") return message;
  return name === undefined ? "It is worked on." : `${name} works on it.`;
}

/** "Claude (usage-limit)" */
function triedText({ providerName, outcome, failure }: TaskRun): string {
  return `${providerName} (${failure ?? outcome ?? "under way"})`;
}

function failedProviders(run: Run, known: TaskRun | null): string[] {
  const failed = run.attempts.filter(({ failure }) => failure !== null).map(({ providerId }) => providerId);
  return failed.length > 0 || known === null ? failed : [known.providerId];
}

function endedRun(known: TaskRun, run: Run): TaskRun {
  const { inputTokens, outputTokens, turns, costUsd } = run.usage;
  const last = run.attempts.at(-1);
  const from = Date.parse(run.startedAt ?? run.createdAt);
  const to = Date.parse(run.endedAt ?? run.startedAt ?? run.createdAt);
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
    used: {
      costUsd: costUsd ?? 0,
      tokens: inputTokens + outputTokens,
      turns,
      minutes: Math.max(0, to - from) / 60_000,
    },
    plan: null,
    isSettled: false,
  };
}

function adoptedRun(run: Run): TaskRun {
  const last = run.attempts.at(-1);
  return {
    runId: run.id,
    phase: "open",
    by: "user",
    isResumed: false,
    tries: 1,
    providerId: last?.providerId ?? "unknown",
    providerName: last?.providerName ?? "An agent",
    model: last?.model ?? null,
    tier: null,
    startedAt: run.createdAt,
    endedAt: null,
    outcome: null,
    failure: null,
    message: null,
    used: emptyUse,
    stopCause: null,
    plan: null,
    isSettled: false,
  };
}
