import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/** Query of the address as plain text values. */
export type SearchState = Record<string, string>;

/** "?a=1&b=x" → { a: "1", b: "x" }: every value stays text, so links are readable and mean the same everywhere. */
export function parseSearch(text: string): SearchState {
  return Object.fromEntries(new URLSearchParams(text));
}

/** The reverse; empty and missing values leave no trace. */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === "string" && value !== "") params.set(name, value);
    else if (typeof value === "number" || typeof value === "boolean") params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** State that lives in the address: `const [search, setSearch] = useSearchState()`; `null` removes a value. */
export function useSearchState(): [
  SearchState,
  (patch: Record<string, string | null>, options?: { push?: boolean }) => void,
] {
  const search: SearchState = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (patch: Record<string, string | null>, options: { push?: boolean } = {}) => {
      void navigate({
        to: ".",
        search: (previous: SearchState) =>
          Object.fromEntries(
            Object.entries({ ...previous, ...patch }).filter((entry): entry is [string, string] => entry[1] !== null),
          ),
        replace: options.push !== true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [search, change];
}
