import { z } from "zod";

import { defineOperation, type ConnectorReply, type OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { toGatewayError } from "../framework/to-gateway-error.ts";
import { feedLinks, type FeedLink } from "../reading/feed-links.ts";
import { baseOf, parsePage, readText, resolveLink } from "../reading/page.ts";
import { shorten } from "../reading/plain-text.ts";
import { feedAboutSchema } from "./feed-schema.ts";
import { normaliseFeed } from "./normalise-feed.ts";
import { readFeed } from "./read-feed.ts";
import { feedLimit, feedUrl, type RssConfig } from "./rss-config.ts";

const input = z.strictObject({
  url: feedUrl.describe("Address of a page, or of a feed"),
  tryUsual: z.boolean().default(true).describe("Where the page names no feed, look at the usual addresses of its site"),
});

const output = z.strictObject({
  feeds: z.array(
    z.strictObject({
      url: z.string(),
      title: z.string().nullable(),
      format: feedAboutSchema.shape.format.nullable().describe("null when it was not read"),
      from: z.enum(["address", "head", "link", "usual"]).describe("How it was found"),
    }),
  ),
});
type Found = z.output<typeof output>["feeds"][number];

const usualPaths = ["/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feed.json"];
const maxTries = 6;
const tryMs = 8_000;
const accept = "text/html,application/xhtml+xml,application/atom+xml,application/rss+xml,*/*;q=0.5";

/** Finds the feeds of a page. */
export const discoverOperation = defineOperation<RssConfig, typeof input, typeof output>({
  title: "Find feeds",
  description: "Finds the feeds of a web page.",
  effect: "read",
  isIdempotent: true,
  trust: "external",
  input,
  output,
  targets: ({ url }) => [url],
  examples: [
    { title: "The feeds of a site", input: { url: "https://example.com/" } },
    { title: "Only those the page names", input: { url: "https://example.com/", tryUsual: false } },
  ],
  async run({ url, tryUsual }, context) {
    const reply = await ask(url, context);
    const own = await asFeed(reply, "address");
    if (own !== null) return { feeds: [own] };
    const page = readText(reply);
    const document = await parsePage(page);
    const base = baseOf(document, page.url);
    const named = feedLinks(document, base);
    if (named.length > 0)
      return { feeds: named.map(({ url: address, title }) => ({ url: address, title, format: null, from: "head" })) };
    const linked = linksToFeeds(document, base).map((link) => ({ ...link, from: "link" as const }));
    const usual = tryUsual ? usualPlaces(page.url) : [];
    return { feeds: await tryEach([...linked, ...usual], context) };
  },
});

function ask(url: string, { http, config }: OperationContext<RssConfig>, timeoutMs?: number): Promise<ConnectorReply> {
  const headers = { accept, "user-agent": config.userAgent };
  return http.expectOk({
    url,
    headers,
    maxBytes: config.maxFeedBytes,
    maxBytesFrom: feedLimit,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

async function asFeed(reply: ConnectorReply, from: Found["from"]): Promise<Found | null> {
  try {
    const { parsed } = await readFeed(reply.bytes, reply.headers["content-type"] ?? "");
    const { about } = await normaliseFeed(parsed, reply.url);
    return { url: reply.url, title: about.title, format: about.format, from };
  } catch (error) {
    if (error instanceof GatewayError && error.gatewayCode === "reply_invalid") return null;
    throw error;
  }
}

/** Pages that name no feed in their head may still link to one for their readers. */
function linksToFeeds(document: Document, base: string): FeedLink[] {
  const found = new Map<string, string | null>();
  for (const element of document.querySelectorAll("a[href]")) {
    const url = resolveLink(element.getAttribute("href") ?? "", base);
    if (url === null || !looksLikeFeed(url, base) || found.has(url)) continue;
    const title = shorten(element.textContent.replace(/\s+/g, " ").trim(), 200);
    found.set(url, title === "" ? null : title);
  }
  return [...found].map(([url, title]) => ({ url, title }));
}

function looksLikeFeed(address: string, base: string): boolean {
  const url = new URL(address);
  if (url.hostname !== new URL(base).hostname) return false;
  return /(?:^|[/._-])(?:rss|atom|feeds?|rdf)(?:[/._-]|$)/i.test(url.pathname) || url.searchParams.has("feed");
}

function usualPlaces(pageUrl: string): Pick<Found, "url" | "title" | "from">[] {
  return usualPaths.map((path) => ({ url: new URL(path, pageUrl).href, title: null, from: "usual" }));
}

async function tryEach(
  places: readonly Pick<Found, "url" | "title" | "from">[],
  context: OperationContext<RssConfig>,
): Promise<Found[]> {
  const found = new Map<string, Found>();
  for (const { url, title, from } of places.slice(0, maxTries)) {
    context.signal.throwIfAborted();
    const feed = await tryPlace(url, from, context);
    if (feed !== null && !found.has(feed.url)) found.set(feed.url, { ...feed, title: feed.title ?? title });
  }
  return [...found.values()];
}

async function tryPlace(url: string, from: Found["from"], context: OperationContext<RssConfig>): Promise<Found | null> {
  try {
    return await asFeed(await ask(url, context, tryMs), from);
  } catch (error) {
    const { message } = toGatewayError(error);
    context.note("no_feed", `There is no feed at ${url}: ${message}`);
    return null;
  }
}
