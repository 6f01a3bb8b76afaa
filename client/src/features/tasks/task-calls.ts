import type { QueryClient } from "@tanstack/react-query";

import type { Task } from "../../../../contract/features/tasks.ts";
import { call, type CallInput } from "../../lib/api.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import type { Place } from "./board-order.ts";
import { columnOf } from "./task-words.ts";
import { reduceTasks, type TaskList, tasksKey } from "./use-tasks.ts";

/** Shows a task as the server answered it, before its event comes. */
export function showTask(client: QueryClient, task: Task): void {
  client.setQueryData<TaskList>(tasksKey, (list) => list && reduceTasks(list, { kind: "changed", task }));
}

/** Adds a task. */
export async function addTask(client: QueryClient, body: CallInput<"tasks.create">["body"]): Promise<Task> {
  const task = await call("tasks.create", { body });
  showTask(client, task);
  return task;
}

/** Puts a task where it was dropped; on "Running" it is started. What ended by this can be undone. */
export async function placeTask(
  client: QueryClient,
  task: Task,
  { column, before }: Place,
  position: number,
): Promise<boolean> {
  const { id, title } = task;
  const isSame = columnOf(task.state) === column;
  if (column === "running" && !isSame) return startTask(client, task);
  const state = isSame ? undefined : column === "ended" ? "done" : column;
  if (state !== undefined && state !== "done" && state !== "draft" && state !== "ready") return false;
  const endedAt = state === "done" ? new Date().toISOString() : isSame ? task.endedAt : null;
  showTask(client, { ...task, state: state ?? task.state, position, endedAt });
  const isMoved = await withErrorToast(`Could not move ${title}`, async () => {
    showTask(client, await call("tasks.move", { params: { id }, body: { ...(state ? { state } : {}), before } }));
    if (state === "done" && (task.state === "draft" || task.state === "ready")) {
      const was = task.state;
      undoToast(`${title} is done`, async () => {
        showTask(client, await call("tasks.move", { params: { id }, body: { state: was, before } }));
      });
    }
  });
  if (!isMoved) await client.invalidateQueries({ queryKey: tasksKey });
  return isMoved;
}

/** Starts a task now. */
export function startTask(client: QueryClient, { id, title }: Task): Promise<boolean> {
  return withErrorToast(`Could not start ${title}`, async () => {
    showTask(client, await call("tasks.start", { params: { id } }));
  });
}

/** Cancels a task and stops its run. */
export function cancelTask(client: QueryClient, { id, title, state }: Task): Promise<boolean> {
  return withErrorToast(`Could not cancel ${title}`, async () => {
    showTask(client, await call("tasks.cancel", { params: { id } }));
    const isWorkedOn = state === "running" || state === "waiting";
    const back = isWorkedOn || state !== "draft" ? "ready" : "draft";
    undoToast(`Cancelled ${title}`, async () => {
      showTask(client, await call("tasks.move", { params: { id }, body: { state: back, before: null } }));
    });
  });
}

/** Deletes at once and offers to take it back. */
export function removeTask(client: QueryClient, { id, title }: Task): Promise<boolean> {
  return withErrorToast(`Could not delete ${title}`, async () => {
    await call("tasks.remove", { params: { id } });
    client.setQueryData<TaskList>(tasksKey, (list) => list && reduceTasks(list, { kind: "removed", id }));
    undoToast(`Deleted ${title}`, async () => {
      showTask(client, await call("tasks.restore", { params: { id } }));
    });
  });
}
