import type { CSSProperties } from "react";

import type { AnsiStyle } from "./ansi.ts";
import "./ansi-palette.css";
import classes from "./ansi-style.module.css";
import { logBackgrounds, readableColor } from "./readable-color.ts";

/** How a piece of text of this style is drawn; `undefined` when it is plain. */
export function ansiLook(style: AnsiStyle, isDark: boolean): { className?: string; style?: CSSProperties } | undefined {
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
