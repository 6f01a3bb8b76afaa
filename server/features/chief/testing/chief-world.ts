import { chiefDecisionSchema, chiefSettingsSchema, type ChiefDecision } from "../../../../contract/features/chief.ts";
import type { Budget, Run, RunInput } from "../../../../contract/features/runs.ts";
import { taskInputSchema, type Task, type TaskInput } from "../../../../contract/features/tasks.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { JsonStore } from "../../../../lib/json-store.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { noUsage, sampleRun } from "../../../testing/sample-run.ts";
import { createTaskBook } from "../../tasks/task-book.ts";
import { tasksFile, type TasksFile } from "../../tasks/task-record.ts";
import type { TaskHistory } from "../../tasks/task-history.ts";
import { createTaskService, type TaskService } from "../../tasks/task-service.ts";
import { createChief, type Chief, type ChiefOptions } from "../chief-service.ts";
import type { ProviderFacts } from "../find-candidates.ts";
import { createPanicSwitch, panicFile, type PanicSwitch } from "../panic-switch.ts";
import { chiefRunsFile, type ChiefRunsFile } from "../task-record.ts";

/** What outlives a killed portos-server: its files, and the runs of portos-cos. */
export interface ChiefWorld {
  files: Map<string, unknown>;
  runs: Map<string, Run>;
  /** Every run that was ever started, by its task. */
  started: { taskId: string; runId: string }[];
  decisions: ChiefDecision[];
  notices: { title: string; message?: string | undefined; needsYou?: boolean | undefined; key?: string | undefined }[];
  providers: ProviderFacts[];
  /** Why nothing more may be used today. */
  dayBudget: string | null;
  /** What the automation of each task may use in a day. */
  automationBudget: Budget | null;
  now: number;
  isEngineUp: boolean;
  /** What portos-cos throws when a run is to be started. */
  refusal: Error | null;
  /** Whether the work of a run waits to be looked at, as soon as git knows. */
  review: Promise<boolean>;
  /** Of every app. */
  folder: string | undefined;
  /** The most runs of one task that had not ended at the same time. */
  mostAtOnce: number;
}

/** One life of portos-server. */
export interface ChiefLife {
  chief: Chief;
  tasks: TaskService;
  panic: PanicSwitch;
  /** Effects begun or ended so far; a life that ends at one of them never hears of it. */
  steps(): number;
  isDead(): boolean;
  /** Resolves when nothing has happened for a while. */
  quiet(): Promise<void>;
  end(): Promise<void>;
}

export function provider(id: string, changes: Partial<ProviderFacts> = {}): ProviderFacts {
  return {
    id,
    name: id.slice(0, 1).toUpperCase() + id.slice(1),
    isEnabled: true,
    models: [],
    needsModel: false,
    lacks: null,
    downSince: null,
    limit: null,
    fallbacks: [],
    isCostKnown: () => true,
    ...changes,
  };
}

export function createWorld(): ChiefWorld {
  return {
    files: new Map(),
    runs: new Map(),
    started: [],
    decisions: [],
    notices: [],
    providers: [provider("claude")],
    dayBudget: null,
    automationBudget: null,
    now: Date.parse("2026-05-04T12:00:00.000Z"),
    isEngineUp: true,
    refusal: null,
    review: Promise.resolve(false),
    folder: undefined,
    mostAtOnce: 0,
  };
}

/** What happens to a run, as portos-cos would have it. */
export function happen(world: ChiefWorld, runId: string, change: Partial<Run>, chief?: Chief): Run {
  const before = world.runs.get(runId);
  if (!before) throw new AppError("not_found", "There is no such run");
  const isEnd = change.state !== undefined && !isOpenState(change.state);
  const run: Run = {
    ...before,
    eventCount: before.eventCount + 1,
    endedAt: isEnd ? new Date((world.now += 1)).toISOString() : null,
    ...change,
  };
  world.runs.set(runId, run);
  chief?.hear(run);
  return run;
}

const never = new Promise<never>(() => undefined);
const quietMs = 90;

const noHistory: TaskHistory = {
  page: () => Promise.resolve({ items: [], next: null, scanned: 0 }),
  find: () => Promise.resolve(undefined),
  prune: () => Promise.resolve(),
  start: () => undefined,
  stop: () => Promise.resolve(),
};

