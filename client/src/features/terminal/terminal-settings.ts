import { useMantineColorScheme } from "@mantine/core";

import { usePreference } from "../../lib/use-preference.ts";
import { themeColors } from "./themes.ts";

export interface TerminalSettings {
  fontSize: number;
  theme: string;
  bell: "mark" | "sound" | "off";
  /** The screen as text for screen readers; costs speed. */
  isReadAloud: boolean;
}

export const fontSizes = { least: 8, most: 28 };
const initial: TerminalSettings = { fontSize: 13, theme: "panel", bell: "mark", isReadAloud: false };

/** How terminals look and sound on this device. */
export function useTerminalSettings() {
  const [stored, store] = usePreference<Partial<TerminalSettings>>("terminal.settings", initial);
  const { colorScheme } = useMantineColorScheme();
  const settings = { ...initial, ...stored };
  const isPanelDark =
    colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  return {
    settings,
    colors: themeColors(settings.theme, isPanelDark),
    change: (patch: Partial<TerminalSettings>) => {
      const next = { ...settings, ...patch };
      store({ ...next, fontSize: Math.min(fontSizes.most, Math.max(fontSizes.least, Math.round(next.fontSize))) });
    },
  };
}
