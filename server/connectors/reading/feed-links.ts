import { resolveLink } from "./page.ts";
import { shorten } from "./plain-text.ts";

/** A feed a page names in its head. */
export interface FeedLink {
  url: string;
  title: string | null;
}

const maxFeeds = 20;

const feedTypes = new Set([
  "application/rss+xml",
  "application/atom+xml",
  "application/rdf+xml",
  "application/feed+json",
]);

/** The feeds a page offers. */
export function feedLinks(document: Document, base: string): FeedLink[] {
  const found = new Map<string, string | null>();
  for (const element of document.querySelectorAll('link[rel~="alternate"][href]')) {
    const type = (element.getAttribute("type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
    const url = feedTypes.has(type) ? resolveLink(element.getAttribute("href") ?? "", base) : null;
    if (url?.startsWith("http") === true && !found.has(url) && found.size < maxFeeds) found.set(url, titleOf(element));
  }
  return [...found].map(([url, title]) => ({ url, title }));
}

function titleOf(element: Element): string | null {
  const title = element.getAttribute("title")?.trim() ?? "";
  return title === "" ? null : shorten(title, 1_000);
}
