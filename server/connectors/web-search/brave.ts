import type { ConnectorReply } from "../framework/define-connector.ts";
import { field, languageOf, type Backend } from "./backend.ts";
import { addressOf } from "./search-config.ts";
import { SearchFailure, statusFailure } from "./search-failure.ts";

const title = "Brave Search";
const freshness = { day: "pd", week: "pw", month: "pm", year: "py" } as const;
const maxChars = 400;
const maxWords = 50;
/** As Brave calls them; others are refused. */
const languages = new Set(
  "ar eu bn bg ca hr cs da nl en et fi fr gl de gu he hi hu is it kn ko lv lt ms ml mr nb pl pa ro ru sr sk sl es sv ta te th tr uk vi".split(
    " ",
  ),
);
const otherNames: Readonly<Record<string, string>> = {
  ja: "jp",
  no: "nb",
  pt: "pt-pt",
  "pt-BR": "pt-br",
  zh: "zh-hans",
  "zh-TW": "zh-hant",
  "zh-HK": "zh-hant",
  "en-GB": "en-gb",
};

/** The search API of Brave. */
export const brave: Backend = {
  title,
  isHtml: true,
  lack({ query }) {
    const isLong = query.length > maxChars || query.split(/\s+/).length > maxWords;
    return isLong ? `it takes at most ${maxChars} characters and ${maxWords} words` : null;
  },
  async search(wish, { config, http, clock, note }) {
    const language = languageOf(wish, config);
    const searchLanguage = language === null ? undefined : braveLanguage(language);
    if (language !== null && searchLanguage === undefined)
      note("language", `Brave does not know the language ${language}`);
    const reply = await http.request({
      url: `${addressOf("brave", config)}/res/v1/web/search`,
      query: {
        q: wish.query,
        count: wish.count,
        offset: wish.page - 1,
        safesearch: config.safeSearch,
        search_lang: searchLanguage,
        freshness: wish.freshness === undefined ? undefined : freshness[wish.freshness],
        text_decorations: false,
      },
      headers: {
        accept: "application/json",
        "user-agent": config.userAgent,
        "x-subscription-token": config.braveKey ?? "",
      },
      timeoutMs: config.waitMs,
      maxTries: 2, // another one may be asked
      maxBytes: 4_000_000,
      maxRedirects: 0, // the key is for this address
    });
    if (reply.status >= 300) throw failureOf(reply, clock.now());
    const body = reply.json();
    if (field(body, "type") !== "search" && field(body, "web") === undefined)
      throw new SearchFailure("unreadable", "Brave answered with something that is no list of results");
    const results = field(field(body, "web"), "results") ?? []; // nothing found: there is no "web"
    if (!Array.isArray(results)) throw new SearchFailure("unreadable", "Brave answered without a list of results");
    return results.map((result: unknown) => ({
      title: field(result, "title"),
      url: field(result, "url"),
      snippet: field(result, "description"),
      publishedAt: field(result, "page_age"),
    }));
  },
};

function braveLanguage(language: string): string | undefined {
  const short = language.split("-", 1)[0] ?? "";
  return otherNames[language] ?? otherNames[short] ?? (languages.has(short) ? short : undefined);
}

/** A wrong key is answered as a wrong search is: only the word in the body tells. */
function failureOf(reply: ConnectorReply, nowMs: number): SearchFailure {
  const error = errorIn(reply);
  const code = field(error, "code");
  const detail = field(error, "detail");
  const said = [code, detail].filter((part) => typeof part === "string").join(", ");
  if (typeof code === "string" && /SUBSCRIPTION_TOKEN|API_KEY/.test(code))
    return new SearchFailure("key_refused", `Brave does not accept the key: ${said.slice(0, 300)}`);
  if (reply.status === 422 && JSON.stringify(field(error, "meta") ?? null).includes("x-subscription-token"))
    return new SearchFailure("key_refused", "Brave misses the key");
  const failure = statusFailure(reply, title, nowMs, said);
  const askedMs = failure.askedMs ?? resetMs(reply.headers);
  return new SearchFailure(failure.kind, failure.message, { askedMs });
}

/** Brave tells of its limits side by side, those of a second and of a month: "1, 1419704". */
function resetMs(headers: Readonly<Record<string, string>>): number | null {
  const numbers = (name: string): number[] => (headers[name] ?? "").split(",").map((part) => Number.parseInt(part, 10));
  const resets = numbers("x-ratelimit-reset");
  const usedUp = numbers("x-ratelimit-remaining").flatMap((left, at) => (left === 0 ? [resets[at] ?? Number.NaN] : []));
  const seconds = Math.max(...usedUp.filter((reset) => Number.isFinite(reset) && reset >= 0));
  return Number.isFinite(seconds) ? seconds * 1_000 : null;
}

function errorIn(reply: ConnectorReply): unknown {
  try {
    const body: unknown = JSON.parse(reply.text());
    const list = field(body, "errors");
    return field(body, "error") ?? (Array.isArray(list) ? (list[0] as unknown) : undefined);
  } catch {
    return undefined; // the status says enough
  }
}