/** Starts portos-server's part of it; it is killed right before or after its effect number `diesAt`. */
export async function live(world: ChiefWorld, diesAt = Infinity): Promise<ChiefLife> {
  let steps = 0;
  let isDead = false;
  const isAlive = (): boolean => !isDead;

  async function step(): Promise<void> {
    if (isDead) return never;
    steps += 1;
    if (steps < diesAt) return undefined;
    isDead = true;
    return never;
  }

  const store = <T>(name: string, initial: T): JsonStore<T> => memoryStore(world, step, name, initial);
  const clock = { now: () => world.now, monotonic: () => world.now };
  const tasks = createTaskService({
    book: createTaskBook(store<TasksFile>("tasks", tasksFile.initial)),
    history: noHistory,
    clock,
    hasApp: () => true,
    hasProvider: () => true,
    stopRun: async (runId, reason) => {
      await runs.stop(runId, reason);
    },
  });
  const panic = createPanicSwitch({ store: store("panic", panicFile.initial), clock, logger: silentLogger });
  const runs = fakeRuns(world, step, (run) => {
    if (isAlive()) chief.hear(run);
  });
  const chief: Chief = createChief({
    tasks,
    runs,
    panic,
    clock,
    logger: silentLogger,
    settings: store("chief", chiefSettingsSchema.parse({ isOn: true })),
    records: store<ChiefRunsFile>("records", chiefRunsFile.initial),
    log: {
      async append(decision) {
        await step();
        world.decisions.push(chiefDecisionSchema.parse(decision));
      },
      page: () => Promise.resolve({ items: [], next: null, scanned: 0 }),
      prune: () => Promise.resolve(),
      problems: () => [],
      close: () => Promise.resolve(),
    },
    zone: "UTC",
    openRuns: () => ({
      runs: [...world.runs.values()]
        .filter(({ state }) => isOpenState(state))
        .map((run) => ({ run, providerId: run.attempts.at(-1)?.providerId ?? null })),
      isComplete: world.isEngineUp,
    }),
    newRunId: () =>
      `run-${String(world.files.size + steps + Math.random())
        .replaceAll(/\W/g, "")
        .padEnd(14, "0")
        .slice(0, 20)}`,
    providers: () => world.providers,
    choose: (_work, candidates) => ({ order: [...candidates], reason: "The first one.", detail: "All alike" }),
    dayBudget: () => Promise.resolve(world.dayBudget),
    automationBudget: () =>
      world.automationBudget === null ? null : { name: "Every night", budget: world.automationBudget },
    folderOf: () => world.folder,
    fillPrompt: ({ promptId, values }) =>
      promptId === "gone"
        ? Promise.reject(new AppError("not_found", "There is no such prompt"))
        : Promise.resolve({
            text: `${promptId}: ${JSON.stringify(values)}`,
            prompt: { id: promptId, version: 3, includes: [{ id: "part", version: 2 }] },
          }),
    isRepository: () => Promise.resolve(false),
    hasReview: () => world.review,
    isReviewOpen: () => true,
    screenshotFile: (name) => name,
    notifications: {
      async notify(notice) {
        await step();
        world.notices.push(notice);
      },
      settle: () => Promise.resolve(),
    },
    timeText: (at) => new Date(at).toISOString().slice(11, 16),
    setLimits: () => undefined,
    onState: () => undefined,
    onDecision: () => undefined,
  } satisfies ChiefOptions);
  panic.addBrake("stoppedRuns", (by) =>
    chief.stopRuns("panic", `Everything was stopped by ${by}`).then(({ length }) => length),
  );
  panic.onChange(chief.evaluateSoon);
  tasks.onChange(chief.evaluateSoon);
  tasks.onRemoved(chief.evaluateSoon);
  await Promise.race([chief.start(), never]);
  chief.engineChanged(world.isEngineUp);
  return {
    chief,
    tasks,
    panic,
    steps: () => steps,
    isDead: () => isDead,
    async quiet() {
      let seen = -1;
      while (seen !== steps && isAlive()) {
        seen = steps;
        await new Promise((resolve) => {
          setTimeout(resolve, quietMs);
        });
      }
    },
    async end() {
      isDead = true;
      await Promise.race([chief.stop(), new Promise((resolve) => void setTimeout(resolve, 5))]);
    },
  };
}

