import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useFeed, type FeedEvent } from "../../lib/use-feed.ts";
import { filterQuery, reduceRunPages, type RunFilter, type RunPages } from "./run-list.ts";

/** The runs that match a filter, newest first, live. */
export function useRunList(filter: RunFilter) {
  const client = useQueryClient();
  const { state, provider, app, group, text } = filter;
  const key = useMemo(
    () => callKey("runs.list", { state, provider, app, group, text }),
    [state, provider, app, group, text],
  );
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      call(
        "runs.list",
        { query: { ...filterQuery(filter), ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    meta: { isKept: true },
  });
  const apply = (event: FeedEvent<"runs">): void => {
    client.setQueryData<RunPages>(key, (data) => (data === undefined ? data : reduceRunPages(data, event, filter)));
  };
  useFeed("runs", {
    onSnapshot: ({ runs, isUp }, skipped) => {
      for (const run of runs.toReversed()) apply({ kind: "changed", run });
      apply({ kind: "up", isUp });
      if (skipped !== 0) void list.refetch();
    },
    onEvent: (event) => {
      apply(event);
      if (event.kind === "up" && event.isUp) void list.refetch();
    },
  });
  return list;
}
