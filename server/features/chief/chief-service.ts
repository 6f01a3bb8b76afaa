import type { ChiefDecision, ChiefSettings, ChiefState } from "../../../contract/features/chief.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Block, Decision } from "./chief-facts.ts";
import { taskKey, type ChiefParts, type WriteDecision } from "./chief-parts.ts";
import { evaluate } from "./evaluate.ts";
import { createFactsReader } from "./gather-facts.ts";
import { nextUp } from "./next-up.ts";
import type { PanicSwitch } from "./panic-switch.ts";
import { createRecordBook } from "./record-book.ts";
import { createRunFollower } from "./run-follower.ts";
import { openRun, type ChiefRunsFile, type TaskRun } from "./task-record.ts";
import { createTaskStarter, reasonOf } from "./task-starter.ts";
import { createTeller } from "./teller.ts";

export interface ChiefOptions extends Omit<ChiefParts, "panic"> {
  settings: JsonStore<ChiefSettings>;
  records: JsonStore<ChiefRunsFile>;
  log: JsonLog<ChiefDecision>;
  panic: PanicSwitch;
  zone: string;
  /** How many may run at once from now on. */
  setLimits(limits: ChiefSettings["limits"]): void;
  onState(state: ChiefState): void;
  onDecision(decision: ChiefDecision): void;
}

/** How the user judged the work of a task; `open`: the judgement was taken back. */
export type ReviewOutcome = NonNullable<Task["review"]>["outcome"] | "open";

