import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { feedItemSchema } from "./feed-schema.ts";
import { lookAtFeeds, type FreshItem, type Look } from "./look-at-feeds.ts";
import { findSubscription, titleOf, withSeen, type RssBook, type RssStore, type Subscription } from "./rss-book.ts";
import { withHtml, type RssConfig } from "./rss-config.ts";

const input = z.strictObject({
  feed: z
    .string()
    .min(1)
    .max(4_000)
    .optional()
    .describe("Id or address of one followed feed; all of them when left out"),
  limit: z.int().min(1).max(200).default(50).describe("Most entries to give back; the others come with the next call"),
  withHtml,
  remember: z.boolean().default(true).describe("Do not give these entries back again"),
  isEarly: z.boolean().default(false).describe("Ask feeds, too, that want to be left alone for a while"),
});
type Input = z.output<typeof input>;

const itemSchema = z.strictObject({ feedId: z.string(), feedTitle: z.string(), ...feedItemSchema.shape });
type Item = z.output<typeof itemSchema>;

const output = z.strictObject({
  items: z.array(itemSchema),
  feeds: z.array(
    z.strictObject({
      id: z.string(),
      url: z.string(),
      title: z.string(),
      outcome: z
        .enum(["new", "unchanged", "waits", "failed", "gone", "later"])
        .describe("waits: it is not asked yet; later: the next call asks it"),
      newItems: z.int(),
      problem: z.string().nullable(),
      warnings: z.array(z.string()),
    }),
  ),
  hasMore: z.boolean().describe("There is more for the next call"),
});

/** Gives back what is new in followed feeds, each entry once. */
export function listNewOperation(store: RssStore) {
  return defineOperation<RssConfig, typeof input, typeof output>({
    title: "What is new",
    description: "Asks followed feeds and gives back the entries that were not given back before.",
    effect: "read",
    trust: "external",
    input,
    output,
    targets: ({ feed }) => (feed === undefined ? [] : wanted(store.get(), feed).map(({ url }) => url)),
    examples: [
      { title: "Of all feeds", input: {} },
      { title: "Of one, to be seen again", input: { feed: "https://example.com/feed.xml", remember: false } },
    ],
    async run(wish, context) {
      const subscriptions = wish.feed === undefined ? store.get().subscriptions : wanted(store.get(), wish.feed);
      if (wish.feed !== undefined && subscriptions.length === 0) throw unknownFeed(wish.feed);
      const looks = await lookAtFeeds(subscriptions, wish, context);
      const chosen = choose(looks, wish);
      context.signal.throwIfAborted(); // what nobody gets must not be remembered as given back
      const given = wish.remember ? await remember(store, looks, chosen, context) : chosen;
      return reply(looks, given);
    },
  });
}

function wanted(book: RssBook, feed: string): Subscription[] {
  return [findSubscription(book, feed)].filter((one) => one !== undefined);
}

function unknownFeed(feed: string): GatewayError {
  return new GatewayError("invalid_params", `${feed.slice(0, 200)} is not followed`, {
    hint: "Follow it with subscribe first.",
    issues: [{ path: "params.feed", message: "is no feed that is followed" }],
    isFinal: true,
  });
}

interface Chosen extends FreshItem {
  feedId: string;
}

function choose(looks: readonly Look[], { limit }: Input): Chosen[] {
  return looks
    .flatMap(({ subscription, fresh }) => fresh.map((one) => ({ ...one, feedId: subscription.id })))
    .slice(0, limit);
}

/** Writes down what was seen; what another call has given back meanwhile is left out. */
function remember(
  store: RssStore,
  looks: readonly Look[],
  chosen: readonly Chosen[],
  context: OperationContext<RssConfig>,
): Promise<Chosen[]> {
  const byId = new Map(looks.map((look) => [look.subscription.id, look]));
  return store.update((book) => {
    const seen = new Map(book.subscriptions.map((one) => [one.id, new Set(one.seen)]));
    const given = chosen.filter(({ feedId, key }) => seen.get(feedId)?.has(key) === false);
    const subscriptions = book.subscriptions.map((one) => {
      const look = byId.get(one.id);
      return look && look.outcome !== "later" && look.outcome !== "waits" ? looked(one, look, chosen, context) : one;
    });
    return { next: { subscriptions }, result: given };
  });
}

const longestRestMs = 3_600_000;
const longestAskedMs = 86_400_000;

function looked(
  before: Subscription,
  { outcome, found, keys, freshCount, problem, askedMs }: Look,
  chosen: readonly Chosen[],
  { clock, config }: OperationContext<RssConfig>,
): Subscription {
  if (outcome === "gone" && before.isGone) return before;
  const now = clock.now();
  const usualMs = config.restMinutes * 60_000;
  const until = (ms: number): string => new Date(now + ms).toISOString();
  const base = { ...before, checkedAt: until(0), problem, isGone: outcome === "gone" };
  if (found === null) return { ...base, waitsUntil: until(Math.max(usualMs, Math.min(askedMs ?? 0, longestAskedMs))) };
  const given = new Set(chosen.filter(({ feedId }) => feedId === before.id).map(({ key }) => key));
  const isAll = given.size === freshCount;
  return {
    ...base,
    url: found.movedTo ?? before.url,
    title: found.title ?? before.title,
    // With them an unchanged feed would not be sent, and the rest of its entries never be given back.
    etag: isAll ? found.validators.etag : null,
    lastModified: isAll ? found.validators.lastModified : null,
    waitsUntil: isAll ? until(Math.max(usualMs, Math.min(found.restMs ?? 0, longestRestMs))) : null,
    seen: withSeen(before, keys.toReversed(), given),
  };
}

function reply(looks: readonly Look[], given: readonly Chosen[]): z.input<typeof output> {
  const titles = new Map(
    looks.map(({ subscription, found }) => [
      subscription.id,
      titleOf({ ...subscription, title: found?.title ?? subscription.title }),
    ]),
  );
  const items: Item[] = given.map(({ feedId, item }) => ({ feedId, feedTitle: titles.get(feedId) ?? "", ...item }));
  return {
    items,
    feeds: looks.map(({ subscription: { id, url }, outcome, freshCount, problem, found }) => ({
      id,
      url: found?.movedTo ?? url,
      title: titles.get(id) ?? url,
      outcome,
      newItems: freshCount,
      problem,
      warnings: found?.warnings ?? [],
    })),
    hasMore:
      looks.some(({ outcome }) => outcome === "later") ||
      looks.reduce((sum, { freshCount }) => sum + freshCount, 0) > given.length,
  };
}
