import { z } from "zod";

import type { JsonStore } from "../../../lib/json-store.ts";
import { storedSecretSchema } from "../../../lib/secret-box.ts";

const subscriptionSchema = z.strictObject({
  id: z.string(),
  /** Follows the feed when it moves for good. */
  url: z.string(),
  /** What the user calls it. */
  name: z.string().nullable(),
  /** What it calls itself. */
  title: z.string().nullable(),
  subscribedAt: z.iso.datetime(),
  /** As the server sent them, for the next question. */
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  checkedAt: z.iso.datetime().nullable(),
  /** What was wrong when it was last looked at. */
  problem: z.string().nullable(),
  /** It is not asked before. */
  waitsUntil: z.iso.datetime().nullable(),
  /** It is gone for good and is not asked any more. */
  isGone: z.boolean(),
  /** Keys of entries that were given back, those longest out of the feed first. */
  seen: z.array(z.string()),
});
/** A feed that is followed. */
export type Subscription = z.output<typeof subscriptionSchema>;

export interface RssBook {
  readonly subscriptions: readonly Subscription[];
}

/** As it is on disk: what in its address lets somebody in is sealed, by the name of its parameter. */
const storedSubscriptionSchema = subscriptionSchema.extend({
  secrets: z.record(z.string(), storedSecretSchema).default({}),
});
export type StoredSubscription = z.output<typeof storedSubscriptionSchema>;

const storedRssBookSchema = z.strictObject({ subscriptions: z.array(storedSubscriptionSchema) });
export type StoredRssBook = z.output<typeof storedRssBookSchema>;

/** How the file of followed feeds is opened; `openPrivateFeeds` reads it. */
export const rssFile = {
  schema: storedRssBookSchema,
  initial: { subscriptions: [] },
  version: 1,
  isolate: { list: "subscriptions", entry: storedSubscriptionSchema },
};

/** What remembers followed feeds and the entries that were given back. */
export type RssStore = Pick<JsonStore<RssBook>, "get" | "update">;

export const maxSubscriptions = 300;
/** A feed has 1000 entries at most, and some that went may come back. */
const maxSeen = 1_500;

/** With these entries remembered: `current` are all of the feed now, `given` those given back. */
export function withSeen(
  { seen }: Pick<Subscription, "seen">,
  current: readonly string[],
  given: ReadonlySet<string>,
): string[] {
  const kept = new Set(seen);
  for (const key of current) {
    if (!kept.has(key) && !given.has(key)) continue;
    kept.delete(key); // what the feed still has is the last to be forgotten
    kept.add(key);
  }
  return [...kept].slice(-maxSeen);
}

/** The subscription with this id or address. */
export function findSubscription({ subscriptions }: RssBook, idOrUrl: string): Subscription | undefined {
  const href = URL.canParse(idOrUrl) ? new URL(idOrUrl).href : null;
  return subscriptions.find(({ id, url }) => id === idOrUrl || url === href);
}

/** What people know it by. */
export function titleOf({ name, title, url }: Pick<Subscription, "name" | "title" | "url">): string {
  return name ?? title ?? url;
}
