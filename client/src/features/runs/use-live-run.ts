import { useQuery, useQueryClient } from "@tanstack/react-query";

import type { Run } from "../../../../contract/features/runs.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useFeed } from "../../lib/use-feed.ts";

/** One run by its id, live. */
export function useLiveRun(id: string) {
  const client = useQueryClient();
  const input = { params: { id } };
  const query = useQuery(callQuery("runs.get", input));
  const set = (run: Run): void => {
    client.setQueryData<Run>(callKey("runs.get", input), (known) =>
      known !== undefined && known.eventCount > run.eventCount ? known : run,
    );
  };
  useFeed("runs", {
    onSnapshot: ({ runs }) => {
      const run = runs.find((one) => one.id === id);
      if (run) set(run);
      else void query.refetch();
    },
    onEvent: (event) => {
      if (event.kind === "changed" && event.run.id === id) set(event.run);
      else if (event.kind === "up" && event.isUp) void query.refetch();
    },
  });
  return query;
}
