import { describe, expect, test } from "vitest";

import { terminalThemes, themeColors } from "./themes.ts";

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const hues = ["red", "green", "yellow", "blue", "magenta", "cyan"] as const;
const brightHues = ["brightRed", "brightGreen", "brightYellow", "brightBlue", "brightMagenta", "brightCyan"] as const;

const palettes = [
  ...terminalThemes.map(({ id, colors }) => ({ id, colors })),
  { id: "panel in light", colors: themeColors("panel", false) },
];

describe.each(palettes)("the colours of $id", ({ colors }) => {
  const background = colors.background ?? "";

  test("text stands out from the background", () => {
    expect(contrast(colors.foreground ?? "", background)).toBeGreaterThan(7);
    expect(contrast(colors.cursor ?? "", background)).toBeGreaterThan(3);
  });

  test.each([...hues, ...brightHues])("%s can be read", (name) => {
    expect(contrast(colors[name] ?? "", background)).toBeGreaterThan(4.5);
  });

  test("grey text, as programs print their hints, can be read", () => {
    const isDark = luminance(background) < 0.5;
    expect(contrast(colors.brightBlack ?? "", background)).toBeGreaterThan(isDark ? 3 : 4.5);
    expect(contrast(colors.white ?? "", background)).toBeGreaterThan(4.5);
  });
});
