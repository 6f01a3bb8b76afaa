import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";

import type { Run } from "../../../../contract/features/runs.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useFeed } from "../../lib/use-feed.ts";

const inputOf = (id: string) => ({ params: { id } });

/** One run by its id, live. */
export function useLiveRun(id: string) {
  const query = useQuery(callQuery("runs.get", inputOf(id)));
  useRunsLive([id]);
  return query;
}

/** Some runs by their ids, live, in the order of the ids. */
export function useLiveRuns(ids: readonly string[]) {
  const queries = useQueries({ queries: ids.map((id) => callQuery("runs.get", inputOf(id))) });
  useRunsLive(ids);
  return queries;
}

/** Writes what is told of these runs where they are kept, and asks anew for what may have been missed. */
function useRunsLive(ids: readonly string[]): void {
  const client = useQueryClient();
  const set = (run: Run): void => {
    client.setQueryData<Run>(callKey("runs.get", inputOf(run.id)), (known) =>
      known !== undefined && known.eventCount > run.eventCount ? known : run,
    );
  };
  const askAgain = (id: string): void => {
    void client.invalidateQueries({ queryKey: callKey("runs.get", inputOf(id)) });
  };
  useFeed("runs", {
    onSnapshot: ({ runs }) => {
      for (const id of ids) {
        const run = runs.find((one) => one.id === id);
        if (run) set(run);
        else askAgain(id);
      }
    },
    onEvent: (event) => {
      if (event.kind === "up") {
        if (event.isUp) ids.forEach(askAgain);
      } else if (event.kind === "removed") {
        if (ids.includes(event.id)) askAgain(event.id);
      } else if (ids.includes(event.run.id)) set(event.run);
    },
  });
}
