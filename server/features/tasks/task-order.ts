import type { Task } from "../../../contract/features/tasks.ts";

const priorities: Record<Task["priority"], number> = { urgent: 0, high: 1, normal: 2, low: 3 };

/** As they stand on the board and in the file. */
export function byPosition(one: Task, other: Task): number {
  return (
    one.position - other.position || one.createdAt.localeCompare(other.createdAt) || one.id.localeCompare(other.id)
  );
}

/** As they are to be worked on: by priority, then as they stand. */
export function byUrgency(one: Task, other: Task): number {
  return priorities[one.priority] - priorities[other.priority] || byPosition(one, other);
}

/** A position behind all of them. */
export function endPosition(tasks: readonly Task[]): number {
  return tasks.reduce((last, { position }) => Math.max(last, Math.floor(position)), 0) + 1;
}

/**
 * Puts a task before another one, or behind the last one of its state when `before` is `null`. Nothing else gets a new
 * position unless there is no room left between two of them. Returns all tasks, in order.
 */
export function place(tasks: readonly Task[], task: Task, before: string | null): Task[] {
  const others = tasks.filter(({ id }) => id !== task.id).toSorted(byPosition);
  const isNew = others.length === tasks.length;
  const index = placeIn(others, task, before, isNew);
  if (index === null) return [...others, task].toSorted(byPosition);
  const position = between(others[index - 1]?.position, others[index]?.position);
  if (position !== null) return others.toSpliced(index, 0, { ...task, position });
  return others.toSpliced(index, 0, task).map((each, at) => ({ ...each, position: at + 1 }));
}

/** `null` leaves it where it is. */
function placeIn(others: readonly Task[], task: Task, before: string | null, isNew: boolean): number | null {
  const wanted = before === null ? -1 : others.findIndex(({ id }) => id === before);
  if (wanted >= 0) return wanted;
  const last = others.findLastIndex(({ state }) => state === task.state);
  const end = others[last];
  return end && (isNew || byPosition(task, end) < 0) ? last + 1 : null;
}

function between(low: number | undefined, high: number | undefined): number | null {
  if (low === undefined) return high === undefined ? 1 : high - 1;
  if (high === undefined) return Math.floor(low) + 1;
  const middle = (low + high) / 2;
  return middle > low && middle < high ? middle : null;
}
