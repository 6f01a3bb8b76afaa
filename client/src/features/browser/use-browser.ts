import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import type { BrowserView } from "../../../../contract/features/browser.ts";
import type { BrowserState } from "../../../../contract/internal/browser.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useFeed } from "../../lib/use-feed.ts";
import type { Status } from "../../ui/status.ts";

const tabsEveryMs = 3_000;
const pageSize = 24;

/** The state of Chrome in the panel's words. */
export const browserStatus: Record<BrowserState["status"], Status> = {
  not_installed: "not installed",
  stopped: "stopped",
  launching: "launching",
  online: "online",
  waiting: "waiting",
  errored: "errored",
};

/** The browser's state, kept current by its feed. */
export function useLiveBrowser() {
  const client = useQueryClient();
  const put = (view: BrowserView): void => {
    client.setQueryData(callKey("browser.view"), view);
  };
  useFeed("browser", { onSnapshot: put, onEvent: put });
  return useQuery(callQuery("browser.view", undefined, { isKept: true }));
}

/** Open tabs; pages come and go by themselves, so they are asked for while somebody looks. */
export function useBrowserTabs(isOnline: boolean) {
  return useQuery({ ...callQuery("browser.tabs"), enabled: isOnline, refetchInterval: tabsEveryMs });
}

/** Screenshots, newest first, page by page. */
export function useScreenshots() {
  return useInfiniteQuery({
    queryKey: callKey("browser.screenshots"),
    queryFn: ({ pageParam, signal }) =>
      call(
        "browser.screenshots",
        { query: { limit: pageSize, ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    meta: { isKept: true },
  });
}

/** Loads what a command may have changed. */
export function useRenewBrowser(): (what: "tabs" | "screenshots") => Promise<void> {
  const client = useQueryClient();
  return (what) => client.invalidateQueries({ queryKey: callKey(`browser.${what}`) });
}
