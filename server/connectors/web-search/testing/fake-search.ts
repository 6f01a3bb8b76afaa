import { readFileSync } from "node:fs";

import { startSite, type SitePage, type WebSite } from "../../reading/testing/web-site.ts";
import type { BackendName } from "../search-config.ts";

/** A reply of one of them, as its maker documents it. */
export function sample(name: string): string {
  return readFileSync(new URL(`samples/${name}`, import.meta.url), "utf8");
}

/** A reply with this body, as JSON unless it is a page. */
export function reply(body: string, status = 200, headers: Record<string, string> = {}): SitePage {
  const type = body.startsWith("<") ? "text/html; charset=UTF-8" : "application/json";
  return { status, headers: { "content-type": type, ...headers }, body };
}

/** Servers that answer as SearXNG, Brave, Tavily and DuckDuckGo do. */
export interface FakeSearch {
  sites: Record<BackendName, WebSite>;
  /** What a configuration needs to ask them all. */
  config: Record<string, unknown>;
  answer(name: BackendName, page: SitePage): void;
  /** How often each was asked. */
  asked(): Partial<Record<BackendName, number>>;
  close(): Promise<void>;
}

const paths = { searxng: "/search", brave: "/res/v1/web/search", tavily: "/search", duckduckgo: "/html/" } as const;

/** Starts them with a good answer each. */
export async function startFakeSearch(): Promise<FakeSearch> {
  const [searxng, brave, tavily, duckduckgo] = await Promise.all([
    startSite({ [paths.searxng]: reply(sample("searxng.json")) }),
    startSite({ [paths.brave]: reply(sample("brave.json")) }),
    startSite({ [paths.tavily]: reply(sample("tavily.json")) }),
    startSite({ [paths.duckduckgo]: reply(sample("duckduckgo.html")) }),
  ]);
  const sites = { searxng, brave, tavily, duckduckgo };
  return {
    sites,
    config: {
      searxngUrl: searxng.origin,
      braveUrl: brave.origin,
      braveKey: "BSA-secret-key-1",
      tavilyUrl: tavily.origin,
      tavilyKey: "tvly-secret-key-2",
      duckduckgoUrl: duckduckgo.origin,
    },
    answer(name, page) {
      sites[name].pages = { [paths[name]]: page };
    },
    asked() {
      const counts = Object.entries(sites).map(([name, { visits }]) => [name, visits.length] as const);
      return Object.fromEntries(counts.filter(([, count]) => count > 0));
    },
    async close() {
      await Promise.all(Object.values(sites).map((site) => site.close()));
    },
  };
}
