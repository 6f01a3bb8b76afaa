import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useLiveIncidents } from "../../lib/live-queries.ts";

const pageSize = 20;

/** Which incidents: all, those of one process, or those of one app. */
export interface IncidentScope {
  process?: string;
  appId?: string;
}

/** Unsettled incidents, kept current by their feed; the list of settled ones is loaded anew with each change. */
export function useUnsettledIncidents() {
  const client = useQueryClient();
  const view = useLiveIncidents();
  const { data } = view;
  useEffect(() => {
    if (data === undefined) return;
    void client.invalidateQueries({ queryKey: callKey("incidents.list") });
    void client.invalidateQueries({ queryKey: callKey("incidents.get") });
  }, [client, data]);
  return view;
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
