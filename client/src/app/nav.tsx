import {
  IconApps,
  IconCalendarRepeat,
  IconFileText,
  IconHistory,
  IconHome,
  IconPlugConnected,
  IconRobot,
  IconServer2,
  IconSparkles,
  IconTemplate,
  IconTerminal2,
} from "../ui/icons.gen.ts";
import type { ComponentType } from "react";

/** One entry of the rail, the bottom tabs, the palette and the `g` shortcuts. */
export interface NavEntry {
  readonly to:
    | "/"
    | "/apps"
    | "/agents"
    | "/prompts"
    | "/logs"
    | "/automations"
    | "/terminal"
    | "/providers"
    | "/connectors"
    | "/system"
    | "/history";
  readonly label: string;
  readonly icon: ComponentType<{ size?: number | string; stroke?: number | string }>;
  /** Second key after `g`. */
  readonly key: string;
  /** Also a tab at the bottom of a phone. */
  readonly isTab: boolean;
  /** Which part of the rail: what one works with, or the panel itself. */
  readonly part: "work" | "panel";
}

/** Where one can go. */
export const navEntries: readonly NavEntry[] = [
  { to: "/", label: "Home", icon: IconHome, key: "h", isTab: true, part: "work" },
  { to: "/apps", label: "Apps", icon: IconApps, key: "a", isTab: true, part: "work" },
  { to: "/agents", label: "Agents", icon: IconRobot, key: "r", isTab: true, part: "work" },
  { to: "/prompts", label: "Prompts", icon: IconTemplate, key: "e", isTab: false, part: "work" },
  { to: "/logs", label: "Logs", icon: IconFileText, key: "l", isTab: false, part: "work" },
  { to: "/automations", label: "Automations", icon: IconCalendarRepeat, key: "m", isTab: false, part: "work" },
  { to: "/terminal", label: "Terminal", icon: IconTerminal2, key: "t", isTab: true, part: "work" },
  { to: "/providers", label: "Providers", icon: IconSparkles, key: "p", isTab: false, part: "work" },
  { to: "/connectors", label: "Connectors", icon: IconPlugConnected, key: "c", isTab: false, part: "work" },
  { to: "/history", label: "History", icon: IconHistory, key: "y", isTab: false, part: "panel" },
  { to: "/system", label: "System", icon: IconServer2, key: "s", isTab: false, part: "panel" },
];
