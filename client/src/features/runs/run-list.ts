import type { InfiniteData } from "@tanstack/react-query";

import type { Run } from "../../../../contract/features/runs.ts";
import type { CallReply } from "../../lib/api.ts";
import type { FeedEvent } from "../../lib/use-feed.ts";

/** What of the runs is shown; empty values mean all. */
export interface RunFilter {
  readonly state: string;
  readonly provider: string;
  readonly app: string;
  readonly group: string;
  readonly text: string;
}

export type RunPages = InfiniteData<CallReply<"runs.list">, string | null>;

/** Whether a run belongs into a list with this filter. */
export function matchesFilter(run: Run, { state, provider, app, group, text }: RunFilter): boolean {
  if (state !== "" && run.state !== state) return false;
  if (provider !== "" && !run.attempts.some(({ providerId }) => providerId === provider)) return false;
  if (app !== "" && run.appId !== app) return false;
  if (group !== "" && run.groupId !== group) return false;
  return text === "" || run.title.toLowerCase().includes(text.toLowerCase());
}

/** The filter as the query of `runs.list`. */
export function filterQuery({ state, provider, app, group, text }: RunFilter) {
  return {
    ...(state === "" ? {} : { state: state as Run["state"] }),
    ...(provider === "" ? {} : { provider }),
    ...(app === "" ? {} : { app }),
    ...(group === "" ? {} : { group }),
    ...(text === "" ? {} : { text }),
  };
}

/** The pages after an event of the `runs` feed: a run changes in its place, a new one comes on top, none jumps. */
export function reduceRunPages(data: RunPages, event: FeedEvent<"runs">, filter: RunFilter): RunPages {
  switch (event.kind) {
    case "removed":
      return mapItems(data, (items) => items.filter(({ id }) => id !== event.id));
    case "up":
      return { ...data, pages: data.pages.map((page) => ({ ...page, isUp: event.isUp })) };
    case "changed":
      break;
  }
  const { run } = event;
  const isThere = data.pages.some(({ items }) => items.some(({ id }) => id === run.id));
  if (isThere) {
    return mapItems(data, (items) =>
      items.flatMap((item) => (item.id !== run.id ? [item] : matchesFilter(run, filter) ? [run] : [])),
    );
  }
  const newest = data.pages[0]?.items[0];
  // An older one is on a page not read yet.
  if (!matchesFilter(run, filter) || (newest && run.id < newest.id)) return data;
  return mapItems(data, (items, index) => (index === 0 ? [run, ...items] : items));
}

function mapItems(data: RunPages, change: (items: Run[], page: number) => Run[]): RunPages {
  return { ...data, pages: data.pages.map((page, index) => ({ ...page, items: change(page.items, index) })) };
}
