import type { Budget } from "../../../contract/features/runs.ts";
import { type Task, type TaskInput, taskInputSchema } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import { redact } from "../../../lib/redact.ts";
import { leftOf, type RunUse, sumOfUse } from "../../run-use.ts";
import type { ActionRunner } from "./action-runner.ts";
import type { AutomationRecord, StoredAction } from "./automation-record.ts";

type TaskAction = Extract<StoredAction, { kind: "task" }>;

/** What automations may do to the board. */
export interface AutomationTasks {
  /** Adds a task in the name of an automation. */
  add(task: Omit<TaskAction, "kind">, automationId: string): Promise<Pick<Task, "id" | "title">>;
  /** The task of an automation that has not ended; `null` when there is none. */
  openOf(automationId: string): Pick<Task, "id" | "title"> | null;
  /** What the runs of its tasks that began today have used so far. */
  usedToday(automationId: string): Promise<RunUse>;
}

interface Board {
  list(): readonly Pick<Task, "id" | "title" | "source" | "endedAt">[];
  create(
    input: TaskInput,
    origin: { source: Task["source"]; state: "draft" | "ready" },
  ): Promise<Pick<Task, "id" | "title">>;
}

interface Parts {
  /** Asked for when an automation runs. */
  board: () => Board;
  /** What the runs of its tasks that began today have used so far. Throws while nobody can tell. */
  usedToday(automationId: string): Promise<RunUse>;
}

/** The board as automations see it. */
export function automationTasks({ board, usedToday }: Parts): AutomationTasks {
  return {
    usedToday,
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
      if (open)
        return { state: "succeeded", reason: `"${redact(open.title)}" is still open (${open.id}), so none was added` };
      try {
        const { left, exceeded } = await budgetState(tasks, row.automationId, wanted.budget);
        if (exceeded !== null) return { state: "skipped", reason: exceeded };
        const task = await tasks.add({ ...wanted, ...(left === null ? {} : { budget: left }) }, row.automationId);
        await output.append(0, Buffer.from(`Added the task "${task.title}" (${task.id})\n`));
        return { state: "succeeded", reason: `Added "${redact(task.title)}" (${task.id})` };
      } catch (error) {
        if (error instanceof AppError) return { state: "failed", reason: error.message };
        throw error;
      }
    },
  };
}

/** What all tasks of an automation may use in a day; `null` without a limit, and when it adds none. */
export function taskBudgetOf(automation: AutomationRecord | null): { name: string; budget: Budget } | null {
  const budget = automation?.action.kind === "task" ? limited(automation.action.budget) : null;
  return automation && budget ? { name: automation.name, budget } : null;
}

/** What all tasks or runs of an automation may use in a day together. */
export function dayBudgetOf({ action }: AutomationRecord): Budget | undefined {
  if (action.kind === "task") return action.budget;
  return action.kind === "run" ? action.dayBudget : undefined;
}

/** A budget that sets a limit; `null` for any other. */
function limited(budget: Budget | undefined): Budget | null {
  return budget === undefined || Object.values(budget).every((limit) => limit === null) ? null : budget;
}

/** How much of a budget is used today. */
export async function budgetState(
  tasks: Pick<AutomationTasks, "usedToday">,
  automationId: string,
  budget: Budget | undefined,
): Promise<{ budget: Budget | null; used: RunUse; left: Budget | null; exceeded: string | null }> {
  const limits = limited(budget);
  if (limits === null) return { budget: null, used: sumOfUse([]), left: null, exceeded: null };
  const used = await tasks.usedToday(automationId);
  const { left, exceeded } = leftOf(limits, used);
  const text = exceeded && `Its budget of ${exceeded.limit} a day is used up: ${exceeded.spent} today`;
  return { budget: limits, used, left, exceeded: text };
}
