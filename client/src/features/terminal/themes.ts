import type { ITheme } from "@xterm/xterm";

export interface TerminalTheme {
  id: string;
  label: string;
  colors: ITheme;
}

type Sixteen = readonly [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

function palette(background: string, foreground: string, accent: string, colors: Sixteen): ITheme {
  const [black, red, green, yellow, blue, magenta, cyan, white, ...bright] = colors;
  const [brightBlack, brightRed, brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite] =
    bright;
  return {
    background,
    foreground,
    cursor: accent,
    cursorAccent: background,
    selectionBackground: `${accent}55`,
    black,
    red,
    green,
    yellow,
    blue,
    magenta,
    cyan,
    white,
    brightBlack,
    brightRed,
    brightGreen,
    brightYellow,
    brightBlue,
    brightMagenta,
    brightCyan,
    brightWhite,
  };
}

const dark = palette("#0e1013", "#e8eaed", "#6d9bff", [
  "#1c2026",
  "#f2726f",
  "#4cc38a",
  "#e9b44c",
  "#6d9bff",
  "#c58af9",
  "#4fc3d9",
  "#c6cbd2",
  "#6b7480",
  "#ff9592",
  "#7ee2b0",
  "#ffd27d",
  "#9dbcff",
  "#dcb3ff",
  "#86e0f0",
  "#ffffff",
]);
const light = palette("#fafafb", "#16191d", "#2f5fe0", [
  "#16191d",
  "#b3261e",
  "#136f45",
  "#85560a",
  "#2f5fe0",
  "#7b3fb5",
  "#0b6b7c",
  "#59626d",
  "#69727d",
  "#c4372f",
  "#177d4e",
  "#946110",
  "#3f69dd",
  "#8b4fc6",
  "#0f778d",
  "#30363d",
]);

/** Colour themes of the terminal; the first one follows the panel. */
export const terminalThemes: readonly TerminalTheme[] = [
  { id: "panel", label: "Like the panel", colors: dark },
  { id: "dark", label: "Dark", colors: dark },
  { id: "light", label: "Light", colors: light },
  {
    id: "sea",
    label: "Deep sea",
    colors: palette("#06202b", "#d6e6ea", "#39c0c8", [
      "#0b2e3b",
      "#e5706b",
      "#5fc58f",
      "#d9b45b",
      "#4ea3e8",
      "#b58ce0",
      "#39c0c8",
      "#b9cdd3",
      "#4d6e7a",
      "#ff958f",
      "#8de3b3",
      "#f2d489",
      "#85c4ff",
      "#d4b4f5",
      "#79e3e9",
      "#f3fafb",
    ]),
  },
  {
    id: "amber",
    label: "Warm amber",
    colors: palette("#1d1712", "#f0dfc4", "#f0a848", [
      "#2a221b",
      "#e86f5a",
      "#a3b65c",
      "#f0a848",
      "#7ba3b8",
      "#c98aa6",
      "#85b09a",
      "#d5c4a8",
      "#7a6a57",
      "#ff9a85",
      "#c6d97f",
      "#ffc97a",
      "#a4cade",
      "#e6b0c6",
      "#aed6c1",
      "#fff5e2",
    ]),
  },
  {
    id: "contrast",
    label: "High contrast",
    colors: palette("#000000", "#ffffff", "#ffff00", [
      "#000000",
      "#ff6b6b",
      "#5cff8d",
      "#ffe45c",
      "#7fb2ff",
      "#ff8cff",
      "#5cf4ff",
      "#ffffff",
      "#a0a0a0",
      "#ff9c9c",
      "#9affb8",
      "#fff09a",
      "#aecdff",
      "#ffb8ff",
      "#a3f9ff",
      "#ffffff",
    ]),
  },
];

/** Colours of a theme by id; the panel's own follow its scheme. */
export function themeColors(id: string, isPanelDark: boolean): ITheme {
  if (id === "panel") return isPanelDark ? dark : light;
  return terminalThemes.find((theme) => theme.id === id)?.colors ?? dark;
}
