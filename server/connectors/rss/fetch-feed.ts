import { z } from "zod";

import { defineOperation } from "../framework/define-connector.ts";
import { feedAboutSchema, feedItemSchema } from "./feed-schema.ts";
import { getFeed } from "./get-feed.ts";
import { feedUrl, withHtml, type RssConfig } from "./rss-config.ts";

const validator = z.string().max(500).optional();

const input = z.strictObject({
  url: feedUrl.describe("Address of the feed"),
  limit: z.int().min(1).max(200).default(30).describe("Most entries to give back"),
  withHtml,
  etag: validator.describe("As an earlier call gave it back: an unchanged feed is not sent again"),
  lastModified: validator.describe("As an earlier call gave it back: an unchanged feed is not sent again"),
});

const output = z.strictObject({
  url: z.string().describe("Where it came from, after redirects"),
  movedTo: z.string().nullable().describe("Where it lives from now on, when it moved for good"),
  isUnchanged: z.boolean().describe("Nothing is new since the given etag or lastModified"),
  feed: feedAboutSchema.nullable(),
  items: z.array(feedItemSchema),
  totalItems: z.int().describe("Entries the feed has, given back or not"),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  warnings: z.array(z.string()),
});

/** Reads a feed, followed or not; nothing is remembered. */
export const fetchFeedOperation = defineOperation<RssConfig, typeof input, typeof output>({
  title: "Read a feed",
  description: "Reads the entries of an RSS, Atom, RDF or JSON feed.",
  effect: "read",
  isIdempotent: true,
  trust: "external",
  input,
  output,
  targets: ({ url }) => [url],
  examples: [
    { title: "The newest entries", input: { url: "https://example.com/feed.xml", limit: 10 } },
    { title: "Only if it has changed", input: { url: "https://example.com/feed.xml", etag: 'W/"5a1"' } },
  ],
  async run({ url, limit, withHtml: isWithHtml, etag, lastModified }, context) {
    const known = { etag: etag ?? null, lastModified: lastModified ?? null };
    const found = await getFeed({ url, validators: known }, context);
    const { feed, warnings, movedTo, validators } = found;
    const entries = feed?.entries.slice(0, limit) ?? [];
    return {
      url: found.url,
      movedTo,
      isUnchanged: feed === null,
      feed: feed?.about ?? null,
      items: (await feed?.read(entries, isWithHtml)) ?? [],
      totalItems: feed?.entries.length ?? 0,
      ...validators,
      warnings,
    };
  },
});
