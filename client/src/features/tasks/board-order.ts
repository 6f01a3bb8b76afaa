import type { Task } from "../../../../contract/features/tasks.ts";
import { type ColumnId, columnOf, columns } from "./task-words.ts";

/** What of the tasks is shown; "" for all. */
export interface TaskFilter {
  readonly text: string;
  readonly app: string;
  readonly type: string;
}

export type TasksByColumn = Record<ColumnId, Task[]>;

/** Where a task would stand: before another one, or at the end of a column. */
export interface Place {
  readonly column: ColumnId;
  readonly before: string | null;
}

/** The tasks of each column in their order; those that ended, the last one first. */
export function tasksByColumn(tasks: readonly Task[], filter: TaskFilter): TasksByColumn {
  const sorted = Object.fromEntries(columns.map(({ id }) => [id, [] as Task[]])) as TasksByColumn;
  for (const task of tasks) if (isShown(task, filter)) sorted[columnOf(task.state)].push(task);
  for (const { id } of columns)
    sorted[id].sort(id === "ended" ? newestFirst : (a, b) => a.position - b.position || a.id.localeCompare(b.id));
  return sorted;
}

function newestFirst(one: Task, other: Task): number {
  return (other.endedAt ?? "").localeCompare(one.endedAt ?? "");
}

function isShown({ title, instructions, appId, type }: Task, filter: TaskFilter): boolean {
  const text = filter.text.trim().toLowerCase();
  return (
    (filter.app === "" || appId === filter.app) &&
    (filter.type === "" || type === filter.type) &&
    (text === "" || title.toLowerCase().includes(text) || instructions.toLowerCase().includes(text))
  );
}

/** The place of a task now. */
export function placeOf(byColumn: TasksByColumn, id: string): Place | null {
  for (const { id: column } of columns) {
    const index = byColumn[column].findIndex((task) => task.id === id);
    if (index >= 0) return { column, before: byColumn[column][index + 1]?.id ?? null };
  }
  return null;
}

/** The columns with a task at another place than its own, as it is shown while it is moved. */
export function withPlaced(byColumn: TasksByColumn, task: Task, { column, before }: Place): TasksByColumn {
  const without = Object.fromEntries(
    columns.map(({ id }) => [id, byColumn[id].filter((other) => other.id !== task.id)]),
  ) as TasksByColumn;
  const list = without[column];
  const at = before === null ? -1 : list.findIndex(({ id }) => id === before);
  return { ...without, [column]: list.toSpliced(at < 0 ? list.length : at, 0, task) };
}

/** The position a task gets at a place, as far as can be told here; the server has the last word. */
export function positionAt(byColumn: TasksByColumn, task: Task, place: Place): number {
  const list = withPlaced(byColumn, task, place)[place.column];
  const index = list.indexOf(task);
  const [previous, next] = [list[index - 1]?.position, list[index + 1]?.position];
  if (previous === undefined) return next === undefined ? task.position : next - 1;
  return next === undefined ? Math.max(previous + 1, task.position) : (previous + next) / 2;
}

/** One step with the arrow keys; `null` when there is nothing that way. */
export function stepFrom(
  byColumn: TasksByColumn,
  id: string,
  { column, before }: Place,
  key: "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight",
  canEnter: (column: ColumnId) => boolean,
): Place | null {
  const others = (name: ColumnId): Task[] => byColumn[name].filter((task) => task.id !== id);
  const list = others(column);
  const found = before === null ? -1 : list.findIndex((task) => task.id === before);
  const index = found < 0 ? list.length : found;
  if (key === "ArrowUp") return index === 0 ? null : { column, before: list[index - 1]?.id ?? null };
  if (key === "ArrowDown") return index === list.length ? null : { column, before: list[index + 1]?.id ?? null };
  const step = key === "ArrowLeft" ? -1 : 1;
  for (let at = columns.findIndex((one) => one.id === column) + step; columns[at]; at += step) {
    const next = columns[at]?.id;
    if (next !== undefined && canEnter(next)) return { column: next, before: others(next)[index]?.id ?? null };
  }
  return null;
}

/** Which task a point in a column lies above: of those with these middles. */
export function beforeAt(middles: readonly { id: string; middle: number }[], y: number): string | null {
  return middles.find(({ middle }) => y < middle)?.id ?? null;
}
