import type { LogFilter, LogLevelName } from "../../../../contract/features/logs.ts";
import type { SearchState } from "../../lib/search-state.ts";

/** What the address says about the Logs page. */
export interface LogAddress {
  readonly sources: readonly string[];
  /** Line opened by its link. */
  readonly at: string | null;
  readonly query: string;
  readonly isRegex: boolean;
  readonly isCaseSensitive: boolean;
  /** Show only lines that match, instead of marking them. */
  readonly isOnlyMatches: boolean;
  /** Empty: all. */
  readonly levels: readonly LogLevelName[];
}

/** Reads the address; what makes no sense in it is left out. */
export function readAddress(search: SearchState): LogAddress {
  const levels = (search["levels"] ?? "").split(",");
  return {
    sources: splitNames(search["process"] ?? ""),
    at: /^[0-9a-f]{12}:[a-z0-9]+-[a-z0-9]+:\d+$/.test(search["at"] ?? "") ? (search["at"] ?? null) : null,
    query: search["q"] ?? "",
    isRegex: search["regex"] === "1",
    isCaseSensitive: search["case"] === "1",
    isOnlyMatches: search["only"] === "1",
    levels: logLevelNames.filter((level) => levels.includes(level)),
  };
}

/** Levels in the order of their chips. */
export const logLevelNames: readonly LogLevelName[] = ["error", "warn", "info", "debug", "other"];

/** Names in one value: joined by commas, commas of their own escaped. */
export function joinNames(names: readonly string[]): string {
  return names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

function splitNames(text: string): string[] {
  if (text === "") return [];
  return text.split(",").map((name) => name.replaceAll("%2C", ",").replaceAll("%25", "%"));
}

/** The question put to the server when the address searches. */
export function searchFilter({ query, isRegex, isCaseSensitive, levels }: LogAddress): LogFilter | null {
  return query === "" ? null : { text: query, isRegex, isCaseSensitive, levels: [...levels] };
}

/** What the view itself leaves out. */
export function viewFilter(address: LogAddress): LogFilter | null {
  const { levels, isOnlyMatches } = address;
  const search = isOnlyMatches ? searchFilter(address) : null;
  if (search) return search;
  return levels.length === 0 ? null : { text: "", isRegex: false, isCaseSensitive: false, levels: [...levels] };
}
