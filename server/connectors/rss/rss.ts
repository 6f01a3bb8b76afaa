import { defineConnector } from "../framework/define-connector.ts";
import { discoverOperation } from "./discover.ts";
import { fetchFeedOperation } from "./fetch-feed.ts";
import { listNewOperation } from "./list-new.ts";
import { titleOf, type RssStore } from "./rss-book.ts";
import { rssConfigSchema } from "./rss-config.ts";
import { subscribeOperation } from "./subscribe.ts";
import { unsubscribeOperation } from "./unsubscribe.ts";

/** Feeds of the web; `store` remembers which are followed and what was given back. */
export function createRss(store: RssStore) {
  return defineConnector({
    id: "rss",
    title: "Feeds",
    description: "Reads feeds of web sites (RSS, Atom, JSON Feed), follows them and tells what is new.",
    config: rssConfigSchema,
    secrets: [],
    operations: {
      "fetch-feed": fetchFeedOperation,
      discover: discoverOperation,
      subscribe: subscribeOperation(store),
      unsubscribe: unsubscribeOperation(store),
      "list-new": listNewOperation(store),
    },
    health: () => Promise.resolve(healthOf(store)),
  });
}

/** As the feeds were when they were last looked at: nothing leaves. */
function healthOf(store: RssStore): { isHealthy: boolean; detail: string } {
  const { subscriptions } = store.get();
  const followed = subscriptions.length === 1 ? "1 feed is followed" : `${subscriptions.length} feeds are followed`;
  const broken = subscriptions.filter(({ problem }) => problem !== null);
  const [first] = broken;
  if (first === undefined) return { isHealthy: true, detail: `${followed}.` };
  const others = broken.length === 1 ? "" : ` (and ${broken.length - 1} more)`;
  return { isHealthy: false, detail: `${followed}. ${titleOf(first)}${others}: ${first.problem ?? ""}` };
}
