import type { Task, TaskState } from "../../../contract/features/tasks.ts";

/** What stands in the check box of a task. */
const marks: Record<TaskState, string> = {
  draft: "~",
  ready: " ",
  running: "/",
  waiting: "?",
  review: ">",
  done: "x",
  failed: "!",
  cancelled: "-",
};

const states = new Map(Object.entries(marks).map(([state, mark]) => [mark, state as TaskState]));

/** The mark of a state. */
export function markOf(state: TaskState): string {
  return marks[state];
}

/** What a mark says; `null` for one that is not ours. */
export function stateOfMark(mark: string): TaskState | null {
  return states.get(mark === "X" ? "x" : mark) ?? null;
}

/**
 * The state a task gets when its mark was changed by hand. Only the user's own states can be given by hand, and one that is
 * worked on does not go back: `null` then.
 */
export function stateByHand(task: Pick<Task, "state">, mark: string): "draft" | "ready" | "done" | "cancelled" | null {
  const wanted = stateOfMark(mark);
  if (wanted === task.state) return null;
  if (wanted === "done" || wanted === "cancelled") return wanted;
  const isWorkedOn = task.state === "running" || task.state === "waiting";
  return (wanted === "ready" || wanted === "draft") && !isWorkedOn ? wanted : null;
}
