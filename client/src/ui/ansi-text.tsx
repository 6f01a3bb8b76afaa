import { ansiLook } from "./ansi-style.ts";
import { parseAnsi } from "./ansi.ts";
import { findRanges, markSpans, type Range } from "./text-marks.ts";

interface AnsiTextProps {
  /** One line. */
  text: string;
  isDark: boolean;
  /** What is marked in it. */
  highlight?: { readonly text: string; readonly isCaseSensitive: boolean } | null;
  /** Marks found elsewhere, instead of those of `highlight`. */
  ranges?: readonly Range[];
}

/** A line as a terminal would show it, with its colours and marks; only text nodes, whatever a program prints. */
export function AnsiText({ text: line, isDark, highlight = null, ranges: given }: AnsiTextProps) {
  const spans = parseAnsi(line);
  const text = spans.map((span) => span.text).join("");
  const ranges = highlight === null ? [] : (given ?? findRanges(text, highlight.text, highlight.isCaseSensitive));
  return markSpans(spans, ranges).map((span, index) => {
    // A mark has colours of its own: those of the program may not be readable on it.
    if (span.isMatch) return <mark key={index}>{span.text}</mark>;
    const look = ansiLook(span.style, isDark);
    if (look === undefined) return span.text;
    return (
      <span key={index} {...look}>
        {span.text}
      </span>
    );
  });
}
