import { rateLimitReset, retryAfterTime } from "../../../lib/retry-after.ts";
import type { ConnectorReply, OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { normaliseFeed, type KnownFeed } from "./normalise-feed.ts";
import { readFeed } from "./read-feed.ts";
import { feedLimit, type RssConfig } from "./rss-config.ts";

/** What a server said about a feed, to be given back to it when it is asked again. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

/** A feed as it was found. */
export interface FoundFeed {
  /** `null` when it has not changed since the validators were given. */
  feed: KnownFeed | null;
  /** Where it came from, after redirects. */
  url: string;
  /** Where it lives from now on; `null` when it did not move for good. */
  movedTo: string | null;
  validators: Validators;
  /** The server or the feed wants not to be asked again before; milliseconds, `null` when nothing is said. */
  restMs: number | null;
  warnings: string[];
}

/** The server says that the feed is gone for good. */
export class FeedGone extends GatewayError {
  constructor(url: string) {
    super("upstream_failed", `${new URL(url).origin} says that this feed is gone for good`, {
      hint: "Look for another one with discover, and unsubscribe from this one.",
      isFinal: true,
    });
  }
}

const accept =
  "application/atom+xml,application/rss+xml,application/rdf+xml,application/feed+json,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.5";
const maxHops = 5;

export interface FeedWish {
  url: string;
  /** What is known of it. */
  validators: Validators;
  timeoutMs?: number;
}

/** Asks for a feed and reads it. Throws `upstream_failed` for a status that is none of a feed, `reply_invalid` for what is no feed. */
export async function getFeed(wish: FeedWish, context: OperationContext<RssConfig>): Promise<FoundFeed> {
  const { reply, movedTo } = await follow(wish, context);
  const { status, headers, url } = reply;
  const ageMs = maxAgeMs(headers);
  const place = { url, movedTo, validators: validatorsOf(headers) };
  const isAsked = wish.validators.etag !== null || wish.validators.lastModified !== null;
  if (status === 304 && isAsked) {
    const { etag, lastModified } = place.validators;
    const validators = {
      etag: etag ?? wish.validators.etag,
      lastModified: lastModified ?? wish.validators.lastModified,
    };
    return { feed: null, ...place, validators, restMs: ageMs, warnings: [] };
  }
  if (status < 200 || status > 299) throw statusError(reply, context.clock.now());
  const { parsed, warnings } = await readFeed(reply.bytes, headers["content-type"] ?? "");
  const feed = await normaliseFeed(parsed, url);
  const ownMs = feed.restMinutes === null ? null : feed.restMinutes * 60_000;
  const restMs = ageMs === null && ownMs === null ? null : Math.max(ageMs ?? 0, ownMs ?? 0);
  return { feed, ...place, restMs, warnings };
}

/** Redirects are followed here, because those for good are remembered. */
async function follow(
  { url: address, validators, timeoutMs }: FeedWish,
  { http, config }: OperationContext<RssConfig>,
): Promise<{ reply: ConnectorReply; movedTo: string | null }> {
  const headers: Record<string, string> = { accept, "user-agent": config.userAgent };
  if (validators.etag !== null) headers["if-none-match"] = validators.etag;
  if (validators.lastModified !== null) headers["if-modified-since"] = validators.lastModified;
  let url = address;
  /** What comes behind a redirect for now may change; what comes before it stays. */
  let home = address;
  let isForGood = true;
  for (let hop = 0; hop <= maxHops; hop += 1) {
    const reply = await http.request({
      url,
      headers,
      maxBytes: config.maxFeedBytes,
      maxBytesFrom: feedLimit,
      maxRedirects: 0,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const target = redirectOf(reply, url);
    if (target === null) return { reply, movedTo: home === address ? null : home };
    url = target;
    isForGood &&= reply.status === 301 || reply.status === 308;
    if (isForGood) home = url;
  }
  throw new GatewayError("upstream_failed", `${new URL(address).origin} sends from one address to the next`, {
    hint: "Open the address in a browser and use the one it ends at.",
    isFinal: true,
  });
}

function redirectOf({ status, headers }: ConnectorReply, url: string): string | null {
  const location = headers["location"];
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined || !URL.canParse(location, url))
    return null;
  return new URL(location, url).href;
}

function validatorsOf(headers: Readonly<Record<string, string>>): Validators {
  return {
    etag: headers["etag"]?.slice(0, 500) ?? null,
    lastModified: headers["last-modified"]?.slice(0, 100) ?? null,
  };
}

function maxAgeMs(headers: Readonly<Record<string, string>>): number | null {
  const seconds = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})/i.exec(headers["cache-control"] ?? "")?.[1];
  return seconds === undefined || seconds === "0" ? null : Number(seconds) * 1_000;
}

function statusError({ status, headers, url }: ConnectorReply, nowMs: number): GatewayError {
  if (status === 410) return new FeedGone(url);
  const at = retryAfterTime(headers, nowMs) ?? (status === 429 ? rateLimitReset(headers, nowMs) : null);
  return new GatewayError("upstream_failed", `${new URL(url).origin} answered ${status}`, {
    hint:
      status === 404
        ? "Check the address, or look for the feeds of the page with discover."
        : "Try again later, or check the address.",
    isFinal: status < 500 && ![408, 423, 425, 429].includes(status),
    askedMs: at === null ? null : Math.max(0, at - nowMs),
  });
}
