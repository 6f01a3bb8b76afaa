import type { Action } from "./actions.ts";

/** How well a text matches, 0 for not at all: every word must occur; starts of words and of the label count more. */
export function matchScore(action: Action, query: string): number {
  const label = action.label.toLowerCase();
  const haystack = [
    label,
    action.group.toLowerCase(),
    ...(action.keywords ?? []).map((word) => word.toLowerCase()),
  ].join(" ");
  let score = 0;
  for (const word of query
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== "")) {
    const place = haystack.indexOf(word);
    if (place === -1) return 0;
    score += 1;
    if (label.startsWith(word)) score += 3;
    else if (label.includes(` ${word}`)) score += 2;
    else if (place < label.length) score += 1;
  }
  return score;
}

/** What the palette lists: without a query everything with the recently used first, else matches by score. */
export function rankActions(actions: readonly Action[], query: string, recentIds: readonly string[]): Action[] {
  const visible = actions.filter((action) => action.isHidden !== true);
  const recency = (action: Action): number => {
    const place = recentIds.indexOf(action.id);
    return place === -1 ? recentIds.length : place;
  };
  if (query.trim() === "") return visible.toSorted((a, b) => recency(a) - recency(b));
  return visible
    .map((action) => ({ action, score: matchScore(action, query) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || recency(a.action) - recency(b.action))
    .map(({ action }) => action);
}
