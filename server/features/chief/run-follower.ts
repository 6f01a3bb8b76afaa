import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { taskKey, type ChiefParts } from "./chief-parts.ts";
import { createRunSettler, type SettlerOptions } from "./run-settler.ts";
import { emptyUse, openRun, type TaskRecord, type TaskRun } from "./task-record.ts";
import { reasonOf, type TaskStarter } from "./task-starter.ts";

interface FollowerOptions extends SettlerOptions {
  starter: Pick<TaskStarter, "isStarted" | "takeBack">;
  panic: ChiefParts["panic"];
}

/** Carries what becomes of a run over to its task. Told the same twice it does it once. Call one at a time. */
export interface RunFollower {
  follow(run: Run): Promise<void>;
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
    if (isThere) await follow(await runs.get(run.runId));
    else await settleLost(record, run); // deleted by hand while it was over, or lost with its folder
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
    stopCause: null,
    plan: null,
    isSettled: false,
  };
}
