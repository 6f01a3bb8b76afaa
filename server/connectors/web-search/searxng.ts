import { languageOf, field, type Backend, type Hit } from "./backend.ts";
import { addressOf } from "./search-config.ts";
import { SearchFailure, statusFailure } from "./search-failure.ts";

const title = "SearXNG";
const safety = { off: 0, moderate: 1, strict: 2 } as const;

/** A search engine of one's own that asks others. */
export const searxng: Backend = {
  title,
  isHtml: false,
  lack: ({ query }) => (/(?:^|\s)!!\S/.test(query) ? "words with !! in front lead away from it" : null),
  async search(wish, { config, http, clock }) {
    const reply = await http.request({
      url: `${addressOf("searxng", config)}/search`,
      query: {
        q: wish.query,
        format: "json",
        pageno: wish.page,
        language: languageOf(wish, config) ?? undefined,
        time_range: wish.freshness,
        safesearch: safety[config.safeSearch],
      },
      headers: { accept: "application/json", "user-agent": config.userAgent },
      timeoutMs: config.waitMs,
      maxTries: 2, // another one may be asked
      maxBytes: 4_000_000,
    });
    if (reply.status === 403)
      throw new SearchFailure("blocked", "SearXNG answers no programs", {
        hint: "Add json to search.formats in its settings.yml.",
      });
    if (reply.status >= 300) throw statusFailure(reply, title, clock.now());
    return hitsOf(reply.json());
  },
};

function hitsOf(body: unknown): Hit[] {
  const results = field(body, "results");
  if (!Array.isArray(results)) throw new SearchFailure("unreadable", "SearXNG answered without a list of results");
  const silent = silentEngines(body);
  if (results.length === 0 && silent !== "")
    throw new SearchFailure("blocked", `The engines SearXNG asks have not answered: ${silent}`, {
      hint: "Look at its page of preferences which engines work.",
    });
  return results.map((result: unknown) => ({
    title: field(result, "title"),
    url: field(result, "url"),
    snippet: field(result, "content"),
    publishedAt: field(result, "publishedDate"),
  }));
}

function silentEngines(body: unknown): string {
  const engines = field(body, "unresponsive_engines");
  if (!Array.isArray(engines)) return "";
  const words = engines.slice(0, 5).map((engine: unknown) => (Array.isArray(engine) ? engine.join(" (") + ")" : ""));
  return words
    .filter((word) => word !== "")
    .join(", ")
    .slice(0, 300);
}
