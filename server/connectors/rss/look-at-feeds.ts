import type { OperationContext } from "../framework/define-connector.ts";
import { toGatewayError } from "../framework/to-gateway-error.ts";
import { FeedGone, getFeed, type FoundFeed } from "./get-feed.ts";
import { seenKey, type KnownFeed } from "./normalise-feed.ts";
import type { Subscription } from "./rss-book.ts";
import type { RssConfig } from "./rss-config.ts";

/** An entry that was not given back before. */
export interface FreshEntry {
  key: string;
  entry: KnownFeed["entries"][number];
}

/** What came of looking at a followed feed. */
export interface Look {
  subscription: Subscription;
  outcome: "new" | "unchanged" | "waits" | "failed" | "gone" | "later";
  found: FoundFeed | null;
  fresh: FreshEntry[];
  problem: string | null;
  /** The other side asks not to be asked before, because of a failure. */
  askedMs: number | null;
}

export interface LookWish {
  /** Enough new entries: no further feed is begun. */
  limit: number;
  /** Also those that want to be left alone for now, unless they said so with an error. */
  isEarly: boolean;
}

const atOnce = 4;
/** Of the minute a call usually has; the rest is for the last feed and for writing. */
const beginWithinMs = 35_000;
const feedMs = 12_000;

/** Asks followed feeds, those first that were not asked for the longest time. Fails only when the call itself is to end. */
export async function lookAtFeeds(
  subscriptions: readonly Subscription[],
  wish: LookWish,
  context: OperationContext<RssConfig>,
): Promise<Look[]> {
  const startedAt = context.clock.now();
  const queue = subscriptions.toSorted((a, b) => (a.checkedAt ?? "").localeCompare(b.checkedAt ?? ""));
  const looks: Look[] = [];
  let count = 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const now = context.clock.now();
      const isEnough = count >= wish.limit || now - startedAt > beginWithinMs;
      const look = isEnough ? idle(next, "later") : await lookAt(next, { ...wish, now }, context);
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
  { isEarly, now }: LookWish & { now: number },
  context: OperationContext<RssConfig>,
): Promise<Look> {
  const { url, etag, lastModified, waitsUntil, problem, isGone } = subscription;
  if (isGone) return { ...idle(subscription, "gone"), problem };
  const isWaiting = waitsUntil !== null && Date.parse(waitsUntil) > now;
  if (isWaiting && !(isEarly && problem === null)) return { ...idle(subscription, "waits"), problem };
  try {
    const found = await getFeed({ url, validators: { etag, lastModified }, timeoutMs: feedMs }, context);
    const fresh = freshOf(found, subscription);
    return { ...idle(subscription, fresh.length > 0 ? "new" : "unchanged"), found, fresh };
  } catch (error) {
    context.signal.throwIfAborted();
    const { message, hint = "", askedMs } = toGatewayError(error);
    const outcome = error instanceof FeedGone ? "gone" : "failed";
    return { ...idle(subscription, outcome), problem: `${message}. ${hint}`.trim(), askedMs };
  }
}

function idle(subscription: Subscription, outcome: Look["outcome"]): Look {
  return { subscription, outcome, found: null, fresh: [], problem: null, askedMs: null };
}

function freshOf({ feed }: FoundFeed, { seen }: Subscription): FreshEntry[] {
  const known = new Set(seen);
  return (feed?.entries ?? []).flatMap((entry) => {
    const key = seenKey(entry.id);
    return known.has(key) ? [] : [{ key, entry }];
  });
}
