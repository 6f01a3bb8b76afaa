import type { Task, TaskReason, TaskState } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";

/** Whether nothing more happens to a task of this state by itself. */
export function isEnded(state: TaskState): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/** Whether a run works on it or waits for an answer. */
export function isLive(state: TaskState): boolean {
  return state === "running" || state === "waiting";
}

/** The run that works on a task; `null` while none does. */
export function liveRunOf(task: Task): string | null {
  return isLive(task.state) ? (task.runs.at(-1)?.runId ?? null) : null;
}

/** What is known of a task nobody has looked at yet. */
export function firstReason(state: TaskState, at: string): TaskReason {
  if (state === "draft") return { code: "draft", text: "It is a draft.", until: null, at };
  return { code: "off", text: "Nobody has looked at it yet.", until: null, at };
}

/** A task as it is when the user puts it into another state. Throws `conflict` while it is worked on and would go back. */
export function withState(task: Task, state: "draft" | "ready" | "done" | "cancelled", at: string, by: string): Task {
  if (task.state === state) return task;
  if (isLive(task.state) && (state === "draft" || state === "ready"))
    throw new AppError("conflict", `"${task.title}" is being worked on`, {
      hint: "Cancel it first, or wait until its run has ended.",
    });
  if (state === "done" || state === "cancelled") {
    const text = state === "done" ? `Marked as done by ${by}.` : `Cancelled by ${by}.`;
    return { ...task, state, endedAt: at, notBefore: null, reason: { code: "ended", text, until: null, at } };
  }
  return { ...task, state, endedAt: null, notBefore: null, review: null, reason: firstReason(state, at) };
}

/** A task deleted while it was worked on comes back as a draft: its run was stopped. */
export function asRestored(task: Task, at: string): Task {
  if (!isLive(task.state)) return { ...task, updatedAt: at };
  const text = "It was worked on when it was deleted; its run was stopped.";
  return { ...task, state: "draft", updatedAt: at, reason: { code: "draft", text, until: null, at } };
}

/**
 * Refuses what a task may not wait for: one that does not exist, and any that waits for it in turn. Those it waited for
 * before may be gone.
 */
export function checkDependencies(tasks: readonly Task[], task: Task, before: readonly string[]): void {
  const byId = new Map(tasks.map((each) => [each.id, each]));
  byId.set(task.id, task);
  const missing = task.dependsOn.find((id) => !byId.has(id) && !before.includes(id));
  if (missing !== undefined)
    throw new AppError("invalid_request", `There is no task ${missing}`, {
      issues: [{ path: "body.dependsOn", message: `There is no task ${missing}` }],
    });
  const circle = findCircle(byId, task);
  if (!circle) return;
  const [first, ...rest] = circle.map(({ title }) => `"${title}"`);
  const message = `This goes in a circle: ${first} waits for ${rest.join(", which waits for ")}`;
  throw new AppError("invalid_request", message, { issues: [{ path: "body.dependsOn", message }] });
}

/** The shortest way from a task back to itself. */
function findCircle(byId: ReadonlyMap<string, Task>, task: Task): Task[] | null {
  const cameFrom = new Map<string, Task>();
  const queue = [task];
  for (let current = queue.shift(); current; current = queue.shift()) {
    for (const id of current.dependsOn) {
      if (id === task.id) return [...wayTo(current, task, cameFrom), task];
      const next = byId.get(id);
      if (!next || cameFrom.has(id)) continue;
      cameFrom.set(id, current);
      queue.push(next);
    }
  }
  return null;
}

function wayTo(end: Task, start: Task, cameFrom: ReadonlyMap<string, Task>): Task[] {
  const way = [end];
  for (let step = end; step.id !== start.id;) {
    const before = cameFrom.get(step.id);
    if (!before) break;
    way.unshift(before);
    step = before;
  }
  return way;
}
