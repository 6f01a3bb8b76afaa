import type { Task, TaskPriority, TaskState } from "../../../../contract/features/tasks.ts";
import type { Status } from "../../ui/status.ts";

/** Columns of the board, from left to right. */
export const columns = [
  { id: "draft", label: "Draft", states: ["draft"], empty: "Not to be started yet" },
  { id: "ready", label: "Ready", states: ["ready"], empty: "May be started" },
  { id: "running", label: "Running", states: ["running"], empty: "Drop a task here to start it now" },
  { id: "waiting", label: "Waiting for you", states: ["waiting"], empty: "Nobody asks" },
  { id: "review", label: "Review", states: ["review"], empty: "Nothing to look at" },
  { id: "ended", label: "Done", states: ["done", "failed", "cancelled"], empty: "Nothing has ended yet" },
] as const satisfies readonly { id: string; label: string; states: readonly TaskState[]; empty: string }[];

export type ColumnId = (typeof columns)[number]["id"];

/** The column of a task. */
export function columnOf(state: TaskState): ColumnId {
  return columns.find(({ states }) => (states as readonly TaskState[]).includes(state))?.id ?? "ready";
}

const statuses: Record<TaskState, Status> = {
  draft: "paused",
  ready: "queued",
  running: "running",
  waiting: "waiting for you",
  review: "waiting for you",
  done: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

/** The state of a task in the words used everywhere; a draft and one that is ready have none of those. */
export function taskStatus(state: TaskState): Status {
  return statuses[state];
}

export const priorityLabels: Record<TaskPriority, string> = {
  urgent: "Urgent",
  high: "High",
  normal: "Normal",
  low: "Low",
};

/** Who is to do a task, in few words; empty while that is left open, as it is unless somebody says otherwise. */
export function choiceWords(
  { choice, runs }: Pick<Task, "choice" | "runs">,
  nameOf: (providerId: string) => string,
): string {
  if (choice.kind === "best") return "";
  // A program without models may have taken it: who has, stands in the reason.
  if (choice.kind === "tier") return runs.length === 0 ? `${choice.tier} model` : "";
  return choice.model === null ? nameOf(choice.providerId) : `${nameOf(choice.providerId)} ${choice.model}`;
}

/** Where a task can be put from here. */
export function canMoveTo(task: Pick<Task, "state">, column: ColumnId): boolean {
  const isWorkedOn = task.state === "running" || task.state === "waiting";
  if (column === columnOf(task.state)) return column !== "ended";
  if (column === "ended") return true;
  if (column === "running") return task.state === "draft" || task.state === "ready" || task.state === "failed";
  return (column === "draft" || column === "ready") && !isWorkedOn;
}

type Recovery = NonNullable<Task["runs"][number]["recovery"]>;

/** What followed from the end of a run, and while that has not happened, what is to follow. */
const recoveries: Record<Recovery, { done: string; coming: string }> = {
  retry: { done: "tried again", coming: "to be tried again" },
  fallback: { done: "given to another provider", coming: "to be given to another provider" },
  "bigger-tier": { done: "given to a bigger model", coming: "to be given to a bigger model" },
  wait: { done: "waited for its limit", coming: "waits for its limit" },
  split: { done: "split into parts", coming: "split into parts" },
  ask: { done: "you were asked", coming: "you were asked" },
};

/** What was done about the end of a run of a task; `null`: nothing. */
export function recoveryWords(
  { runs, state, reason }: Pick<Task, "runs" | "state" | "reason">,
  runId: string,
): string | null {
  const recovery = runs.find((run) => run.runId === runId)?.recovery ?? null;
  if (recovery === null) return null;
  const { done, coming } = recoveries[recovery];
  const hasHappened = done === coming || runs.at(-1)?.runId !== runId || state === "running" || state === "waiting";
  if (hasHappened) return done;
  if (state !== "ready") return null;
  return reason.code === "off" ? "waits to be started by hand" : coming;
}
