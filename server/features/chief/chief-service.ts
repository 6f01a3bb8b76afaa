import type { ChiefDecision, ChiefSettings, ChiefState } from "../../../contract/features/chief.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { redact } from "../../../lib/redact.ts";
import type { RunUse } from "../../run-use.ts";
import { createAutomationBudgets, type AutomationBudgets } from "./automation-budgets.ts";
import { taskKey, type ChiefParts, type Teller, type WriteDecision } from "./chief-parts.ts";
import { createEvaluationLoop, type EvaluationLoop } from "./evaluation-loop.ts";
import { createFactsReader, type FactsReader } from "./gather-facts.ts";
import { nextUp } from "./next-up.ts";
import type { PanicSwitch } from "./panic-switch.ts";
import { createRecordBook, type RecordBook } from "./record-book.ts";
import { createReviewOpener } from "./review-opener.ts";
import { createRunFollower } from "./run-follower.ts";
import { createRunNews } from "./run-news.ts";
import { openRun, type ChiefRunsFile, type TaskRun } from "./task-record.ts";
import { refusedByHand } from "./start-refusal.ts";
import { createTaskStarter, type TaskStarter, usedUp } from "./task-starter.ts";
import { createTeller } from "./teller.ts";
import { createWorkLine } from "./work-line.ts";

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
  settings(): ChiefSettings;
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
  /** Ends every run that has not ended, or this one, and remembers why; resolves with the ids of those it has ended. */
  stopRuns(cause: NonNullable<TaskRun["stopCause"]>, reason: string, only?: string): Promise<string[]>;
  recent(): ChiefDecision[];
  /** What the runs started today for tasks of an automation have used so far. Throws while nobody can tell. */
  automationUse(automationId: string): Promise<RunUse>;
  /** Ends the runs of tasks whose automations have used up their budget of the day. */
  stopOverdrawn(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const minuteMs = 60_000;
const keepRecent = 50;

export function createChief(options: ChiefOptions): Chief {
  const { tasks, panic, clock, logger, settings: store, records, log } = options;
  const settings = (): ChiefSettings => store.get();
  const book = createRecordBook({ store: records, sourceOf: (id) => sourceOf(tasks, id), clock });
  const automations = createAutomationBudgets({ ...options, book });
  let recent: ChiefDecision[] = [];
  const write: WriteDecision = async (decision) => {
    await log.append(decision);
    recent = [decision, ...recent].slice(0, keepRecent);
    options.onDecision(decision);
  };
  const line = createWorkLine();
  const teller = createTeller(tasks, write);
  const parts = { ...options, book, automations, teller, settings };
  const starter = createTaskStarter(parts);
  const reviews = createReviewOpener({ ...options, onOpened: followAgain });
  const follower = createRunFollower({ ...parts, reviews, starter });
  const facts = createFactsReader({ ...parts, isOver: reviews.isAtWork });
  const loop = createEvaluationLoop({ ...parts, facts, starter, line, onLooked });
  const heard = new Map<string, Run>();
  const news = createRunNews();
  let stopFollowing: (() => void) | undefined;
  let evaluatedAt: string | null = null;
  let told = "";
  let isStopped = true;
  let minute: NodeJS.Timeout | undefined;

  function onLooked(): void {
    evaluatedAt = new Date(clock.now()).toISOString();
    const now = state();
    const text = JSON.stringify({ ...now, evaluatedAt: null });
    if (text === told) return;
    told = text;
    options.onState(now);
  }

  const state = (): ChiefState =>
    chiefState({ settings: settings(), panic: panic.get(), zone: options.zone, evaluatedAt }, tasks.list(), loop);

  function inLine(what: string, work: () => Promise<void>): void {
    line
      .add(work)
      .catch((error: unknown) => {
        logger.error(`The chief of staff could not ${what}`, {}, error);
      })
      .finally(loop.soon);
  }

  function followAgain(runId: string): void {
    if (!isStopped) inLine("follow a run", () => follower.followAgain(runId));
  }

  async function reconcile(): Promise<void> {
    if (options.openRuns().isComplete) await follower.reconcile();
  }

  return {
    settings,
    state,
    recent: () => recent,
    evaluate: loop.now,
    evaluateSoon: loop.soon,
    async put(next) {
      await store.update(() => ({ next, result: null }));
      loop.forgetRefusals();
      await loop.now();
      return state();
    },
    async startNow(taskId) {
      panic.check();
      const task = await line.add(() => startByHand({ ...parts, starter, facts }, taskId));
      loop.soon();
      return task;
    },
    async reviewed(runId, outcome, by) {
      await line.add(() => noteReview(parts, runId, outcome, by));
      loop.soon();
    },
    hear(run) {
      if (!news.isNews(run)) return;
      if (run.source.kind !== "task" && book.ofRun(run.id) === undefined) {
        loop.soon(); // it takes a slot, or gives one back
        return;
      }
      const isQueued = heard.has(run.id);
      heard.set(run.id, run);
      if (isQueued || isStopped) return;
      inLine("follow a run", async () => {
        const newest = heard.get(run.id);
        heard.delete(run.id);
        if (newest) await follower.follow(newest);
      });
    },
    engineChanged(isComplete) {
      if (isStopped) return;
      if (isComplete) inLine("look at its runs", reconcile);
      else loop.soon();
    },
    stopRuns: (cause, reason, only) => stopOpenRuns({ ...options, book }, cause, reason, only),
    automationUse: automations.usedToday,
    stopOverdrawn: () => stopOverdrawn({ ...options, book, automations }),
    async start() {
      isStopped = false;
      recent = (await log.page({ limit: keepRecent })).items.map(({ rowId: _rowId, ...decision }) => decision);
      options.setLimits(settings().limits);
      // Also when the file was edited by hand.
      stopFollowing = store.subscribe(({ limits }) => {
        options.setLimits(limits);
        loop.soon();
      });
      minute = setInterval(() => {
        inLine("look at its runs", reconcile);
      }, minuteMs);
      loop.start();
    },
    async stop() {
      isStopped = true;
      stopFollowing?.();
      clearInterval(minute);
      await loop.stop();
      await line.empty();
    },
  };
}

/** Where a task on the board comes from. */
function sourceOf(tasks: Pick<ChiefOptions["tasks"], "get">, id: string): Task["source"] | undefined {
  try {
    return tasks.get(id).source;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return undefined;
    throw error;
  }
}

interface ByHand extends Pick<ChiefOptions, "tasks" | "dayBudget" | "providers"> {
  book: RecordBook;
  starter: TaskStarter;
  facts: FactsReader;
  automations: AutomationBudgets;
}

/** Whatever the chief of staff would do itself; budgets still hold. */
async function startByHand(
  { tasks, dayBudget, providers, book, starter, facts, automations }: ByHand,
  taskId: string,
): Promise<Task> {
  const task = tasks.get(taskId);
  if (openRun(book.get(taskId)) !== undefined)
    throw new AppError("conflict", `"${task.title}" is being worked on already`);
  const exceeded = await dayBudget();
  if (exceeded !== null)
    throw new AppError("rate_limited", exceeded, { hint: "Raise the daily budget, or wait until tomorrow." });
  const ofAutomation = (await automations.ofTask(taskId))?.exceeded ?? null;
  if (ofAutomation !== null) throw usedUp(ofAutomation);
  const { budget, candidates, block } = facts.outlookOf(task, providers());
  if (budget !== null) throw new AppError("conflict", budget.text, { hint: "Give the task a larger budget." });
  if (candidates.length === 0) throw new AppError("conflict", block?.text ?? "Nobody can be asked.");
  const refusal = await starter.start(task, candidates, "user");
  if (refusal !== null) throw refusedByHand(refusal);
  return tasks.get(taskId);
}

/** Ends runs that have not ended, and remembers why on disk first. */
async function stopOpenRuns(
  { openRuns, runs, book, logger }: Pick<ChiefOptions, "openRuns" | "runs" | "logger"> & { book: RecordBook },
  stopCause: NonNullable<TaskRun["stopCause"]>,
  reason: string,
  only: string | undefined,
): Promise<string[]> {
  const open = openRuns().runs.filter(({ run }) => isOpenState(run.state) && (only === undefined || run.id === only));
  const stopped = await Promise.allSettled(
    open.map(async ({ run }) => {
      const record = book.ofRun(run.id);
      if (record) await book.changeRun(record.taskId, run.id, { stopCause });
      const { state, failure } = await runs.stop(run.id, reason, stopCause === "task" ? "user" : stopCause);
      const isStopped = isOpenState(state) || state === "cancelled" || failure === "budget";
      return isStopped ? [run.id] : []; // else it ended by itself just then
    }),
  );
  for (const result of stopped)
    if (result.status === "rejected") logger.warn("A run could not be stopped", { problem: String(result.reason) });
  return stopped.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
}

async function stopOverdrawn(
  parts: Parameters<typeof stopOpenRuns>[0] & { automations: Pick<AutomationBudgets, "overdrawn"> },
): Promise<void> {
  for (const { runId, reason } of await parts.automations.overdrawn())
    await stopOpenRuns(parts, "automation-budget", reason, runId);
}

function chiefState(
  known: Omit<ChiefState, "running" | "ready" | "next">,
  tasks: readonly Task[],
  loop: Pick<EvaluationLoop, "decisions">,
): ChiefState {
  const isPanic = known.panic.isOn;
  const { text, at } = nextUp({ settings: known.settings, isPanic, tasks, decisions: loop.decisions() });
  return {
    ...known,
    running: tasks.filter((task) => task.state === "running" || task.state === "waiting").length,
    ready: tasks.filter((task) => task.state === "ready").length,
    next: { text: redact(text), at: at === null ? null : new Date(at).toISOString() },
  };
}

async function noteReview(
  { book, teller, clock, notifications }: Pick<ChiefOptions, "clock" | "notifications"> & Noted,
  runId: string,
  outcome: ReviewOutcome,
  by: string,
): Promise<void> {
  const record = book.ofRun(runId);
  if (record?.runs.at(-1)?.runId !== runId) return;
  const at = new Date(clock.now()).toISOString();
  const changed = await teller.tell(record.taskId, (task) => judged(task, outcome, by, at));
  if (changed !== null && outcome !== "open") await notifications.settle(taskKey(record.taskId));
}

interface Noted {
  book: RecordBook;
  teller: Teller;
}

function judged(task: Task, outcome: ReviewOutcome, by: string, at: string): Task {
  if (outcome === "open") {
    const text = `Taken back by ${by}: look at the work again.`;
    const isDecided = task.state === "done" || task.state === "cancelled";
    if (!isDecided) return { ...task, review: null };
    return { ...task, state: "review", review: null, reason: { code: "review", text, until: null, at } };
  }
  const review = { outcome, by, at };
  // Who has made it ready again, or ended it by hand, has said what is to become of it.
  const isTakenUp = ["running", "waiting", "ready", "draft"].includes(task.state);
  const isEndedByHand = task.review === null && (task.state === "done" || task.state === "cancelled");
  if (isTakenUp || (isEndedByHand && outcome === "discarded")) return { ...task, review };
  const words = { merged: "Merged", branch: "Kept as a branch", accepted: "Accepted", discarded: "Discarded" };
  const reason = { code: "ended", text: `${words[outcome]} by ${by}.`, until: null, at } as const;
  return { ...task, review, state: outcome === "discarded" ? "cancelled" : "done", reason };
}