/** Gives tasks to agents, follows them, and does what helps when they fail. */
export interface Chief {
  state(): ChiefState;
  put(settings: ChiefSettings): Promise<ChiefState>;
  /** Looks at all tasks now and starts what may be started; asked for again meanwhile it looks once more. */
  evaluate(): Promise<void>;
  /** The same, soon. */
  evaluateSoon(): void;
  /** Starts a task whatever it would decide itself; panic and budgets still hold. Throws saying why it cannot. */
  startNow(taskId: string): Promise<Task>;
  /** How the work of a run was judged; a run of no task is nobody's. */
  reviewed(runId: string, outcome: ReviewOutcome, by: string): Promise<void>;
  /** A newer state of a run. Answers at once; what follows is done one run after the other. */
  hear(run: Run): void;
  /** portos-cos has come back, or gone. */
  engineChanged(isComplete: boolean): void;
  /** Ends every run that has not ended, or this one, and remembers why; resolves with their number. */
  stopRuns(cause: NonNullable<TaskRun["stopCause"]>, reason: string, only?: string): Promise<number>;
  recent(): ChiefDecision[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

const minuteMs = 60_000;
const soonMs = 30;
const longestTimerMs = 2 ** 31 - 1;
const mostStarts = 50;
const keepRecent = 50;

export function createChief(options: ChiefOptions): Chief {
  const { tasks, panic, clock, logger, settings: store, records, log, zone } = options;
  const settings = (): ChiefSettings => store.get();
  const book = createRecordBook(records);
  let recent: ChiefDecision[] = [];
  const write: WriteDecision = async (decision) => {
    await log.append(decision);
    recent = [decision, ...recent].slice(0, keepRecent);
    options.onDecision(decision);
  };
  const teller = createTeller(tasks, write);
  const starter = createTaskStarter({ ...options, book, teller, settings });
  const follower = createRunFollower({ ...options, book, teller, starter, settings });
  const facts = createFactsReader({ ...options, book, settings });

  let evaluatedAt: string | null = null;
  let decisions: readonly Decision[] = [];
  let told = "";
  let isStopped = true;
  let soon: NodeJS.Timeout | undefined;
  let wake: NodeJS.Timeout | undefined;
  let minute: NodeJS.Timeout | undefined;
  let isAsked = false;
  let evaluating: Promise<void> | null = null;
  const heard = new Map<string, Run>();
  /** Everything that starts or ends something, one after the other: that is why nothing is started twice. */
  let line: Promise<unknown> = Promise.resolve();

  function inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = line.then(work);
    line = done.catch(() => undefined); // whoever asked for it hears of it
    return done;
  }

  function safely(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      logger.error(`The chief of staff could not ${what}`, {}, error);
    });
  }

  function state(): ChiefState {
    const all = tasks.list();
    const upNext = nextUp({ settings: settings(), isPanic: panic.isOn(), tasks: all, decisions });
    return {
      settings: settings(),
      panic: panic.get(),
      evaluatedAt,
      running: all.filter((task) => task.state === "running" || task.state === "waiting").length,
      ready: all.filter((task) => task.state === "ready").length,
      next: { text: upNext.text, at: upNext.at === null ? null : new Date(upNext.at).toISOString() },
      zone,
    };
  }

  function tellState(): void {
    const now = state();
    const text = JSON.stringify({ ...now, evaluatedAt: null });
    if (text === told) return;
    told = text;
    options.onState(now);
  }

  async function lookOnce(): Promise<void> {
    const held = new Map<string, Block>();
    for (let count = 0; count < mostStarts && !isStopped; count += 1) {
      const { next, decisions: made } = evaluate(await facts.read(held));
      decisions = made;
      if (next === null) break;
      const refusal = await starter.start(next.task, next.candidates, "chief");
      if (refusal !== null) held.set(next.task.id, refusal.block);
    }
    for (const decision of decisions) await say(decision);
    evaluatedAt = new Date(clock.now()).toISOString();
    armWake();
    tellState();
  }

  async function say({ taskId, code, text, until }: Decision): Promise<void> {
    const known = tasks.list().find(({ id }) => id === taskId)?.reason;
    const untilText = until === null ? null : new Date(until).toISOString();
    if (known?.code === code && known.text === text && known.until === untilText) return;
    await teller.tell(taskId, (task) =>
      task.state === "ready" ? { ...task, reason: reasonOf(code, text, clock.now(), until) } : task,
    );
  }

  /** At the time something is expected to change. */
  function armWake(): void {
    clearTimeout(wake);
    const now = clock.now();
    const times = decisions.flatMap(({ until }) => (until !== null && until > now ? [until] : []));
    if (times.length === 0 || isStopped) return;
    wake = setTimeout(evaluateSoon, Math.min(Math.min(...times) - now + 1, longestTimerMs));
  }

  function evaluateSoon(): void {
    if (isStopped) return;
    soon ??= setTimeout(() => {
      soon = undefined;
      safely("look at the tasks", evaluateNow());
    }, soonMs);
  }

  function evaluateNow(): Promise<void> {
    isAsked = true;
    evaluating ??= (async () => {
      while (isAsked && !isStopped) {
        isAsked = false;
        await inLine(lookOnce);
      }
    })().finally(() => {
      evaluating = null;
    });
    return evaluating;
  }

  async function reconcile(): Promise<void> {
    if (options.openRuns().isComplete) await follower.reconcile();
  }

  async function followHeard(id: string): Promise<void> {
    const run = heard.get(id);
    heard.delete(id);
    if (run) await follower.follow(run);
  }

  return {
    state,
    recent: () => recent,
    async put(next) {
      await store.update(() => ({ next, result: null }));
      options.setLimits(next.limits);
      await evaluateNow();
      return state();
    },
    evaluate: evaluateNow,
    evaluateSoon,
    async startNow(taskId) {
      panic.check();
      const task = await inLine(async () => {
        const found = tasks.get(taskId);
        if (openRun(book.get(taskId)) !== undefined)
          throw new AppError("conflict", `"${found.title}" is being worked on already`);
        const exceeded = await options.dayBudget();
        if (exceeded !== null)
          throw new AppError("rate_limited", exceeded, { hint: "Raise the daily budget, or wait until tomorrow." });
        const { budget, candidates, block } = facts.outlookOf(found, options.providers());
        if (budget !== null) throw new AppError("conflict", budget, { hint: "Give the task a larger budget." });
        if (candidates.length === 0) throw new AppError("unavailable", block?.text ?? "Nobody can be asked.");
        const refusal = await starter.start(found, candidates, "user");
        if (refusal !== null) throw refusal.error ?? new AppError("unavailable", refusal.block.text);
        return tasks.get(taskId);
      });
      evaluateSoon();
      return task;
    },
    async reviewed(runId, outcome, by) {
      await inLine(async () => {
        const record = book.ofRun(runId);
        if (record?.runs.at(-1)?.runId !== runId) return;
        const at = new Date(clock.now()).toISOString();
        const changed = await teller.tell(record.taskId, (task) => judged(task, outcome, by, at));
        if (changed !== null && outcome !== "open") await options.notifications.settle(taskKey(record.taskId));
      });
      evaluateSoon();
    },
    hear(run) {
      if (run.source.kind !== "task" && book.ofRun(run.id) === undefined) {
        evaluateSoon(); // it takes a slot, or gives one back
        return;
      }
      const isQueued = heard.has(run.id);
      heard.set(run.id, run);
      if (isQueued || isStopped) return;
      safely("follow a run", inLine(() => followHeard(run.id)).finally(evaluateSoon));
    },
    engineChanged(isComplete) {
      if (isStopped) return;
      if (isComplete) safely("look at its runs", inLine(reconcile).finally(evaluateSoon));
      else evaluateSoon();
    },
    async stopRuns(cause, reason, only) {
      const open = options
        .openRuns()
        .runs.filter(({ run }) => isOpenState(run.state) && (only === undefined || run.id === only));
      const stopped = await Promise.allSettled(
        open.map(async ({ run }) => {
          const record = book.ofRun(run.id);
          if (record) await book.changeRun(record.taskId, run.id, { stopCause: cause });
          await options.runs.stop(run.id, reason);
        }),
      );
      for (const result of stopped)
        if (result.status === "rejected") logger.warn("A run could not be stopped", { problem: String(result.reason) });
      return stopped.filter(({ status }) => status === "fulfilled").length;
    },
    async start() {
      isStopped = false;
      recent = (await log.page({ limit: keepRecent })).items.map(({ rowId: _rowId, ...decision }) => decision);
      options.setLimits(settings().limits);
      minute = setInterval(() => {
        safely("look at its runs", inLine(reconcile).finally(evaluateSoon));
      }, minuteMs);
      evaluateSoon();
    },
    async stop() {
      isStopped = true;
      clearInterval(minute);
      clearTimeout(soon);
      clearTimeout(wake);
      soon = undefined;
      await evaluating?.catch(() => undefined); // logged where it was asked for
      await line;
    },
  };
}

function judged(task: Task, outcome: ReviewOutcome, by: string, at: string): Task {
  if (outcome === "open") {
    const text = `${by} took the decision back: look at the work again.`;
    const isDecided = task.state === "done" || task.state === "cancelled";
    if (!isDecided) return { ...task, review: null };
    return { ...task, state: "review", review: null, reason: { code: "review", text, until: null, at } };
  }
  const review = { outcome, by, at };
  if (task.state === "running" || task.state === "waiting") return { ...task, review };
  const words = { merged: "Merged", branch: "Kept as a branch", accepted: "Accepted", discarded: "Discarded" };
  const reason = { code: "ended", text: `${words[outcome]} by ${by}.`, until: null, at } as const;
  return { ...task, review, state: outcome === "discarded" ? "cancelled" : "done", reason };
}
