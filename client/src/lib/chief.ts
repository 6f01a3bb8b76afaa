import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

import type { ChiefState } from "../../../contract/features/chief.ts";
import { call } from "./api.ts";
import { callKey, callQuery } from "./call-query.ts";
import { toast, undoToast, withErrorToast } from "./toasts.ts";
import { useFeed } from "./use-feed.ts";

const key = callKey("chief.get");

/** How the chief of staff works now and whether everything is stopped, kept current. */
export function useLiveChief() {
  const client = useQueryClient();
  useFeed("cos", {
    onSnapshot: ({ state }) => {
      client.setQueryData(key, state);
    },
    onEvent: (event) => {
      if (event.kind === "state") client.setQueryData(key, event.state);
    },
  });
  return useQuery(callQuery("chief.get", undefined, { isKept: true }));
}

/** One tap, no question: it can be taken back at once. */
export function stopEverything(client: QueryClient): Promise<boolean> {
  return withErrorToast("Could not stop everything", async () => {
    client.setQueryData<ChiefState>(key, await call("chief.panic", {}));
    undoToast("Everything is stopped", () => allow(client));
  });
}

/** Lets things run by themselves again; what was stopped stays stopped. */
export function allowAgain(client: QueryClient): Promise<boolean> {
  return withErrorToast("Could not allow it again", async () => {
    await allow(client);
    toast({ kind: "ok", text: "Schedules and agents may run again" });
  });
}

async function allow(client: QueryClient): Promise<void> {
  client.setQueryData<ChiefState>(key, await call("chief.calm", {}));
}
