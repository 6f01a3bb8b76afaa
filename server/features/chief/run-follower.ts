import type { Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import { taskKey, type ChiefParts } from "./chief-parts.ts";
import { createRunSettler, type SettlerOptions } from "./run-settler.ts";
import { emptyUse, openRun, type TaskRecord, type TaskRun } from "./task-record.ts";
import { reasonOf } from "./task-reason.ts";
import type { TaskStarter } from "./task-starter.ts";

interface FollowerOptions extends SettlerOptions {
  starter: Pick<TaskStarter, "isStarted" | "takeBack">;
  panic: ChiefParts["panic"];
}

/** Carries what becomes of a run over to its task. Told the same twice it does it once. Call one at a time. */
export interface RunFollower {
  follow(run: Run): Promise<void>;
  /** The same of a run as it is now. */
  followAgain(runId: string): Promise<void>;
  /** Looks at everything that is not finished: after a start, and when portos-cos comes back. */
  reconcile(): Promise<void>;
}

export function createRunFollower(options: FollowerOptions): RunFollower {
  const { tasks, runs, book, teller, starter, clock, notifications } = options;
  const { settle, settleLost, finish } = createRunSettler(options);

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
      options.reviews.goesOn(run.id);
      if (known.phase === "ended") await reopen(record, run);
      else await show(run, false);
      return;
    }
    // An end from before it was resumed is no news.
    if (known.isResumed && run.endedAt !== null && run.endedAt <= known.startedAt) return;
    if (known.phase === "ended" && known.isSettled && known.endedAt === run.endedAt) return;
    await settle(record, known, run);
  }

  return {
    follow,
    followAgain: async (runId) => follow(await runs.get(runId)),
    async reconcile() {
      for (const record of book.all()) {
        for (const run of record.runs) {
          if (run.phase === "intended") await settleIntent(record.taskId, run);
          else if (run.phase === "open") await lookAt(record, run);
          else if (!run.isSettled) await finish(record.taskId, run.runId);
        }
      }
      for (const task of tasks.list()) if (isLost(task)) await findAgain(task);
    },
  };

  /** Worked on as it says, and nobody knows by what: the records were lost, or restored from an older backup. */
  function isLost({ id, state }: Task): boolean {
    return (state === "running" || state === "waiting") && openRun(book.get(id)) === undefined;
  }

  async function findAgain(task: Task): Promise<void> {
    const runId = task.runs.at(-1)?.runId ?? "";
    const known = book.get(task.id).runs.find((one) => one.runId === runId);
    const run = await runOf(runs, runId);
    if (run === null) return;
    if (run !== undefined && known === undefined) {
      await book.intend(task.id, adoptedRun(run), {}, false);
      await follow(run);
      return;
    }
    await teller.tell(task.id, (current) =>
      current.state === task.state
        ? {
            ...current,
            state: "ready",
            reason: reasonOf("cool-down", "Its run is gone; it is looked at again.", clock.now()),
          }
        : current,
    );
  }

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
    if (isThere) await follow(await runs.get(run.runId));
    else await settleLost(record, run); // deleted by hand while it was over, or lost with its folder
  }
}

/** `undefined`: there is none; `null`: nobody can say now. */
async function runOf(runs: Pick<ChiefParts["runs"], "get">, runId: string): Promise<Run | null | undefined> {
  try {
    return await runs.get(runId);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code === "not_found" || error.code === "invalid_request" ? undefined : null;
  }
}

function workText({ state, message, attempts }: Run): string {
  if (state === "queued" || state === "created")
    return message === null ? "It starts." : `${message.replace(/\.$/, "")}.`;
  const name = attempts.at(-1)?.providerName;
  if (message !== null && message !== "") return message;
  return name === undefined ? "It is worked on." : `${name} works on it.`;
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
    earlier: [],
    stopCause: null,
    plan: null,
    isSettled: false,
  };
}
