import { useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { IconBell, IconHandStop, IconKeyboard, IconMoon, IconSearch, IconSun } from "../ui/icons.gen.ts";
import { useEffect } from "react";

import { actionRegistry, type Action } from "../lib/actions.ts";
import { navEntries } from "./nav.tsx";
import { overlay } from "./overlay-state.ts";
import { escapeChord } from "./use-shortcuts.ts";

/** Registers what can be done on every page: go anywhere, open the palette, change the theme. */
export function useBaseActions(): void {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    const goTo = navEntries.map((entry): Action => ({
      id: `go.${entry.to}`,
      label: `Go to ${entry.label}`,
      group: "Go to",
      icon: entry.icon,
      shortcut: `g ${entry.key}`,
      run: () => navigate({ to: entry.to }),
    }));
    const open = (name: "palette" | "shortcuts" | "notifications") => () => {
      overlay.set(overlay.get() === name ? "none" : name);
    };
    const panel: Action[] = [
      {
        id: "panel.palette",
        label: "Search and run",
        group: "Panel",
        icon: IconSearch,
        shortcut: "mod+k",
        isHidden: true,
        run: open("palette"),
      },
      {
        id: "panel.palette-anywhere",
        label: "Search from inside a terminal",
        group: "Panel",
        icon: IconSearch,
        shortcut: escapeChord,
        isHidden: true,
        run: open("palette"),
      },
      {
        id: "panel.shortcuts",
        label: "Show keyboard shortcuts",
        group: "Panel",
        icon: IconKeyboard,
        shortcut: "?",
        run: open("shortcuts"),
      },
      {
        id: "panel.notifications",
        label: "Show notifications",
        group: "Panel",
        icon: IconBell,
        shortcut: "g n",
        run: open("notifications"),
      },
      {
        id: "approvals.answer",
        label: "Answer approvals",
        group: "Go to",
        icon: IconHandStop,
        keywords: ["questions", "allow", "deny", "rules"],
        shortcut: "g v",
        run: () => navigate({ to: "/approvals" }),
      },
      {
        id: "panel.dark",
        label: "Use the dark theme",
        group: "Panel",
        icon: IconMoon,
        run: () => {
          setColorScheme("dark");
        },
      },
      {
        id: "panel.light",
        label: "Use the light theme",
        group: "Panel",
        icon: IconSun,
        run: () => {
          setColorScheme("light");
        },
      },
      {
        id: "panel.auto",
        label: "Follow the system's theme",
        group: "Panel",
        icon: IconSun,
        run: () => {
          setColorScheme("auto");
        },
      },
    ];
    return actionRegistry.register([...goTo, ...panel]);
  }, [navigate, setColorScheme]);
}
