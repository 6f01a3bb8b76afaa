import { parsePage, readText } from "../reading/page.ts";
import { languageOf, type Backend } from "./backend.ts";
import { readDuckDuckGo } from "./duckduckgo-page.ts";
import { addressOf } from "./search-config.ts";
import { statusFailure } from "./search-failure.ts";

const title = "DuckDuckGo";
const freshness = { day: "d", week: "w", month: "m", year: "y" } as const;
const safety = { off: "-2", moderate: "-1", strict: "1" } as const;

/** The page of DuckDuckGo for browsers without scripts; there is no other way to its results. */
export const duckduckgo: Backend = {
  title,
  isHtml: false,
  lack({ page, query }) {
    if (page > 1) return "only its first page can be read";
    if (query.length > 499) return "it takes at most 499 characters";
    return /(?:^|\s)!\S|^\s*\\/.test(query) ? "words with ! in front lead away from it" : null;
  },
  async search(wish, { config, http, clock, signal }) {
    const address = addressOf("duckduckgo", config);
    const language = languageOf(wish, config);
    const form = new URLSearchParams({ q: wish.query, b: "", kl: regionOf(language), kp: safety[config.safeSearch] });
    if (wish.freshness !== undefined) form.set("df", freshness[wish.freshness]);
    const reply = await http.request({
      url: `${address}/html/`,
      method: "POST",
      headers: {
        accept: "text/html",
        "accept-language": language === null ? "en" : `${language},en;q=0.5`,
        "content-type": "application/x-www-form-urlencoded",
        referer: `${address}/`,
        "user-agent": config.userAgent,
      },
      body: form.toString(),
      timeoutMs: config.waitMs,
      maxTries: 2, // another one may be asked
      maxBytes: 2_000_000,
      maxRedirects: 0, // it would lead to the first result
    });
    const isPage = (reply.status >= 200 && reply.status < 300) || reply.status === 403 || reply.status === 418;
    if (!isPage) throw statusFailure(reply, title, clock.now());
    const page = readText(reply);
    const document = await parsePage(page);
    signal.throwIfAborted();
    return readDuckDuckGo(document, { status: reply.status, source: page.text });
  },
};

/** "de-de" for German of Germany; everywhere when only a language is known. */
function regionOf(language: string | null): string {
  const [, name, region] = /^([a-z]{2})-([A-Z]{2})$/.exec(language ?? "") ?? [];
  return name === undefined || region === undefined
    ? "wt-wt"
    : `${region === "GB" ? "uk" : region.toLowerCase()}-${name}`;
}
