import { ActionIcon } from "@mantine/core";
import {
  IconBell,
  IconHistory,
  IconLayoutColumns,
  IconLayoutRows,
  IconList,
  IconMovie,
  IconPlayerRecord,
  IconPlayerStop,
  IconPlus,
  IconSearch,
  IconTrash,
  IconX,
} from "../../ui/icons.gen.ts";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { call } from "../../lib/api.ts";
import { copyText } from "../../lib/clipboard.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { sessionsOf, type Layout } from "./layout.ts";
import { paneOf } from "./pane-control.ts";
import { tabLabel } from "./session-text.ts";
import classes from "./tab-strip.module.css";
import type { Workbench } from "./terminal-page.tsx";
import type { TerminalSettings, useTerminalSettings } from "./terminal-settings.ts";
import { terminalThemes } from "./themes.ts";

interface TabStripProps {
  layout: Layout;
  sessions: ReadonlyMap<string, SessionInfo>;
  current: string | null;
  belled: ReadonlySet<string>;
  focused: SessionInfo | undefined;
  settings: ReturnType<typeof useTerminalSettings>;
  work: Workbench;
  onSelect: (session: string) => void;
  onSearch: () => void;
}

/** Tabs of this device, and what can be done with the terminal that has the focus. */
export function TabStrip({
  layout,
  sessions,
  current,
  belled,
  focused,
  settings,
  work,
  onSelect,
  onSearch,
}: TabStripProps) {
  return (
    <div className={classes["strip"]}>
      <div className={classes["tabs"]} role="group" aria-label="Terminals">
        {layout.map((tab) => {
          const shown = sessionsOf(tab.root);
          const session = sessions.get(tab.focused) ?? sessions.get(shown[0] ?? "");
          if (session === undefined) return null;
          const isCurrent = tab.id === current;
          const others = shown.length - 1;
          return (
            <div
              key={tab.id}
              className={classes["tab"]}
              data-current={isCurrent || undefined}
              data-over={session.state !== "running" || undefined}
            >
              <button
                type="button"
                aria-current={isCurrent || undefined}
                className={classes["name"]}
                title={`${tabLabel(session)} in ${session.folder}`}
                onClick={() => {
                  onSelect(tab.focused);
                }}
              >
                {shown.some((id) => belled.has(id)) ? <IconBell size={13} aria-label="The bell rang" /> : null}
                <span className="truncate">{tabLabel(session)}</span>
                {others > 0 ? <span className={classes["more"]}>+{others}</span> : null}
              </button>
              <ActionIcon
                size={24}
                className={classes["close"] ?? ""}
                aria-label={`Close ${session.name}`}
                onClick={() => void work.close(session)}
              >
                <IconX size={13} />
              </ActionIcon>
            </div>
          );
        })}
      </div>
      <div className={classes["actions"]}>
        <ActionIcon aria-label="New terminal" onClick={() => void work.open({})}>
          <IconPlus size={17} />
        </ActionIcon>
        <ActionIcon className="desktop-only" aria-label="Find in this terminal" disabled={!focused} onClick={onSearch}>
          <IconSearch size={16} />
        </ActionIcon>
        <ActionIcon
          aria-label="All sessions"
          onClick={() => {
            work.showSheet("sessions");
          }}
        >
          <IconList size={17} />
        </ActionIcon>
        <ActionMenu
          label={focused ? `Actions for ${focused.name}` : "Terminal actions"}
          items={menuItems(focused, settings, work, onSearch)}
        />
      </div>
    </div>
  );
}

function menuItems(
  session: SessionInfo | undefined,
  settings: ReturnType<typeof useTerminalSettings>,
  work: Workbench,
  onSearch: () => void,
): MenuItem[] {
  const sheets: MenuItem[] = [
    {
      id: "history",
      label: "Typed commands",
      icon: IconHistory,
      run: () => {
        work.showSheet("commands");
      },
    },
    {
      id: "recordings",
      label: "Recordings",
      icon: IconMovie,
      run: () => {
        work.showSheet("recordings");
      },
    },
  ];
  return [...(session ? sessionItems(session, work, onSearch) : []), ...sheets, ...lookItems(settings)];
}

