import { z } from "zod";

import { defineOperation } from "../framework/define-connector.ts";
import { findSubscription, titleOf, type RssStore } from "./rss-book.ts";
import type { RssConfig } from "./rss-config.ts";

const input = z.strictObject({ feed: z.string().min(1).max(4_000).describe("Id or address of a followed feed") });
const output = z.strictObject({
  isRemoved: z.boolean().describe("It was followed before"),
  title: z.string().nullable(),
  followed: z.int().describe("Feeds that are still followed"),
});

/** Follows a feed no longer; nothing leaves. */
export function unsubscribeOperation(store: RssStore) {
  return defineOperation<RssConfig, typeof input, typeof output>({
    title: "Follow no longer",
    description: "Forgets a followed feed and which of its entries were given back.",
    effect: "write",
    isIdempotent: true,
    input,
    output,
    targets: () => [],
    examples: [{ title: "By its address", input: { feed: "https://example.com/feed.xml" } }],
    run: ({ feed }) =>
      store.update((book) => {
        const known = findSubscription(book, feed);
        const left = book.subscriptions.filter((one) => one !== known);
        const title = known ? titleOf(known) : null;
        return {
          next: { subscriptions: left },
          result: { isRemoved: known !== undefined, title, followed: left.length },
        };
      }),
  });
}
