import type { QueryClient } from "@tanstack/react-query";

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: {
      /** Kept in this browser and shown, with its age, when the panel is opened without the server. Small lists only. */
      isKept?: boolean;
    };
  }
}

interface KeptQuery {
  key: readonly unknown[];
  data: unknown;
  updatedAt: number;
}

const storageKey = "portos.last-known";
const maxCharacters = 400_000;
const saveDelayMs = 1500;
/** Changes with every build, because an older build's data may have another shape. */
const build = import.meta.url;

/** Which of the kept queries fit: the newest first, as many as `maxCharacters` allow. */
export function fitKept(queries: readonly KeptQuery[], maxLength: number): KeptQuery[] {
  let left = maxLength;
  return queries
    .toSorted((a, b) => b.updatedAt - a.updatedAt)
    .filter((query) => {
      const length = JSON.stringify(query).length;
      if (length > left) return false;
      left -= length;
      return true;
    });
}

/** Fills the cache with what this browser knew last and keeps saving queries marked `meta: { isKept: true }`. */
export function keepLastKnown(client: QueryClient): void {
  for (const { key, data, updatedAt } of readKept()) client.setQueryData(key, data, { updatedAt });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = (): void => {
    timer = undefined;
    writeKept(client);
  };
  client.getQueryCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "success" && event.query.meta?.isKept === true) {
      timer ??= setTimeout(save, saveDelayMs);
    }
  });
  addEventListener("pagehide", save);
}

function readKept(): KeptQuery[] {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? "null") as {
      build: string;
      queries: KeptQuery[];
    } | null;
    return kept?.build === build ? kept.queries : [];
  } catch {
    return [];
  }
}

function writeKept(client: QueryClient): void {
  const previous = new Map(readKept().map((query) => [JSON.stringify(query.key), query]));
  for (const query of client.getQueryCache().getAll()) {
    if (query.meta?.isKept !== true || query.state.data === undefined) continue;
    previous.set(query.queryHash, {
      key: query.queryKey,
      data: query.state.data,
      updatedAt: query.state.dataUpdatedAt,
    });
  }
  try {
    localStorage.setItem(
      storageKey,
      JSON.stringify({ build, queries: fitKept([...previous.values()], maxCharacters) }),
    );
  } catch {
    localStorage.removeItem(storageKey); // full or refused: the panel works without it
  }
}
