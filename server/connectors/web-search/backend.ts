import type { OperationContext } from "../framework/define-connector.ts";
import type { SearchConfig } from "./search-config.ts";
import type { SearchWish } from "./search-schema.ts";

/** A result as somebody gives it; what is missing or no text is left out by who tidies it. */
export interface Hit {
  title: unknown;
  url: unknown;
  snippet: unknown;
  publishedAt?: unknown;
}

/** Somebody who can be asked. */
export interface Backend {
  title: string;
  /** Title and snippet are HTML. */
  isHtml: boolean;
  /** Why it cannot do this search; `null` when it can. */
  lack(wish: SearchWish): string | null;
  /** Asks it; throws `SearchFailure`, or what the network threw. */
  search(wish: SearchWish, context: OperationContext<SearchConfig>): Promise<Hit[]>;
}

/** The language a search is for; `null` for any. */
export function languageOf(wish: SearchWish, { language }: SearchConfig): string | null {
  return wish.language ?? (language === "" ? null : language);
}

/** A field of a reply whose shape nobody vouches for. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
