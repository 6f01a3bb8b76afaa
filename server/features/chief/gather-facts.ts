import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { quietUntil } from "../../quiet-hours.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { AutomationBudgets } from "./automation-budgets.ts";
import type { Block, ChiefFacts, Occupant, Outlook } from "./chief-facts.ts";
import type { ChiefParts } from "./chief-parts.ts";
import { findCandidates, type ProviderFacts } from "./find-candidates.ts";
import type { RecordBook } from "./record-book.ts";
import { budgetLeft } from "./task-budget.ts";
import { whyEnded } from "./plan-recovery.ts";
import { openRun, ownRuns, triesOf, type TaskRun } from "./task-record.ts";

interface FactsOptions extends Pick<
  ChiefParts,
  "tasks" | "openRuns" | "isReviewOpen" | "providers" | "dayBudget" | "panic" | "clock" | "timeText"
> {
  book: RecordBook;
  automations: Pick<AutomationBudgets, "standing" | "limitsCost">;
  settings(): ChiefSettings;
  zone: string;
  /** A run that is over, though what follows from its end is not done yet. */
  isOver(runId: string): boolean;
}

/** Reads everything a decision is made from. */
export interface FactsReader {
  /** `held`: tasks that could not be started just now, and why. */
  read(held: ReadonlyMap<string, Block>): Promise<ChiefFacts>;
  outlookOf(task: Task, providers: readonly ProviderFacts[]): Outlook;
}

export function createFactsReader(options: FactsOptions): FactsReader {
  const { tasks, book, automations, clock, timeText, zone, panic } = options;
  /** Tasks found in the history as done, and when they were looked up in vain. */
  const done = new Set<string>();
  const searched = new Map<string, number>();

  function outlookOf(task: Task, providers: readonly ProviderFacts[]): Outlook {
    const record = book.get(task.id);
    const now = clock.now();
    const { candidates, block } = findCandidates(task, record, {
      providers,
      now,
      timeText,
      isCostLimited: automations.limitsCost(task),
    });
    const plan = record.runs.at(-1)?.plan ?? null;
    const { exceeded } = budgetLeft(task.budget, record.runs);
    // Only the user can mend a prompt; until then the task waits and says so.
    const promptBlock: Block | null =
      task.promptProblem === null ? null : { code: "provider", text: task.promptProblem, until: null };
    return {
      budget: exceeded === null ? null : { text: exceeded, until: null },
      runsByItself: triesOf(ownRuns(record.runs)),
      candidates: promptBlock === null ? candidates : [],
      block: promptBlock ?? block,
      lastEnd: lastEndOf(record.runs.at(-1), options.isReviewOpen),
      pause: plan === null || plan.notBefore === null || task.notBefore !== plan.notBefore ? null : plan,
    };
  }

  /** Dependencies that have left the board may be done all the same. */
  async function findDone(all: readonly Task[]): Promise<void> {
    const here = new Set(all.map(({ id }) => id));
    const now = clock.now();
    const unknown = new Set(
      all
        .filter(({ state }) => state === "ready")
        .flatMap(({ dependsOn }) => dependsOn)
        .filter((id) => !here.has(id) && !done.has(id) && now - (searched.get(id) ?? 0) > searchAgainMs),
    );
    for (const id of unknown) {
      searched.set(id, now);
      try {
        if ((await tasks.find(id)).state === "done") done.add(id);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "not_found") throw error;
      }
    }
  }

  /** Tasks whose automations have used up what they may use today. */
  async function overdrawnOf(ready: readonly Task[]): Promise<Map<string, Outlook["budget"]>> {
    const made = ready.filter(({ source }) => source.kind === "automation" || source.kind === "task");
    const automationIds = new Map(made.map(({ id }) => [id, book.automationOf(id)]));
    const budgets = new Map<string | null, Outlook["budget"]>();
    for (const id of new Set(automationIds.values())) budgets.set(id, id === null ? null : await overdraftOf(id));
    return new Map([...automationIds].map(([taskId, id]) => [taskId, budgets.get(id) ?? null]));
  }

  async function overdraftOf(automationId: string): Promise<Outlook["budget"]> {
    const now = clock.now();
    try {
      const exceeded = (await automations.standing(automationId))?.exceeded ?? null;
      return exceeded === null ? null : { text: `${exceeded}.`, until: tomorrow(now) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const text = `Nobody can tell what its automation has used today: ${error.message}.`;
      return { text, until: now + askAgainMs };
    }
  }

  return {
    outlookOf,
    async read(held) {
      const all = tasks.list();
      await findDone(all);
      const now = clock.now();
      const settings = options.settings();
      const providers = options.providers();
      const dayBudget = await options.dayBudget();
      const open = options.openRuns();
      const ready = all.filter(({ state }) => state === "ready");
      const overdrawn = await overdrawnOf(ready);
      const outlooks = new Map(
        ready.map((task) => {
          const outlook = outlookOf(task, providers);
          const block = held.get(task.id);
          const budget = outlook.budget ?? overdrawn.get(task.id) ?? null;
          return [task.id, block ? { ...outlook, budget, candidates: [], block } : { ...outlook, budget }];
        }),
      );
      const onBoard = new Map(all.map((task) => [task.id, task.state]));
      return {
        now,
        settings,
        isPanic: panic.isOn(),
        quietUntil: settings.quietHours === null ? null : quietUntil(settings.quietHours, now, zone),
        dayBudget: dayBudget === null ? null : { text: `${dayBudget}.`, until: tomorrow(now) },
        engine: open.isComplete ? null : { text: "No run can be started: portos-cos does not answer." },
        tasks: all,
        isDone: (id) => (onBoard.has(id) ? onBoard.get(id) === "done" : done.has(id)),
        occupants: occupantsOf(open.runs, book, all, options.isOver),
        busyTasks: new Set(book.all().flatMap((record) => (openRun(record) ? [record.taskId] : []))),
        outlooks,
        startCount: book.startCount(),
        timeText,
      };
    },
  };
}

/** "Claude was interrupted: portos-cos went away. What it did lies in its worktree." */
function lastEndOf(last: TaskRun | undefined, hasWork: (runId: string) => boolean): string | null {
  if (last === undefined || (last.outcome !== "failed" && last.outcome !== "interrupted")) return null;
  const why = whyEnded(last);
  return hasWork(last.runId) ? `${why} What it did lies in its worktree.` : why;
}

const searchAgainMs = 60_000;
const askAgainMs = 60_000;

/** Runs that take a slot: those portos-cos tells of, and those it is only being told of. */
function occupantsOf(
  open: ReturnType<ChiefParts["openRuns"]>["runs"],
  book: RecordBook,
  tasks: readonly Task[],
  isOver: (runId: string) => boolean,
): Occupant[] {
  const known = new Set(open.map(({ run }) => run.id));
  const working = open
    .filter(({ run }) => run.state !== "waiting")
    .map(({ run, providerId }) => ({ runId: run.id, appId: run.appId, providerId }));
  const apps = new Map(tasks.map(({ id, appId }) => [id, appId]));
  const intended = book.all().flatMap((record) => {
    const run = openRun(record);
    if (!run || known.has(run.runId) || isOver(run.runId)) return [];
    return [{ runId: run.runId, appId: apps.get(record.taskId) ?? null, providerId: run.providerId }];
  });
  return [...working, ...intended];
}

/** Midnight of the machine's own clock, when the next day's budget begins. */
function tomorrow(now: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}
