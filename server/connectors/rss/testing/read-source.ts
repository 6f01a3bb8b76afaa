import { readFile } from "node:fs/promises";

import type { FeedAbout, FeedItem } from "../feed-schema.ts";
import { normaliseFeed } from "../normalise-feed.ts";
import { readFeed } from "../read-feed.ts";

/** All of a feed. */
export interface Read {
  about: FeedAbout;
  items: FeedItem[];
  warnings: string[];
}

/** Reads a feed that was got from somewhere. */
export async function read(
  source: string | Uint8Array,
  contentType = "",
  url = "https://example.org/feed",
): Promise<Read> {
  const bytes = typeof source === "string" ? Buffer.from(source) : source;
  const { parsed, warnings } = await readFeed(bytes, contentType);
  const { about, entries, read: readEntries } = await normaliseFeed(parsed, url);
  return { about, items: await readEntries(entries, true), warnings };
}

/** An example of a specification. */
export const sample = (name: string): Promise<Buffer> => readFile(new URL(`samples/${name}`, import.meta.url));

/** A feed with these entries. */
export const rss = (items: string, head = "<title>T</title>"): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel>${head}${items}</channel></rss>`;
