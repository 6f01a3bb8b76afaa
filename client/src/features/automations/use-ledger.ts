import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import { call, type CallReply } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { changePages } from "../../lib/live-queries.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { putLedgerRow } from "./ledger-rows.ts";

type LedgerPage = CallReply<"automations.occurrences">;

const pageSize = 30;

/** Due times of one automation, newest first, kept current by the feed. */
export function useLedger(automation: string, state: Occurrence["state"] | undefined) {
  const client = useQueryClient();
  const query = useMemo(
    () => ({ automation, limit: pageSize, ...(state === undefined ? {} : { state }) }),
    [automation, state],
  );
  const queryKey = callKey("automations.occurrences", query);
  useFeed("automations", {
    onSnapshot: () => {
      void client.invalidateQueries({ queryKey });
    },
    onEvent: (event) => {
      if (event.kind !== "occurrence" || event.occurrence.automationId !== automation) return;
      const row = event.occurrence;
      changePages<InfiniteData<LedgerPage, string | null>>(client, queryKey, (data) => ({
        ...data,
        pages: putLedgerRow(data.pages, row, state),
      }));
    },
  });
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      call(
        "automations.occurrences",
        { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}
