import { sentences } from "../../../contract/sentences.ts";
import { defineConnector, type ConnectorHealth, type OperationContext } from "../framework/define-connector.ts";
import { askBackend, backends, searchOperation } from "./search.ts";
import { gapOf, placesOf, searchConfigSchema, type BackendName, type SearchConfig } from "./search-config.ts";
import { toSearchFailure } from "./search-failure.ts";
import { searchInput } from "./search-schema.ts";

/** Searches of the web, by whoever is set up. */
export const webSearch = defineConnector({
  id: "web-search",
  title: "Web search",
  description: "Searches the web with SearXNG, Brave, Tavily or DuckDuckGo, and asks the next one when one fails.",
  config: searchConfigSchema,
  secrets: ["braveKey", "tavilyKey"],
  secretPlaces: ({ braveUrl, tavilyUrl }) => ({ braveKey: [braveUrl], tavilyKey: [tavilyUrl] }),
  operations: { search: searchOperation },
  insides: placesOf,
  health: lookAtBackends,
});

/** Searches once with each that is set up; healthy when one of them answers. */
async function lookAtBackends(context: OperationContext<SearchConfig>): Promise<ConnectorHealth> {
  const names = context.config.order.filter((name) => gapOf(name, context.config) === null);
  const looks = await Promise.all(names.map((name) => lookAt(name, context)));
  const good = looks.filter(({ problem }) => problem === null).map(({ name }) => backends[name].title);
  const bad = looks.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  const answers =
    good.length === 0 ? "Nobody answers." : `${good.join(", ")} ${good.length === 1 ? "answers" : "answer"}.`;
  return { isHealthy: good.length > 0, detail: [answers, ...bad].join(" ") };
}

async function lookAt(
  name: BackendName,
  context: OperationContext<SearchConfig>,
): Promise<{ name: BackendName; problem: string | null }> {
  try {
    await askBackend(name, searchInput.parse({ query: "weather", count: 1 }), context);
    return { name, problem: null };
  } catch (error) {
    context.signal.throwIfAborted();
    const { message, hint = "" } = toSearchFailure(error, backends[name].title);
    return { name, problem: sentences(message, hint) };
  }
}
