import type { Budget, Run } from "../../../contract/features/runs.ts";
import { type Task, type TaskInput, taskInputSchema } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { leftOf, type RunUse, sumOfUse, useOf } from "../../run-use.ts";
import type { ActionRunner } from "./action-runner.ts";
import type { StoredAction } from "./automation-record.ts";

type TaskAction = Extract<StoredAction, { kind: "task" }>;

/** What automations may do to the board. */
export interface AutomationTasks {
  /** Adds a task in the name of an automation. */
  add(task: Omit<TaskAction, "kind">, automationId: string): Promise<Pick<Task, "id" | "title">>;
  /** The task of an automation that has not ended; `null` when there is none. */
  openOf(automationId: string): Pick<Task, "id" | "title"> | null;
  /** What the runs of its tasks that began today have used. */
  usedToday(automationId: string): Promise<RunUse>;
}

interface Board {
  list(): readonly Pick<Task, "id" | "title" | "source" | "endedAt" | "runs">[];
  create(input: TaskInput, origin: { source: Task["source"]; state: "draft" | "ready" }): Promise<Task>;
}

interface Parts {
  /** Asked for when an automation runs. */
  board: () => Board;
  /** Throws `not_found` for one that was deleted. */
  run(id: string): Promise<Run>;
  clock: Clock;
  zone: string;
}

/** The board as automations see it. */
export function automationTasks({ board, run, clock, zone }: Parts): AutomationTasks {
  const dayOf = (at: number | string): string =>
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date(at));

  async function useOfRun(id: string): Promise<RunUse[]> {
    try {
      return [useOf(await run(id))];
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return [];
      throw error; // not knowing what was spent, nothing more is
    }
  }

  return {
    async usedToday(id) {
      const today = dayOf(clock.now());
      const runs = board()
        .list()
        .filter(({ source }) => source.kind === "automation" && source.id === id)
        .flatMap((task) => task.runs.filter(({ startedAt }) => dayOf(startedAt) === today));
      return sumOfUse((await Promise.all(runs.map(({ runId }) => useOfRun(runId)))).flat());
    },
    add: ({ state, ...task }, id) =>
      board().create(taskInputSchema.parse(task), { source: { kind: "automation", id }, state }),
    openOf(id) {
      const isOpen = ({ source, endedAt }: Pick<Task, "source" | "endedAt">): boolean =>
        source.kind === "automation" && source.id === id && endedAt === null;
      return board().list().find(isOpen) ?? null;
    },
  };
}

/** Adds a task to the board, unless the one it added before is still open: tasks nobody gets to do not pile up. */
export function createTaskAction(tasks: AutomationTasks): ActionRunner<TaskAction> {
  return {
    async start({ row, output }, { kind: _kind, ...wanted }) {
      const open = tasks.openOf(row.automationId);
      if (open) return { state: "succeeded", reason: `"${open.title}" is still open (${open.id}), so none was added` };
      try {
        const budget = await budgetToday(tasks, row.automationId, wanted.budget);
        if (typeof budget === "string") return { state: "failed", reason: budget };
        const task = await tasks.add({ ...wanted, ...(budget === null ? {} : { budget }) }, row.automationId);
        await output.append(0, Buffer.from(`Added the task "${task.title}" (${task.id})\n`));
        return { state: "succeeded", reason: `Added "${task.title}" (${task.id})` };
      } catch (error) {
        if (error instanceof AppError) return { state: "failed", reason: error.message };
        throw error;
      }
    },
  };
}

/** What is left for a further task today, or why nothing is; `null` without a budget. */
export async function budgetToday(
  tasks: AutomationTasks,
  automationId: string,
  budget: Budget | undefined,
): Promise<Budget | string | null> {
  if (budget === undefined || Object.values(budget).every((limit) => limit === null)) return null;
  const { left, exceeded } = leftOf(budget, await tasks.usedToday(automationId));
  if (exceeded === null) return left;
  return `Its budget of ${exceeded.limit} a day is used up: ${exceeded.spent} today`;
}
