import { randomBytes } from "node:crypto";

import { z } from "zod";

import { defineOperation } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { getFeed, type FoundFeed } from "./get-feed.ts";
import { seenKey } from "./normalise-feed.ts";
import { findSubscription, maxSubscriptions, titleOf, type RssStore, type Subscription } from "./rss-book.ts";
import { feedUrl, type RssConfig } from "./rss-config.ts";

const input = z.strictObject({
  url: feedUrl.describe("Address of the feed"),
  name: z.string().trim().min(1).max(200).optional().describe("What to call it, instead of its own title"),
  from: z
    .enum(["now", "all"])
    .default("now")
    .describe("Which entries are new: those from now on, or all that the feed has, too"),
});

const output = z.strictObject({
  id: z.string(),
  url: z.string(),
  title: z.string(),
  isNew: z.boolean().describe("It was not followed before"),
  items: z.int().describe("Entries the feed has now; 0 when it was followed before"),
  warnings: z.array(z.string()),
});

/** Follows a feed. */
export function subscribeOperation(store: RssStore) {
  return defineOperation<RssConfig, typeof input, typeof output>({
    title: "Follow a feed",
    description: "Reads a feed and follows it from now on; list-new gives back what is new in it.",
    effect: "write",
    isIdempotent: true,
    trust: "external",
    input,
    output,
    targets: ({ url }) => [url],
    examples: [
      { title: "Follow what comes from now on", input: { url: "https://example.com/feed.xml" } },
      { title: "Everything in it is new", input: { url: "https://example.com/feed.xml", name: "News", from: "all" } },
    ],
    async run({ url, name, from }, context) {
      const known = findSubscription(store.get(), url);
      const named = name === undefined ? {} : { name };
      if (known && !known.isGone) return followed(await change(store, known, named));
      const validators = { etag: null, lastModified: null };
      const found = await getFeed({ url: new URL(url).href, validators }, context);
      if (known) return followed(await change(store, known, { ...revived, ...named }));
      const fresh = toSubscription(found, { url, name, from, nowMs: context.clock.now() });
      const { kept, isNew } = await add(store, fresh);
      if (!isNew) return followed(kept);
      return { ...followed(kept), isNew, items: found.feed?.entries.length ?? 0, warnings: found.warnings };
    },
  });
}

interface Wish {
  url: string;
  name: string | undefined;
  from: "now" | "all";
  nowMs: number;
}

function toSubscription({ feed, movedTo, validators }: FoundFeed, { url, name, from, nowMs }: Wish): Subscription {
  const now = new Date(nowMs).toISOString();
  const isRead = from === "now";
  return {
    id: randomBytes(6).toString("hex"),
    url: movedTo ?? new URL(url).href,
    name: name ?? null,
    title: feed?.about.title ?? null,
    subscribedAt: now,
    // With them an unchanged feed would not be sent, and its entries never be given back.
    etag: isRead ? validators.etag : null,
    lastModified: isRead ? validators.lastModified : null,
    checkedAt: isRead ? now : null,
    problem: null,
    waitsUntil: null,
    isGone: false,
    seen: isRead ? (feed?.entries ?? []).map(({ id }) => seenKey(id)).toReversed() : [],
  };
}

interface Added {
  kept: Subscription;
  isNew: boolean;
}

function add(store: RssStore, fresh: Subscription): Promise<Added> {
  return store.update<Added>((book) => {
    const known = findSubscription(book, fresh.url);
    if (known) return { next: book, result: { kept: known, isNew: false } };
    if (book.subscriptions.length >= maxSubscriptions)
      throw new GatewayError("invalid_params", `${maxSubscriptions} feeds are followed already`, {
        hint: "Unsubscribe from one that is not needed any more.",
        isFinal: true,
      });
    return { next: { subscriptions: [...book.subscriptions, fresh] }, result: { kept: fresh, isNew: true } };
  });
}

/** A feed that was gone for good and is there again. */
const revived = { isGone: false, problem: null, waitsUntil: null };

async function change(store: RssStore, known: Subscription, changes: Partial<Subscription>): Promise<Subscription> {
  if (Object.keys(changes).length === 0) return known;
  await store.update((book) => ({
    next: { subscriptions: book.subscriptions.map((one) => (one.id === known.id ? { ...one, ...changes } : one)) },
    result: undefined,
  }));
  return { ...known, ...changes };
}

function followed(subscription: Subscription): z.input<typeof output> {
  const { id, url } = subscription;
  return { id, url, title: titleOf(subscription), isNew: false, items: 0, warnings: [] };
}