/** A store whose file outlives this life. */
function memoryStore<T>(world: ChiefWorld, step: () => Promise<void>, name: string, initial: T): JsonStore<T> {
  const listeners = new Set<(value: T) => void>();
  const get = (): T => (world.files.has(name) ? (world.files.get(name) as T) : initial);
  let line: Promise<unknown> = Promise.resolve();
  return {
    get,
    update(change) {
      const done = line.then(async () => {
        await step();
        const { next, result } = change(get());
        if (next !== get()) {
          world.files.set(name, next);
          for (const listener of listeners) listener(next);
        }
        await step();
        return result;
      });
      line = done.catch(() => undefined);
      return done;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    problems: () => [],
    close: () => Promise.resolve(),
  };
}

type FakedRuns = ChiefOptions["runs"];

function fakeRuns(world: ChiefWorld, step: () => Promise<void>, tell: (run: Run) => void): FakedRuns {
  function find(id: string): Run {
    const run = world.runs.get(id);
    if (!run) throw new AppError("not_found", "There is no such run");
    return run;
  }

  function check(): void {
    if (!world.isEngineUp) throw new AppError("unavailable", "portos-cos does not answer");
  }

  function count(): void {
    for (const { taskId } of world.started) {
      const open = [...world.runs.values()].filter((run) => run.source.id === taskId && isOpenState(run.state));
      world.mostAtOnce = Math.max(world.mostAtOnce, open.length);
    }
  }

  return {
    async create(input, source = { kind: "user", id: "user" }, extras = {}) {
      await step();
      check();
      if (world.refusal) throw world.refusal;
      const id = extras.id ?? "run-000000000000";
      if (world.runs.has(id)) throw new AppError("conflict", "This run exists already");
      const run = { ...newRun(id, input, source, world.now), prompt: extras.prompt ?? null };
      world.runs.set(id, run);
      world.started.push({ taskId: source.id, runId: id });
      count();
      tell(run);
      await step();
      return [run];
    },
    async get(id) {
      await step();
      check();
      return find(id);
    },
    async stop(id, message, kind = "user") {
      await step();
      check();
      if (!isOpenState(find(id).state)) return find(id);
      const isBudget = kind === "day-budget" || kind === "automation-budget";
      const end = isBudget ? (["failed", "budget"] as const) : (["cancelled", "cancelled"] as const);
      const run = happen(world, id, { state: end[0], message, failure: end[1] });
      tell(run);
      return run;
    },
    async resume(id) {
      await step();
      check();
      const run = happen(world, id, { state: "running", failure: null, message: null });
      world.started.push({ taskId: run.source.id, runId: id });
      count();
      tell(run);
      return run;
    },
    events: () => Promise.resolve({ events: [], last: 0 }),
  };
}

function newRun(id: string, input: RunInput, source: Run["source"], now: number): Run {
  const at = new Date(now).toISOString();
  const providerId = input.choices[0]?.providerId ?? "nobody";
  return sampleRun({
    id,
    title: input.title ?? "",
    source,
    appId: input.appId ?? null,
    permissionMode: input.permissionMode,
    budget: input.budget,
    isolation: input.isolation,
    taskType: input.taskType ?? null,
    createdAt: at,
    startedAt: at,
    attempts: [
      {
        number: 1,
        providerId,
        providerName: providerId.slice(0, 1).toUpperCase() + providerId.slice(1),
        providerType: "cli",
        model: null,
        reason: "First choice",
        startedAt: at,
        endedAt: null,
        failure: null,
        message: null,
        usage: noUsage,
      },
    ],
  });
}

/** A ready task, of the user if nobody else is named. */
export function addTask(
  tasks: TaskService,
  input: Partial<TaskInput> & { title: string },
  source: Task["source"] = { kind: "user", id: "user" },
): Promise<Task> {
  const given = taskInputSchema.parse({ needsReview: false, ...input });
  return tasks.create(given, { source, state: "ready" });
}
