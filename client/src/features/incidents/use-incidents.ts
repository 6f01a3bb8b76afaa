import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import type { IncidentsView } from "../../../../contract/features/incidents.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useFeed } from "../../lib/use-feed.ts";

const pageSize = 20;

/** Which incidents: all, those of one process, or those of one app. */
export interface IncidentScope {
  process?: string;
  appId?: string;
}

/** Unsettled incidents, kept current by their feed; the list of settled ones is loaded anew with each change. */
export function useLiveIncidents() {
  const client = useQueryClient();
  const put = (view: IncidentsView): void => {
    client.setQueryData(callKey("incidents.view"), view);
    void client.invalidateQueries({ queryKey: callKey("incidents.list") });
    void client.invalidateQueries({ queryKey: callKey("incidents.get") });
  };
  useFeed("incidents", { onSnapshot: put, onEvent: put });
  return useQuery(callQuery("incidents.view", undefined, { isKept: true }));
}

/** Incidents with the settled ones, newest first, page by page. */
export function useIncidentPages(scope: IncidentScope) {
  const query = { limit: pageSize, ...scope };
  return useInfiniteQuery({
    queryKey: callKey("incidents.list", query),
    queryFn: ({ pageParam, signal }) =>
      call("incidents.list", { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    meta: { isKept: true },
  });
}
