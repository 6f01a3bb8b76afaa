import type { Task } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { TaskHistory } from "./task-history.ts";
import type { TasksFile } from "./task-record.ts";
import { isEnded } from "./task-rules.ts";

/** By what a call is known that was made before. */
export interface TaskMark {
  source: Task["source"];
  /** Told again with the same key, it is the same task. */
  key?: string | undefined;
  /** One of this source that has not ended is enough. */
  isOnlyOne?: boolean;
}

/** What the same call has made, though it is not on the board any more. */
export interface MadeBefore {
  madeId: string;
  /** How it was called when it was deleted. */
  deleted: string | null;
}

/** Whoever asks a second time does so soon: later the same key is another task. */
const keyHoldsMs = 24 * 3_600_000;
const maxKeys = 100;

/** What the same call has made, or a task that is there already when one is enough. */
export function madeBefore(
  { tasks, removed, made }: TasksFile,
  { source, key, isOnlyOne }: TaskMark,
  nowMs: number,
): Task | MadeBefore | undefined {
  const holdsFrom = nowMs - keyHoldsMs;
  const entry = made.find((one) => one.key === key && (one.at === null || Date.parse(one.at) > holdsFrom));
  if (entry !== undefined) {
    const deleted = removed.find(({ task }) => task.id === entry.id)?.task.title ?? null;
    return tasks.find(({ id }) => id === entry.id) ?? { madeId: entry.id, deleted };
  }
  if (isOnlyOne !== true) return undefined;
  return tasks.find((task) => task.source.kind === source.kind && task.source.id === source.id && !isEnded(task.state));
}

/** One that ended long ago. A deleted one is not told as if it were there, and none is made in its place: `conflict`. */
export async function foundAgain({ madeId, deleted }: MadeBefore, history: Pick<TaskHistory, "find">): Promise<Task> {
  const past = deleted === null ? await history.find(madeId) : undefined;
  if (past) return past;
  const title = deleted === null ? "It" : `"${deleted}"`;
  throw new AppError("conflict", `${title} was added already and has been deleted since`, {
    hint: "Bring it back from the deleted tasks, or add it once more.",
  });
}

/** The keys, with that of a new task. */
export function withKey(
  made: TasksFile["made"],
  key: string | undefined,
  { id, createdAt: at }: Task,
): TasksFile["made"] {
  if (key === undefined) return made;
  return [{ key, id, at }, ...made.filter((one) => one.key !== key)].slice(0, maxKeys);
}
