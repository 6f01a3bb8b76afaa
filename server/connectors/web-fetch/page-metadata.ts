import { z } from "zod";

import { feedLinks } from "../reading/feed-links.ts";
import { baseOf, resolveLink } from "../reading/page.ts";
import { shorten } from "../reading/plain-text.ts";

/** What a page says about itself. */
export const pageMetadataSchema = z.strictObject({
  title: z.string().nullable(),
  description: z.string().nullable(),
  author: z.string().nullable(),
  siteName: z.string().nullable(),
  language: z.string().nullable(),
  /** As the page writes it. */
  publishedAt: z.string().nullable(),
  canonicalUrl: z.string().nullable(),
  imageUrl: z.string().nullable(),
  feeds: z.array(z.strictObject({ url: z.string(), title: z.string().nullable() })),
});
export type PageMetadata = z.output<typeof pageMetadataSchema>;

/** Reads the head of a page. */
export function pageMetadata(document: Document, url: string): PageMetadata {
  const base = baseOf(document, url);
  const metas = metaValues(document);
  const say = (...names: string[]): string | null => {
    for (const name of names) {
      const value = metas.get(name);
      if (value !== undefined) return shorten(value, 1_000);
    }
    return null;
  };
  const link = (href: string | null | undefined): string | null =>
    href === null || href === undefined || href === "" ? null : resolveLink(href, base);
  return {
    title: textOf(document.querySelector("title")) ?? say("og:title", "twitter:title", "dc.title"),
    description: say("description", "og:description", "twitter:description", "dc.description"),
    author: say("author", "article:author", "dc.creator"),
    siteName: say("og:site_name", "application-name"),
    language: attribute(document.documentElement, "lang") ?? say("og:locale", "content-language"),
    publishedAt:
      say("article:published_time", "date", "dc.date", "datepublished") ??
      attribute(document.querySelector("time[datetime]"), "datetime"),
    canonicalUrl: link(document.querySelector('link[rel~="canonical"]')?.getAttribute("href")) ?? link(say("og:url")),
    imageUrl: link(say("og:image", "twitter:image")),
    feeds: feedLinks(document, base),
  };
}

function metaValues(document: Document): Map<string, string> {
  const values = new Map<string, string>();
  for (const element of document.querySelectorAll("meta[content]")) {
    const name = ["name", "property", "itemprop", "http-equiv"].map((key) => element.getAttribute(key)).find(Boolean);
    const value = attribute(element, "content");
    if (name && value !== null && !values.has(name.toLowerCase())) values.set(name.toLowerCase(), value);
  }
  return values;
}

function attribute(element: Element | null, name: string): string | null {
  const value = element?.getAttribute(name)?.trim() ?? "";
  return value === "" ? null : shorten(value, 1_000);
}

function textOf(element: Element | null): string | null {
  const text = (element?.textContent ?? "").replace(/\s+/g, " ").trim();
  return text === "" ? null : shorten(text, 500);
}
