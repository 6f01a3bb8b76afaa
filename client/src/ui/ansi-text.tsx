import type { CSSProperties } from "react";

import { parseAnsi, type AnsiStyle } from "./ansi.ts";
import classes from "./ansi-text.module.css";
import { logBackgrounds, readableColor } from "./readable-color.ts";
import { findRanges, markSpans, type Range } from "./text-marks.ts";
import "./ansi-palette.css";

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
    const look = styleOf(span.style, isDark);
    if (look === undefined) return span.text;
    return (
      <span key={index} {...look}>
        {span.text}
      </span>
    );
  });
}

function styleOf(style: AnsiStyle, isDark: boolean): { className?: string; style?: CSSProperties } | undefined {
  const names: string[] = [];
  const css: CSSProperties = {};
  const [color, background] =
    style.isInverse === true ? [style.background ?? "page", style.color ?? "text"] : [style.color, style.background];
  const isOnNamed = typeof background === "number" && color !== "page";
  if (isOnNamed) names.push("onBack");
  else if (typeof color === "number") names.push(`color${String(color)}`);
  else if (color === "page") names.push("inverse");
  else if (color !== undefined) {
    const on = isDark ? logBackgrounds.dark : logBackgrounds.light;
    css.color = background === undefined ? readableColor(color, on) : `rgb(${color})`;
  }
  if (typeof background === "number") names.push(`back${String(background)}`);
  else if (background === "text") names.push("backText");
  else if (background !== undefined) css.background = `rgb(${background})`;
  if (style.isBold === true) names.push("bold");
  if (style.isDim === true) names.push("dim");
  if (style.isItalic === true) names.push("italic");
  if (style.isUnderlined === true) names.push("underlined");
  if (style.isStruck === true) names.push("struck");
  if (names.length === 0 && Object.keys(css).length === 0) return undefined;
  return { className: names.map((name) => classes[name] ?? "").join(" "), style: css };
}
