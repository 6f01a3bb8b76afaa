import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import type { Backend } from "./backend.ts";
import { brave } from "./brave.ts";
import { duckduckgo } from "./duckduckgo.ts";
import { addressOf, gapOf, type BackendName, type SearchConfig } from "./search-config.ts";
import { fallbacks, SearchFailure, toSearchFailure } from "./search-failure.ts";
import { searchInput, searchOutput, type SearchResult, type SearchWish } from "./search-schema.ts";
import { searxng } from "./searxng.ts";
import { tavily } from "./tavily.ts";
import { tidyHits } from "./tidy-hits.ts";

export const backends: Readonly<Record<BackendName, Backend>> = { searxng, brave, tavily, duckduckgo };

type Context = OperationContext<SearchConfig>;

/** Looks for pages. */
export const searchOperation = defineOperation<SearchConfig, typeof searchInput, typeof searchOutput>({
  title: "Search",
  description: "Searches the web and gives back titles, addresses and snippets.",
  effect: "read",
  isIdempotent: true,
  trust: "search-result",
  input: searchInput,
  output: searchOutput,
  targets: (wish, config) =>
    usable(wish, config)
      .slice(0, 1)
      .map((name) => addressOf(name, config)),
  examples: [
    { title: "Ten results", input: { query: "tide tables hamburg" } },
    { title: "What is new", input: { query: "node.js release", freshness: "week", count: 5 } },
    { title: "From one place, in German", input: { query: "Gezeiten Hamburg", backend: "brave", language: "de-DE" } },
  ],
  async run(wish, context) {
    const failures: { name: BackendName; failure: SearchFailure }[] = [];
    const names = usable(wish, context.config);
    if (names.length === 0) throw notSetUp(wish, context.config);
    for (const name of names) {
      try {
        const results = await askBackend(name, wish, context);
        const failed = failures.map(({ name: backend, failure }) => ({ backend, reason: failure.message }));
        return { query: wish.query, backend: name, results, failed };
      } catch (error) {
        context.signal.throwIfAborted();
        const failure = toSearchFailure(error, backends[name].title);
        failures.push({ name, failure });
        if (!fallbacks[failure.kind].fallsBack) break;
        const next = names[names.indexOf(name) + 1];
        if (next) context.note("fell_back", `${failure.message}. ${backends[next].title} is asked instead`);
      }
    }
    throw allFailed(failures.map(({ failure }) => failure));
  },
});

/** Who is asked, in order. */
function usable({ backend }: Pick<SearchWish, "backend">, config: SearchConfig): BackendName[] {
  const names = backend === undefined ? config.order : [backend];
  return names.filter((name) => gapOf(name, config) === null);
}

function notSetUp({ backend }: SearchWish, config: SearchConfig): GatewayError {
  const [name = "searxng"] = backend === undefined ? config.order : [backend];
  return new GatewayError("not_configured", `${backends[name].title} cannot be asked: ${gapOf(name, config) ?? ""}`, {
    hint: "Set it up in the configuration of the web search, or leave out backend.",
    isFinal: true,
  });
}

/** Asks one of them. */
export async function askBackend(name: BackendName, wish: SearchWish, context: Context): Promise<SearchResult[]> {
  const { title, isHtml, lack, search } = backends[name];
  const missing = lack(wish);
  if (missing !== null) throw new SearchFailure("cannot", `${title} cannot do this search: ${missing}`);
  const hits = await search(wish, context);
  return tidyHits(hits, { source: name, isHtml, count: wish.count });
}

/** One failure as it is; of several all are named, and the last says what kind it is. */
function allFailed(failures: readonly SearchFailure[]): GatewayError {
  const last = failures.at(-1);
  if (last === undefined) throw new Error("nobody was asked");
  if (failures.length === 1) return last;
  const waits = failures.map(({ askedMs }) => askedMs).filter((ms) => ms !== null);
  const hints = new Set(failures.map(({ hint }) => hint));
  return new GatewayError(
    last.kind === "refused_by_rules" || last.kind === "query_refused" ? last.gatewayCode : "upstream_failed",
    `Nobody could be asked: ${failures.map(({ message }) => message).join("; ")}`,
    { hint: [...hints].join(" "), cause: last, askedMs: waits.length === 0 ? null : Math.min(...waits) },
  );
}
