import type { AnsiSpan } from "../../ui/ansi.ts";

/** A span, and whether it is part of a match. */
export interface MarkedSpan extends AnsiSpan {
  readonly isMatch: boolean;
}

export type Range = readonly [number, number];

/** Where `text` has `query`, at most `limit` times. */
export function findRanges(text: string, query: string, isCaseSensitive: boolean, limit = 100): Range[] {
  if (query === "") return [];
  const hay = isCaseSensitive ? text : text.toLowerCase();
  const needle = isCaseSensitive ? query : query.toLowerCase();
  const ranges: Range[] = [];
  for (let at = hay.indexOf(needle); at >= 0 && ranges.length < limit; at = hay.indexOf(needle, at + needle.length))
    ranges.push([at, at + needle.length]);
  return ranges;
}

/** Cuts spans where matches start and end. Ranges are positions in the joined text, in order, not overlapping. */
export function markSpans(spans: readonly AnsiSpan[], ranges: readonly Range[]): MarkedSpan[] {
  if (ranges.length === 0) return spans.map((span) => ({ ...span, isMatch: false }));
  const marked: MarkedSpan[] = [];
  let position = 0;
  for (const { text, style } of spans) {
    const end = position + text.length;
    let from = position;
    for (const [start, stop] of ranges) {
      if (stop <= from || start >= end) continue;
      if (start > from) marked.push({ text: text.slice(from - position, start - position), style, isMatch: false });
      const to = Math.min(stop, end);
      marked.push({ text: text.slice(Math.max(start, from) - position, to - position), style, isMatch: true });
      from = to;
    }
    if (from < end) marked.push({ text: text.slice(from - position), style, isMatch: false });
    position = end;
  }
  return marked;
}
