import type { ConnectorReply, OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { decodeText } from "../reading/decode-text.ts";
import { readText, type TextReply } from "../reading/page.ts";
import type { PageBrowser } from "./browser/page-browser.ts";
import { isAllowedByRobots } from "./robots.ts";
import type { PageWay, WebFetchConfig } from "./web-fetch-config.ts";

export interface PageWish {
  url: string;
  /** Ask the site's robots.txt first. */
  respectsRobots: boolean;
  accept: string;
  maxBytes: number;
  maxBytesFrom: string;
}

/** What sets the most bytes of a page, as the form calls it. */
const pageLimit = '"Max page bytes" in the configuration of Web pages';

/** Gets the text at an address, over plain HTTP or as the page there is once its scripts have run. */
export async function getText(
  { via, ...wish }: Omit<PageWish, "maxBytes" | "maxBytesFrom"> & { via: PageWay },
  context: OperationContext<WebFetchConfig>,
  browser: PageBrowser,
): Promise<TextReply> {
  const { config } = context;
  const limit = { maxBytes: config.maxPageBytes, maxBytesFrom: pageLimit };
  if (via === "http") return readText(await getPage({ ...wish, ...limit }, context));
  const isCareful = wish.respectsRobots || config.alwaysRespectsRobots;
  const asked = new Set<string>();
  async function allow(url: string, byPage?: { isOutsideOnly: boolean }): Promise<void> {
    const page = siteAndPath(url);
    if (!isCareful || asked.has(page)) return;
    // Where a page leads, its robots.txt leads nowhere else.
    await askRobots(url, context, byPage && { ...byPage, maxRedirects: 0 });
    asked.add(page); // one that was forbidden is asked for anew
  }
  return browser.read({ url: wish.url, accept: wish.accept, allow }, context);
}

/** Gets what is at an address, as the configuration and the site want it. Throws `refused_by_policy` where its robots.txt says no. */
export async function getPage(wish: PageWish, context: OperationContext<WebFetchConfig>): Promise<ConnectorReply> {
  const { config, http } = context;
  const isCareful = wish.respectsRobots || config.alwaysRespectsRobots;
  if (isCareful) await askRobots(wish.url, context);
  const headers: Record<string, string> = { accept: wish.accept, "user-agent": config.userAgent };
  if (config.languages !== "") headers["accept-language"] = config.languages;
  const reply = await http.expectOk({
    url: wish.url,
    headers,
    maxBytes: wish.maxBytes,
    maxBytesFrom: wish.maxBytesFrom,
  });
  if (isCareful && siteAndPath(reply.url) !== siteAndPath(wish.url)) await askRobots(reply.url, context);
  return reply;
}

function siteAndPath(address: string): string {
  const { origin, pathname, search } = new URL(address);
  return origin + pathname + search;
}

const robotsBytes = 1_048_576;

async function askRobots(
  address: string,
  { config, http, note }: OperationContext<WebFetchConfig>,
  limits: { isOutsideOnly?: boolean; maxRedirects?: number } = {},
): Promise<void> {
  const { origin, pathname, search } = new URL(address);
  const reply = await http.request({
    url: `${origin}/robots.txt`,
    headers: { "user-agent": config.userAgent },
    maxBytes: robotsBytes,
    ...limits,
  });
  const isUnclear = limits.maxRedirects === 0 && reply.status >= 300 && reply.status < 400;
  if (reply.status >= 500 || isUnclear)
    throw new GatewayError("refused_by_policy", `${origin} could not say whether programs are welcome`, {
      hint: "Try again later, or ask without respecting robots.txt.",
    });
  const robots = reply.status < 300 ? decodeText(reply.bytes).text : "";
  if (isAllowedByRobots(robots, config.robotsName, pathname + search)) {
    note("robots_allow", `${origin}/robots.txt allows it`);
    return;
  }
  throw new GatewayError("refused_by_policy", `${origin}/robots.txt asks programs not to read this page`, {
    hint: "Respect that, or ask without respecting robots.txt if you may.",
    isFinal: true,
  });
}
