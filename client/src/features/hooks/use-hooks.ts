import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import type { Hook } from "../../../../contract/features/hooks.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useFeed } from "../../lib/use-feed.ts";

const listKey = callKey("hooks.list");

interface HookList {
  hooks: Hook[];
}

/** All webhooks, kept current by their feed; lists of messages are asked for again when one comes. */
export function useLiveHooks() {
  const client = useQueryClient();
  const change = (edit: (hooks: readonly Hook[]) => Hook[]): void => {
    client.setQueryData<HookList>(listKey, (list) => list && { hooks: edit(list.hooks) });
  };
  useFeed("hooks", {
    onSnapshot: useCallback(
      (snapshot: HookList) => {
        client.setQueryData<HookList>(listKey, snapshot);
      },
      [client],
    ),
    onEvent(event) {
      if (event.kind === "removed") change((hooks) => hooks.filter(({ id }) => id !== event.id));
      if (event.kind === "changed") change((hooks) => withHook(hooks, event.hook));
      if (event.kind !== "delivery") return;
      const { delivery } = event;
      change((hooks) =>
        hooks.map((hook) => (hook.id === delivery.hookId ? { ...hook, lastDelivery: delivery } : hook)),
      );
      void client.invalidateQueries({ queryKey: callKey("hooks.deliveries") });
    },
  });
  return useQuery(callQuery("hooks.list", undefined, { isKept: true }));
}

/** In its place, so that no row moves. */
function withHook(hooks: readonly Hook[], hook: Hook): Hook[] {
  return hooks.some(({ id }) => id === hook.id)
    ? hooks.map((one) => (one.id === hook.id ? hook : one))
    : [...hooks, hook];
}
