import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import type { Task } from "../../../../contract/features/tasks.ts";
import type { CallReply } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { putById } from "../../lib/live-reducers.ts";
import { useFeed, type FeedEvent, type FeedSnapshot } from "../../lib/use-feed.ts";

/** The tasks of the board and the state of their file. */
export type TaskList = CallReply<"tasks.list">;

/** Key of the tasks in the cache. */
export const tasksKey = callKey("tasks.list");

/** The tasks after an event of their feed. */
export function reduceTasks(list: TaskList, event: FeedEvent<"tasks">): TaskList {
  switch (event.kind) {
    case "changed":
      return { ...list, tasks: putById(list.tasks, event.task, ({ id }) => id) };
    case "removed":
      return { ...list, tasks: list.tasks.filter(({ id }) => id !== event.id) };
    case "file":
      break;
  }
  return { ...list, file: event.file };
}

/** Tasks that have not ended and those that ended last, live. */
export function useLiveTasks() {
  const client = useQueryClient();
  const onSnapshot = useCallback(
    (snapshot: FeedSnapshot<"tasks">) => {
      client.setQueryData(tasksKey, snapshot);
    },
    [client],
  );
  useFeed("tasks", {
    onSnapshot,
    onEvent: (event) => {
      client.setQueryData<TaskList>(tasksKey, (list) => (list === undefined ? list : reduceTasks(list, event)));
    },
  });
  return useQuery(callQuery("tasks.list", undefined, { isKept: true }));
}

/** What the runs of tasks have cost so far, as far as their runs are among the newest. */
export function useTaskCosts(tasks: readonly Task[]): ReadonlyMap<string, number> {
  const hasRuns = tasks.some(({ runs }) => runs.length > 0);
  const isRunning = tasks.some(({ state }) => state === "running" || state === "waiting");
  const { data } = useQuery({
    ...callQuery("runs.list", { query: { limit: 200 } }),
    enabled: hasRuns,
    refetchInterval: isRunning ? 5_000 : false,
  });
  const costs = new Map((data?.items ?? []).map(({ id, usage }) => [id, usage.costUsd]));
  return new Map(
    tasks.flatMap(({ id, runs }) => {
      const known = runs.flatMap(({ runId }) => costs.get(runId) ?? []);
      return known.length === 0 ? [] : [[id, known.reduce((sum, cost) => sum + cost, 0)] as const];
    }),
  );
}
