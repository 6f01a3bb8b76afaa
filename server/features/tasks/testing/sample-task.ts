import { type Task, taskInputSchema } from "../../../../contract/features/tasks.ts";
import { tasksFile, type TasksFile } from "../task-record.ts";

export const sampleTime = "2026-01-02T03:04:05.000Z";

/** A ready task with what is given. */
export function sampleTask(given: Partial<Task> & { id: string }): Task {
  return {
    ...taskInputSchema.parse({ title: `Task ${given.id}` }),
    state: "ready",
    position: 1,
    source: { kind: "user", id: "user" },
    createdAt: sampleTime,
    updatedAt: sampleTime,
    endedAt: null,
    reason: { code: "off", text: "", until: null, at: sampleTime },
    runs: [],
    notBefore: null,
    review: null,
    promptProblem: null,
    ...given,
  };
}

/** A file with these tasks, in this order. */
export function sampleFile(tasks: readonly Task[]): TasksFile {
  return tasksFile.schema.parse({
    ...tasksFile.initial,
    tasks: tasks.map((task, index) => ({ ...task, position: index + 1 })),
  });
}
