import { isoTime } from "../reading/iso-time.ts";
import { plainText, shorten } from "../reading/plain-text.ts";
import type { Hit } from "./backend.ts";
import type { BackendName } from "./search-config.ts";
import type { SearchResult } from "./search-schema.ts";

const maxTitle = 300;
const maxSnippet = 1_000;
const maxUrl = 4_000;

/** Results in the one shape: plain text, whole addresses of the web, each address once; what is none is left out. */
export async function tidyHits(
  hits: readonly Hit[],
  { source, isHtml, count }: { source: BackendName; isHtml: boolean; count: number },
): Promise<SearchResult[]> {
  const results = new Map<string, SearchResult>();
  for (const { title, url: address, snippet, publishedAt } of hits) {
    if (results.size >= count) break;
    const url = webAddress(address);
    if (url === null || results.has(url)) continue;
    const words = await textOf(title, maxTitle, isHtml);
    results.set(url, {
      title: words === "" ? shorten(url, maxTitle) : words,
      url,
      snippet: await textOf(snippet, maxSnippet, isHtml),
      source,
      publishedAt: typeof publishedAt === "string" ? isoTime(publishedAt) : null,
    });
  }
  return [...results.values()];
}

function webAddress(address: unknown): string | null {
  if (typeof address !== "string" || address.length > maxUrl || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === "http:" || protocol === "https:" ? href : null;
}

async function textOf(value: unknown, maxChars: number, isHtml: boolean): Promise<string> {
  if (typeof value !== "string") return "";
  if (isHtml) return plainText(value, maxChars);
  return shorten(
    value
      .slice(0, 20 * maxChars)
      .replace(/\s+/g, " ")
      .trim(),
    maxChars,
  );
}
