import type { Hit } from "./backend.ts";
import { SearchFailure } from "./search-failure.ts";

/** DuckDuckGo thinks that a program asks. */
const challenge = ".anomaly-modal__title, .anomaly-modal__mask, .anomaly-modal__modal, #challenge-form, #anomaly-modal";
const emptiness = ".no-results, .result--no-result, .no-results-message";

/**
 * The results of DuckDuckGo's page without scripts, advertisements left out. Throws when it asks whether a person is there, and when it
 * holds neither results nor the word that there are none.
 */
export function readDuckDuckGo(document: Document, { status, source }: { status: number; source: string }): Hit[] {
  const hits = [...document.querySelectorAll("a.result__a")].flatMap(hitOf);
  if (hits.length > 0) return hits;
  const isChallenge = document.querySelector(challenge) !== null || /anomaly\.js|bots use DuckDuckGo/i.test(source);
  if (isChallenge || status === 202 || status === 403 || status === 418)
    throw new SearchFailure(
      "blocked",
      "DuckDuckGo blocks this program: it asks for a proof that a person is searching",
      {
        hint: "Wait an hour or so, search less often, or set up SearXNG, Brave or Tavily.",
      },
    );
  if (document.querySelector(emptiness) !== null) return [];
  if (/No\s+results\s+found|No\s+more\s+results/i.test(document.body.textContent)) return [];
  throw new SearchFailure("unreadable", "DuckDuckGo's page has neither results nor the word that there are none");
}

function hitOf(link: Element): Hit[] {
  const box = link.closest(".result");
  if (/\bresult--ad\b|\bresults_links-sponsored\b/.test(box?.className ?? "")) return [];
  const url = targetOf(link.getAttribute("href") ?? "");
  if (url === null) return [];
  const date = /\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?/.exec(box?.querySelector(".result__extras")?.textContent ?? "");
  return [
    {
      title: link.textContent,
      url,
      snippet: box?.querySelector(".result__snippet")?.textContent ?? "",
      publishedAt: date?.[0],
    },
  ];
}

/** Where a link really leads; `null` for what stays at DuckDuckGo: advertisements, its own pages. */
function targetOf(href: string): string | null {
  const base = "https://duckduckgo.com/";
  if (!URL.canParse(href, base)) return null;
  const url = new URL(href, base);
  const isOwn = url.hostname === "duckduckgo.com" || url.hostname.endsWith(".duckduckgo.com");
  if (!isOwn) return url.href;
  const target = url.pathname === "/l/" ? url.searchParams.get("uddg") : null;
  if (target === null || !URL.canParse(target)) return null;
  const { hostname, href: whole } = new URL(target);
  return hostname === "duckduckgo.com" || hostname.endsWith(".duckduckgo.com") ? null : whole;
}
