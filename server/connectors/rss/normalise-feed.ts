import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";

import { isoTime } from "../reading/iso-time.ts";
import { plainText, shorten } from "../reading/plain-text.ts";
import { tameHtml } from "../reading/tame-html.ts";
import type { FeedAbout, FeedItem } from "./feed-schema.ts";
import { toRawFeed, type RawItem } from "./raw-feed.ts";
import type { ParsedFeed } from "./read-feed.ts";

const maxSummary = 500;

/** A feed of any format, its entries known by their ids and not yet read. */
export interface KnownFeed {
  about: FeedAbout;
  /** Minutes for which the feed wants not to be asked again. */
  restMinutes: number | null;
  /** As the feed lists them, none twice. */
  entries: readonly { id: string; raw: RawItem }[];
  /** Reads entries: texts without markup, whole addresses of the web only, times in UTC. */
  read(entries: KnownFeed["entries"], isWithHtml: boolean): Promise<FeedItem[]>;
}

/** Tells a parsed feed in one shape; `url` is where it came from, relative addresses start there. */
export async function normaliseFeed(parsed: ParsedFeed, url: string): Promise<KnownFeed> {
  const raw = toRawFeed(parsed);
  const base = webAddress(raw.base, url) ?? url;
  const about = {
    format: parsed.format,
    title: await textOrNull(raw.title),
    description: await textOrNull(raw.description),
    siteUrl: webAddress(raw.siteUrl, base),
    language: raw.language?.slice(0, 50) ?? null,
  };
  const { restMinutes = 0 } = raw;
  return {
    about,
    restMinutes: restMinutes > 0 ? restMinutes : null,
    entries: known(raw.items),
    async read(entries, isWithHtml) {
      const items: FeedItem[] = [];
      for (const { id, raw: item } of entries) {
        items.push({ id, ...(await normaliseItem(item, base, isWithHtml)) });
        await nextTurn(); // texts may be long, and others wait
      }
      return items;
    },
  };
}

/** Some feeds give several entries the same id: then their address and title tell them apart. */
function known(items: readonly RawItem[]): KnownFeed["entries"] {
  const counts = new Map<string, number>();
  for (const item of items) {
    const id = itemId(item);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const found = new Map<string, RawItem>();
  for (const raw of items) {
    const own = itemId(raw);
    const id = counts.get(own) === 1 ? own : digest(`${own}\n${raw.url ?? ""}\n${raw.title ?? ""}`);
    if (!found.has(id)) found.set(id, raw);
  }
  return [...found].map(([id, raw]) => ({ id, raw }));
}

async function normaliseItem(raw: RawItem, feedBase: string, isWithHtml: boolean): Promise<Omit<FeedItem, "id">> {
  const base = webAddress(raw.base, feedBase) ?? feedBase;
  const url = webAddress(raw.url, base);
  const title = await plainText(raw.title ?? "", 300);
  const summary = await plainText(raw.summary ?? raw.html ?? "", maxSummary);
  const content = raw.html ?? raw.summary;
  return {
    title: title === "" ? shorten(summary, 80) : title,
    url,
    summary,
    html: isWithHtml && content !== undefined ? tameHtml(content).html : null,
    publishedAt: isoTime(raw.publishedAt),
    updatedAt: isoTime(raw.updatedAt),
    authors: await texts(raw.authors),
    categories: await texts(raw.categories),
    attachments: raw.attachments.slice(0, 20).flatMap(({ url: address, type, bytes }) => {
      const whole = webAddress(address, base);
      const size = bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null;
      return whole === null ? [] : [{ url: whole, type: type?.slice(0, 100) ?? null, bytes: size }];
    }),
  };
}

/** The entry's own id, else its address, else what it says. */
function itemId(raw: RawItem): string {
  const own = raw.id?.trim() || raw.url?.trim();
  if (own) return own.length <= 500 ? own : digest(own);
  return digest(`${raw.title ?? ""}\n${raw.publishedAt ?? ""}\n${raw.title ? "" : (raw.summary ?? raw.html ?? "")}`);
}

function digest(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

/** The key an entry is remembered by. */
export function seenKey(id: string): string {
  return createHash("sha256").update(id).digest("base64url").slice(0, 22);
}

function webAddress(address: string | undefined, base: string): string | null {
  if (address === undefined || address.trim() === "" || !URL.canParse(address.trim(), base)) return null;
  const { protocol, href } = new URL(address.trim(), base);
  return protocol === "http:" || protocol === "https:" ? href : null;
}

async function textOrNull(html: string | undefined): Promise<string | null> {
  const text = await plainText(html ?? "", 1_000);
  return text === "" ? null : text;
}

async function texts(values: readonly (string | undefined)[]): Promise<string[]> {
  const found = new Set<string>();
  for (const value of values.slice(0, 20)) {
    const text = await plainText(value ?? "", 100);
    if (text !== "") found.add(text);
  }
  return [...found];
}
