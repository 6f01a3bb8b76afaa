import type { Task } from "../../../contract/features/tasks.ts";
import { redact } from "../../../lib/redact.ts";

/** A task as it is shown: no known secret stands in its title, nor in its reason, which may name the title of another. */
export function shownTask(task: Task): Task {
  const [title, text] = [redact(task.title), redact(task.reason.text)];
  if (title === task.title && text === task.reason.text) return task;
  return { ...task, title, reason: { ...task.reason, text } };
}

/** What was shown may come back with the rest of the task: then the title stays what it was. */
export function withKeptTitle<T extends { title: string }>(input: T, { title }: Pick<Task, "title">): T {
  return input.title === redact(title) ? { ...input, title } : input;
}
