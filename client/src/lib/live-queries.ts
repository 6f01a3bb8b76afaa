import { useQuery, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useCallback } from "react";

import { callKey, callQuery } from "./call-query.ts";
import {
  reduceApprovals,
  reduceApps,
  reduceAutomations,
  reduceNotifications,
  reduceProcesses,
  reduceProviders,
  reduceLocalModels,
  reducePrompts,
  reduceReviews,
  reduceWorktrees,
} from "./live-reducers.ts";
import { useFeed, type FeedEvent, type FeedName, type FeedSnapshot } from "./use-feed.ts";

/** Lists that keep themselves current: loaded over HTTP (so a page paints at once), then changed by their feed. */
function useFeedIntoCache<N extends FeedName, T>(
  name: N,
  key: QueryKey,
  reduce: (current: T, event: FeedEvent<N>) => T,
): void {
  const client = useQueryClient();
  const onSnapshot = useCallback(
    (snapshot: FeedSnapshot<N>) => {
      dropReply(client, key);
      client.setQueryData(key, snapshot);
    },
    [client, key],
  );
  useFeed(name, {
    onSnapshot,
    onEvent: (event) => {
      if (client.getQueryData<T>(key) === undefined) return; // the reply or the snapshot will hold it
      dropReply(client, key);
      client.setQueryData<T>(key, (current) => (current === undefined ? current : reduce(current, event)));
    },
  });
}

/** A reply that is still on its way may be older than what the feed tells: it must not replace it. */
export function dropReply(client: QueryClient, key: QueryKey): void {
  void client.cancelQueries({ queryKey: key, exact: true });
}

/** Loads anew even while the first load is on its way, which a plain refetch would only wait for. */
export function loadAnew(client: QueryClient, key: QueryKey): void {
  dropReply(client, key);
  void client.refetchQueries({ queryKey: key, exact: true });
}

/**
 * Changes what is shown as an event says, for lists that are only loaded in pages. A reply that is still on its way may be older than
 * the event, so that one is asked for anew.
 */
export function changePages<T>(client: QueryClient, key: QueryKey, change: (pages: T) => T): void {
  const isLoading = client.isFetching({ queryKey: key, exact: true }) > 0;
  if (isLoading) dropReply(client, key);
  client.setQueryData<T>(key, (pages) => (pages === undefined ? pages : change(pages)));
  if (isLoading) void client.refetchQueries({ queryKey: key, exact: true });
}

const keys = {
  apps: callKey("apps.list"),
  processes: callKey("processes.list"),
  approvals: callKey("approvals.list"),
  automations: callKey("automations.list"),
  notifications: callKey("notifications.list"),
  incidents: callKey("incidents.view"),
  machine: callKey("system.machine"),
  prompts: callKey("prompts.list"),
  localModels: callKey("localModels.list"),
  providers: callKey("providers.list"),
  reviews: callKey("reviews.list"),
  worktrees: callKey("worktrees.list"),
};

/** Apps with their live state. */
export function useLiveApps() {
  useFeedIntoCache("apps", keys.apps, reduceApps);
  return useQuery(callQuery("apps.list", undefined, { isKept: true }));
}

/** Questions that wait, and those settled last. */
export function useLiveApprovals() {
  useFeedIntoCache("approvals", keys.approvals, reduceApprovals);
  return useQuery(callQuery("approvals.list", undefined, { isKept: true }));
}

/** Processes of both PM2 homes with live CPU and memory. */
export function useLiveProcesses() {
  useFeedIntoCache("processes", keys.processes, reduceProcesses);
  return useQuery(callQuery("processes.list", undefined, { isKept: true }));
}

/** Automations with their next due times. */
export function useLiveAutomations() {
  useFeedIntoCache("automations", keys.automations, reduceAutomations);
  return useQuery(callQuery("automations.list", undefined, { isKept: true }));
}

/** Notifications, newest first. */
export function useLiveNotifications() {
  useFeedIntoCache("notifications", keys.notifications, reduceNotifications);
  return useQuery(callQuery("notifications.list", undefined, { isKept: true }));
}

/** Crashes that are not settled. */
export function useLiveIncidents() {
  useFeedIntoCache("incidents", keys.incidents, (_, view) => view);
  return useQuery(callQuery("incidents.view", undefined, { isKept: true }));
}

/** Providers with their health. */
export function useLiveProviders() {
  useFeedIntoCache("providers", keys.providers, reduceProviders);
  return useQuery(callQuery("providers.list", undefined, { isKept: true }));
}

/** Machine health; the server measures every two seconds while somebody follows. */
export function useLiveMachine() {
  useFeedIntoCache("system", keys.machine, (_, machine) => machine);
  return useQuery(callQuery("system.machine", undefined, { isKept: true }));
}

/** Prompt templates by title. */
export function useLivePrompts() {
  useFeedIntoCache("prompts", keys.prompts, reducePrompts);
  return useQuery(callQuery("prompts.list", undefined, { isKept: true }));
}

/** LM Studio and Ollama; the panel looks at those that are on while somebody follows. */
export function useLiveLocalModels() {
  useFeedIntoCache("localModels", keys.localModels, reduceLocalModels);
  return useQuery(callQuery("localModels.list", undefined, { isKept: true }));
}

/** Work of runs that waits to be looked at, and what was decided last. */
export function useLiveReviews() {
  useFeedIntoCache("reviews", keys.reviews, reduceReviews);
  return useQuery(callQuery("reviews.list", undefined, { isKept: true }));
}

/** Worktrees of runs, and whether they may go. */
export function useLiveWorktrees() {
  useFeedIntoCache("worktrees", keys.worktrees, reduceWorktrees);
  return useQuery(callQuery("worktrees.list", undefined, { isKept: true }));
}
