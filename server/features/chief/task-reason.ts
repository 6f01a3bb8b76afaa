import type { TaskReason } from "../../../contract/features/tasks.ts";

/** A reason as it is written on a task. */
export function reasonOf(code: TaskReason["code"], text: string, now: number, until: number | null = null): TaskReason {
  return {
    code,
    text,
    until: until === null ? null : new Date(until).toISOString(),
    at: new Date(now).toISOString(),
  };
}