function sessionItems(session: SessionInfo, work: Workbench, onSearch: () => void): MenuItem[] {
  const { id, isRecorded, sizing } = session;
  const isDesktop = matchMedia("(min-width: 48em)").matches;
  const update = (body: { isRecorded?: boolean; sizing?: SessionInfo["sizing"] }): Promise<boolean> =>
    withErrorToast("Could not change the terminal", () => call("terminal.update", { params: { id }, body }));
  const split = (direction: "row" | "column") => () =>
    void work.open({ cwd: session.folder, beside: { session: id, direction } });
  return [
    {
      id: "here",
      label: "New terminal in this folder",
      icon: IconPlus,
      run: () => void work.open({ cwd: session.folder }),
    },
    ...(isDesktop
      ? [
          { id: "right", label: "Split to the right", icon: IconLayoutColumns, run: split("row") },
          { id: "down", label: "Split downwards", icon: IconLayoutRows, run: split("column") },
        ]
      : []),
    { id: "find", label: "Find…", icon: IconSearch, run: onSearch },
    { id: "copy", label: "Copy the selection", run: () => copySelection(id) },
    { id: "paste", label: "Paste", run: () => pasteClipboard(id, work) },
    { id: "clear", label: "Clear the scrollback", run: () => paneOf(id)?.view.terminal.clear() },
    {
      id: "rename",
      label: "Rename…",
      run: () => {
        work.showSheet("rename");
      },
    },
    {
      id: "record",
      label: isRecorded ? "Stop recording" : "Record",
      icon: isRecorded ? IconPlayerStop : IconPlayerRecord,
      run: () => update({ isRecorded: !isRecorded }),
    },
    {
      id: "sizing",
      label: sizing === "smallest" ? "Size: follow the window typed in" : "Size: follow the smallest window",
      run: () => update({ sizing: sizing === "smallest" ? "active" : "smallest" }),
    },
    {
      id: "hide",
      label: "Hide here, keep running",
      run: () => {
        work.hide(id);
      },
    },
    { id: "end", label: "End", icon: IconTrash, isDangerous: true, run: () => work.close(session) },
  ];
}

function lookItems({ settings, change }: ReturnType<typeof useTerminalSettings>): MenuItem[] {
  const bells: TerminalSettings["bell"][] = ["mark", "sound", "off"];
  return [
    {
      id: "larger",
      label: "Larger text",
      run: () => {
        change({ fontSize: settings.fontSize + 1 });
      },
    },
    {
      id: "smaller",
      label: "Smaller text",
      run: () => {
        change({ fontSize: settings.fontSize - 1 });
      },
    },
    {
      id: "read-aloud",
      label: settings.isReadAloud ? "Screen reader support: on" : "Screen reader support: off",
      isCurrent: settings.isReadAloud,
      run: () => {
        change({ isReadAloud: !settings.isReadAloud });
      },
    },
    ...terminalThemes.map((theme) => ({
      id: `theme-${theme.id}`,
      label: `Colours: ${theme.label}`,
      isCurrent: theme.id === settings.theme,
      run: () => {
        change({ theme: theme.id });
      },
    })),
    ...bells.map((bell) => ({
      id: `bell-${bell}`,
      label: `Bell: ${bell === "mark" ? "mark the tab" : bell}`,
      isCurrent: bell === settings.bell,
      run: () => {
        change({ bell });
      },
    })),
  ];
}

async function copySelection(id: string): Promise<void> {
  const text = paneOf(id)?.view.terminal.getSelection() ?? "";
  if (text === "") toast({ kind: "info", text: "Nothing is selected", detail: "Drag over the text you want to copy." });
  else
    toast(
      (await copyText(text))
        ? { kind: "ok", text: "Copied" }
        : { kind: "warn", text: "This browser does not allow copying here" },
    );
}

/** Reads the clipboard where the browser allows it; else a field to paste into opens. */
async function pasteClipboard(id: string, work: Workbench): Promise<void> {
  const clipboard = (navigator as { clipboard?: Partial<Clipboard> }).clipboard;
  try {
    const text = await clipboard?.readText?.();
    if (text !== undefined) {
      paneOf(id)?.paste(text);
      return;
    }
  } catch {
    work.showSheet("paste"); // refused by the user or the browser
    return;
  }
  work.showSheet("paste");
}
