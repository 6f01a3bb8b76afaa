import { sentences } from "../../../contract/sentences.ts";
import type { OperationContext } from "../framework/define-connector.ts";
import { toGatewayError } from "../framework/to-gateway-error.ts";
import type { FeedItem } from "./feed-schema.ts";
import { FeedGone, getFeed, type FoundFeed } from "./get-feed.ts";
import { seenKey } from "./normalise-feed.ts";
import { titleOf, type Subscription } from "./rss-book.ts";
import type { RssConfig } from "./rss-config.ts";

/** An entry that was not given back before. */
export interface FreshItem {
  key: string;
  item: FeedItem;
}

/** What came of looking at a followed feed; nothing of it holds the whole feed. */
export interface Look {
  subscription: Subscription;
  outcome: "new" | "unchanged" | "waits" | "failed" | "gone" | "later";
  found: (Pick<FoundFeed, "movedTo" | "validators" | "restMs" | "warnings"> & { title: string | null }) | null;
  /** Keys of all its entries now. */
  keys: string[];
  /** Those of its new entries that can be given back by this call. */
  fresh: FreshItem[];
  /** All of its new entries. */
  freshCount: number;
  problem: string | null;
  /** The other side asks not to be asked before, because of a failure. */
  askedMs: number | null;
}

export interface LookWish {
  /** Enough new entries: no further feed is begun. */
  limit: number;
  withHtml: boolean;
  /** Also those that want to be left alone for now, unless they said so with an error. */
  isEarly: boolean;
}

const atOnce = 4;
/** Kept of the time of a call for the feeds that were begun last, and for writing. */
const restShare = 0.4;
const longestMs = 12_000;

/** Asks followed feeds, those first that were not asked for the longest time. Fails only when the call itself is to end. */
export async function lookAtFeeds(
  subscriptions: readonly Subscription[],
  wish: LookWish,
  context: OperationContext<RssConfig>,
): Promise<Look[]> {
  const restMs = context.timeLeftMs() * restShare;
  const queue = subscriptions.toSorted((a, b) => (a.checkedAt ?? "").localeCompare(b.checkedAt ?? ""));
  const looks: Look[] = [];
  let count = 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const now = context.clock.now();
      const isEnough = count >= wish.limit || context.timeLeftMs() < restMs;
      const look = isEnough
        ? idle(next, "later")
        : await lookAt(next, { ...wish, now, feedMs: Math.min(longestMs, restMs) }, context);
      count += look.fresh.length;
      looks.push(look);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const order = new Map(subscriptions.map(({ id }, place) => [id, place]));
  return looks.toSorted((a, b) => (order.get(a.subscription.id) ?? 0) - (order.get(b.subscription.id) ?? 0));
}

async function lookAt(
  subscription: Subscription,
  wish: LookWish & { now: number; feedMs: number },
  context: OperationContext<RssConfig>,
): Promise<Look> {
  const { isEarly, now, feedMs } = wish;
  const { url, etag, lastModified, waitsUntil, problem, isGone } = subscription;
  if (isGone) return { ...idle(subscription, "gone"), problem };
  const isWaiting = waitsUntil !== null && Date.parse(waitsUntil) > now;
  if (isWaiting && !(isEarly && problem === null)) return { ...idle(subscription, "waits"), problem };
  try {
    const found = await getFeed({ url, validators: { etag, lastModified }, timeoutMs: feedMs }, context);
    return await readLook(found, subscription, wish);
  } catch (error) {
    context.signal.throwIfAborted();
    const { message, hint = "", askedMs } = toGatewayError(error);
    context.note("feed_failed", `${titleOf(subscription)}: ${message}`);
    const outcome = error instanceof FeedGone ? "gone" : "failed";
    return { ...idle(subscription, outcome), problem: sentences(message, hint), askedMs };
  }
}

function idle(subscription: Subscription, outcome: Look["outcome"]): Look {
  return { subscription, outcome, found: null, keys: [], fresh: [], freshCount: 0, problem: null, askedMs: null };
}

async function readLook(
  { feed, movedTo, validators, restMs, warnings }: FoundFeed,
  subscription: Subscription,
  { limit, withHtml }: LookWish,
): Promise<Look> {
  const seen = new Set(subscription.seen);
  const entries = (feed?.entries ?? []).map((entry) => ({ key: seenKey(entry.id), entry }));
  const fresh = entries.filter(({ key }) => !seen.has(key));
  const taken = fresh.slice(0, limit);
  const read =
    (await feed?.read(
      taken.map(({ entry }) => entry),
      withHtml,
    )) ?? [];
  // Parts of a text keep all of it in memory; a copy holds only itself.
  const items = JSON.parse(JSON.stringify(read)) as FeedItem[];
  return {
    ...idle(subscription, fresh.length > 0 ? "new" : "unchanged"),
    found: { title: feed?.about.title ?? null, movedTo, validators, restMs, warnings },
    keys: entries.map(({ key }) => key),
    fresh: taken.flatMap(({ key }, at) => (items[at] === undefined ? [] : [{ key, item: items[at] }])),
    freshCount: fresh.length,
  };
}
