import type { ParsedFeed } from "./read-feed.ts";
import { escapeText } from "./xml-tag.ts";

/** An entry with what its format calls these things; texts may be HTML, addresses relative. */
export interface RawItem {
  id?: string | undefined;
  url?: string | undefined;
  base?: string | undefined;
  title?: string | undefined;
  summary?: string | undefined;
  html?: string | undefined;
  publishedAt?: string | undefined;
  updatedAt?: string | undefined;
  authors: (string | undefined)[];
  categories: (string | undefined)[];
  attachments: { url?: string | undefined; type?: string | undefined; bytes?: number | undefined }[];
}

export interface RawFeed {
  title?: string | undefined;
  description?: string | undefined;
  siteUrl?: string | undefined;
  base?: string | undefined;
  language?: string | undefined;
  restMinutes?: number | undefined;
  items: RawItem[];
}

type Media = NonNullable<Of<"rss">["items"]>[number]["media"];
type Of<Format extends ParsedFeed["format"]> = Extract<ParsedFeed, { format: Format }>["feed"];

/** Any format's words in ours. */
export function toRawFeed(parsed: ParsedFeed): RawFeed {
  if (parsed.format === "rss") return fromRss(parsed.feed);
  if (parsed.format === "atom") return fromAtom(parsed.feed);
  return parsed.format === "rdf" ? fromRdf(parsed.feed) : fromJson(parsed.feed);
}

function fromRss(feed: Of<"rss">): RawFeed {
  return {
    title: feed.title,
    description: feed.description,
    siteUrl: feed.link ?? alternate(feed.atom?.links),
    language: feed.language,
    restMinutes: feed.ttl,
    items: (feed.items ?? []).map((item) => ({
      id: item.guid?.value,
      url: item.link ?? alternate(item.atom?.links) ?? permaLink(item.guid),
      title: item.title,
      summary: item.description ?? mediaText(item.media),
      html: item.content?.encoded,
      publishedAt: item.pubDate ?? item.dc?.dates?.[0],
      authors: [...(item.authors ?? []).map((author) => author.name ?? author.email), ...(item.dc?.creators ?? [])],
      categories: (item.categories ?? []).map(({ name }) => name),
      attachments: [
        ...(item.enclosures ?? []).map(({ url, type, length }) => ({ url, type, bytes: length })),
        ...mediaFiles(item.media),
      ],
    })),
  };
}

/** An id is an address unless it says that it is none; many that do not say so are none, too. */
function permaLink(guid: { value?: string; isPermaLink?: boolean } | undefined): string | undefined {
  return guid?.isPermaLink !== false && /^https?:/i.test(guid?.value ?? "") ? guid?.value : undefined;
}

function fromRdf(feed: Of<"rdf">): RawFeed {
  return {
    title: feed.title,
    description: feed.description,
    siteUrl: feed.link,
    language: feed.dc?.languages?.[0],
    items: (feed.items ?? []).map((item) => ({
      id: item.rdf?.about,
      url: item.link,
      title: item.title,
      summary: item.description,
      html: item.content?.encoded,
      publishedAt: item.dc?.dates?.[0],
      authors: item.dc?.creators ?? [],
      categories: item.dc?.subjects ?? [],
      attachments: [],
    })),
  };
}

type AtomText = { value?: string | undefined; type?: string | undefined } | undefined;

/** As HTML. Text of the type "text" has no markup, whatever it looks like; what is no text (a picture in Base64) is nothing to read. */
function atomText(text: AtomText): string | undefined {
  const { value, type = "text" } = text ?? {};
  if (value === undefined || type === "html" || type === "xhtml" || type === "text/html") return value;
  if (type.includes("/") && !type.startsWith("text/") && !type.endsWith("xml")) return undefined;
  return escapeText(value);
}

/** Files of podcasts and videos that stand beside the enclosures. */
function mediaFiles(media: Media): RawItem["attachments"] {
  const contents = [...(media?.contents ?? []), ...(media?.groups ?? []).flatMap((group) => group.contents ?? [])];
  return contents.map(({ url, type, fileSize }) => ({ url, type, bytes: fileSize }));
}

function mediaText(media: Media): string | undefined {
  const said = media?.description ?? media?.groups?.[0]?.description;
  return said === undefined ? undefined : atomText({ value: said.value, type: said.type === "html" ? "html" : "text" });
}

function fromAtom(feed: Of<"atom">): RawFeed {
  return {
    title: atomText(feed.title),
    description: atomText(feed.subtitle),
    siteUrl: alternate(feed.links),
    base: feed.xml?.base,
    language: feed.xml?.lang,
    items: (feed.entries ?? []).map((entry) => ({
      id: entry.id,
      url: alternate(entry.links),
      base: entry.xml?.base,
      title: atomText(entry.title),
      summary: atomText(entry.summary) ?? mediaText(entry.media),
      html: atomText(entry.content),
      publishedAt: entry.published ?? entry.updated,
      updatedAt: entry.updated,
      authors: (entry.authors ?? feed.authors ?? []).map(({ name, email }) => name ?? email),
      categories: (entry.categories ?? []).map(({ label, term }) => label ?? term),
      attachments: [
        ...(entry.links ?? [])
          .filter(({ rel }) => rel === "enclosure")
          .map(({ href, type, length }) => ({ url: href, type, bytes: length })),
        ...mediaFiles(entry.media),
      ],
    })),
  };
}

function alternate(
  links: readonly { href?: string | undefined; rel?: string | undefined }[] | undefined,
): string | undefined {
  return links?.find(({ rel }) => rel === undefined || rel === "alternate")?.href;
}

function fromJson(feed: Of<"json">): RawFeed {
  return {
    title: plain(feed.title),
    description: plain(feed.description),
    siteUrl: feed.home_page_url,
    language: feed.language,
    items: (feed.items ?? []).map((item) => ({
      id: item.id,
      url: item.url ?? item.external_url,
      title: plain(item.title),
      summary: plain(item.summary) ?? plain(item.content_text),
      html: item.content_html ?? plain(item.content_text),
      publishedAt: item.date_published,
      updatedAt: item.date_modified,
      authors: (item.authors ?? feed.authors ?? []).map(({ name }) => name),
      categories: item.tags ?? [],
      attachments: (item.attachments ?? []).map(({ url, mime_type: type, size_in_bytes: bytes }) => ({
        url,
        type,
        bytes,
      })),
    })),
  };
}

function plain(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeText(text);
}
