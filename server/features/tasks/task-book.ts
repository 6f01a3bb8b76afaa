import type { Task } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { byPosition } from "./task-order.ts";
import type { TasksFile } from "./task-record.ts";

/** The tasks of `tasks.json`, and word of what becomes of each, whoever changes it. */
export interface TaskBook {
  file(): TasksFile;
  /** In order. */
  all(): readonly Task[];
  find(id: string): Task | undefined;
  update: JsonStore<TasksFile>["update"];
  /** Changes one task; the same object back is no change. Throws `not_found`. */
  change(id: string, change: (task: Task, file: TasksFile) => Task | readonly Task[]): Promise<Task>;
  /** A task is new or different. */
  onChange(listener: (task: Task) => void): () => void;
  /** A task is no longer here: deleted, or only in the history. */
  onGone(listener: (task: Task, isDeleted: boolean) => void): () => void;
}

/** The book over its open file. */
export function createTaskBook(store: JsonStore<TasksFile>): TaskBook {
  const changeListeners = new Set<(task: Task) => void>();
  const goneListeners = new Set<(task: Task, isDeleted: boolean) => void>();
  let tasks = store.get().tasks.toSorted(byPosition);
  let byId = new Map(tasks.map((task) => [task.id, task]));

  store.subscribe((file) => {
    if (file.tasks.length === tasks.length && file.tasks.every((task) => byId.get(task.id) === task)) return;
    const before = byId;
    tasks = file.tasks.toSorted(byPosition);
    byId = new Map(tasks.map((task) => [task.id, task]));
    for (const task of tasks) if (before.get(task.id) !== task) for (const listener of changeListeners) listener(task);
    const deleted = new Set(file.removed.map(({ task }) => task.id));
    for (const [id, task] of before)
      if (!byId.has(id)) for (const listener of goneListeners) listener(task, deleted.has(id));
  });

  return {
    file: () => store.get(),
    all: () => tasks,
    find: (id) => byId.get(id),
    update: (change) => store.update(change),
    change: (id, change) =>
      store.update((file) => {
        const task = file.tasks.find((each) => each.id === id);
        if (!task) throw missingTask();
        const changed = change(task, file);
        if (changed === task) return { next: file, result: task };
        const next = "id" in changed ? file.tasks.map((each) => (each === task ? changed : each)) : [...changed];
        return { next: { ...file, tasks: next }, result: next.find((each) => each.id === id) ?? task };
      }),
    onChange: (listener) => subscribe(changeListeners, listener),
    onGone: (listener) => subscribe(goneListeners, listener),
  };
}

/** What is said of a task that is not here. */
export function missingTask(): AppError {
  return new AppError("not_found", "There is no such task");
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
