import { type Task, type TaskInput, taskInputSchema } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ActionRunner } from "./action-runner.ts";
import type { StoredAction } from "./automation-record.ts";

type TaskAction = Extract<StoredAction, { kind: "task" }>;

/** What automations may do to the board. */
export interface AutomationTasks {
  /** Adds a task in the name of an automation. */
  add(task: Omit<TaskAction, "kind">, automationId: string): Promise<Pick<Task, "id" | "title">>;
  /** The task of an automation that has not ended; `null` when there is none. */
  openOf(automationId: string): Pick<Task, "id" | "title"> | null;
}

interface Board {
  list(): readonly Pick<Task, "id" | "title" | "source" | "endedAt">[];
  create(input: TaskInput, origin: { source: Task["source"]; state: "draft" | "ready" }): Promise<Task>;
}

/** The board as automations see it; asked for when one runs. */
export function automationTasks(board: () => Board): AutomationTasks {
  return {
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
        const task = await tasks.add(wanted, row.automationId);
        await output.append(0, Buffer.from(`Added the task "${task.title}" (${task.id})\n`));
        return { state: "succeeded", reason: `Added "${task.title}" (${task.id})` };
      } catch (error) {
        if (error instanceof AppError) return { state: "failed", reason: error.message };
        throw error;
      }
    },
  };
}
