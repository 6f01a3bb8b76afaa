import type { Task } from "../../../contract/features/tasks.ts";

/**
 * The order of `own` with what was moved between `before` and `after` moved likewise. What is new in `after` comes in, what
 * is only in `own` stays where it is.
 */
export function mergeOrder(own: readonly string[], before: readonly string[], after: readonly string[]): string[] {
  const rank = new Map(before.map((id, index) => [id, index]));
  const owned = new Set(own);
  const known = after.filter((id) => rank.has(id) && owned.has(id));
  const kept = keptInOrder(known, (id) => rank.get(id) ?? 0);
  const order = own.filter((id) => kept.has(id) || !after.includes(id));
  for (const [index, id] of after.entries()) {
    if (kept.has(id)) continue;
    const previous = after[index - 1];
    const next = after.slice(index + 1).find((each) => kept.has(each));
    const at = previous === undefined ? order.indexOf(next ?? "") : order.indexOf(previous) + 1;
    order.splice(at < 0 ? order.length : at, 0, id);
  }
  return order;
}

/** The longest row of them whose values rise: whatever else there is has to move, these need not. */
export function keptInOrder<T>(items: readonly T[], valueOf: (item: T) => number): Set<T> {
  const ends: number[] = [];
  const previous: number[] = [];
  const values = items.map(valueOf);
  for (const [index, value] of values.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous.push(low === 0 ? -1 : (ends[low - 1] ?? -1));
    ends[low] = index;
  }
  const kept = new Set<T>();
  for (let index = ends.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    const item = items[index];
    if (item !== undefined) kept.add(item);
  }
  return kept;
}

/** Gives tasks positions that rise in the order they come in; as few as possible get a new one. */
export function withRisingPositions(tasks: readonly Task[]): Task[] {
  const kept = keptInOrder(tasks, ({ position }) => position);
  const placed: Task[] = [];
  for (let index = 0; index < tasks.length;) {
    const task = tasks[index];
    if (!task) break;
    if (kept.has(task)) {
      placed.push(task);
      index += 1;
      continue;
    }
    let end = index;
    while (end < tasks.length && !isKept(tasks[end])) end += 1;
    const low = placed.at(-1)?.position;
    const high = tasks[end]?.position;
    const count = end - index;
    const start = low ?? (high === undefined ? 0 : high - count - 1);
    const step = low === undefined || high === undefined ? 1 : (high - low) / (count + 1);
    for (let each = index; each < end; each += 1) {
      const moved = tasks[each];
      if (moved) placed.push({ ...moved, position: start + step * (each - index + 1) });
    }
    index = end;
  }
  const isRising = placed.every((task, index) => index === 0 || (placed[index - 1]?.position ?? 0) < task.position);
  return isRising ? placed : placed.map((task, index) => ({ ...task, position: index + 1 }));

  function isKept(task: Task | undefined): boolean {
    return task !== undefined && kept.has(task);
  }
}
