import type { ConnectorReply } from "../framework/define-connector.ts";
import { field, languageOf, type Backend } from "./backend.ts";
import { addressOf } from "./search-config.ts";
import { SearchFailure, statusFailure } from "./search-failure.ts";

const title = "Tavily";

/** The search API of Tavily. */
export const tavily: Backend = {
  title,
  isHtml: false,
  lack({ page, query }) {
    if (page > 1) return "it gives only its first page";
    return query.length > 400 ? "it takes at most 400 characters" : null;
  },
  async search(wish, { config, http, clock, note }) {
    const language = languageOf(wish, config);
    if (language !== null) note("language", "Tavily cannot be asked for a language");
    const reply = await http.request({
      url: `${addressOf("tavily", config)}/search`,
      method: "POST",
      headers: { authorization: `Bearer ${config.tavilyKey ?? ""}`, "user-agent": config.userAgent },
      body: {
        query: wish.query,
        search_depth: "basic",
        max_results: wish.count,
        ...(wish.freshness === undefined ? {} : { time_range: wish.freshness }),
      },
      timeoutMs: config.waitMs,
      maxTries: 2, // another one may be asked
      maxBytes: 4_000_000,
      maxRedirects: 0, // the key is for this address
    });
    if (reply.status >= 300) throw statusFailure(reply, title, clock.now(), saidBy(reply));
    const results = field(reply.json(), "results");
    if (!Array.isArray(results)) throw new SearchFailure("unreadable", "Tavily answered without a list of results");
    return results.map((result: unknown) => ({
      title: field(result, "title"),
      url: field(result, "url"),
      snippet: field(result, "content"),
      publishedAt: field(result, "published_date"),
    }));
  },
};

function saidBy(reply: ConnectorReply): string {
  try {
    const body: unknown = JSON.parse(reply.text());
    const detail = field(body, "detail");
    const words = [field(detail, "error"), detail, field(field(body, "error"), "message")];
    return words.find((word) => typeof word === "string") ?? "";
  } catch {
    return ""; // the status says enough
  }
}
