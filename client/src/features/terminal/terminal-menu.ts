import {
  IconBell,
  IconClipboard,
  IconCopy,
  IconEraser,
  IconEyeOff,
  IconHistory,
  IconLayoutColumns,
  IconLayoutRows,
  IconMovie,
  IconPencil,
  IconPlayerRecord,
  IconPlayerStop,
  IconPlus,
  IconSearch,
  IconTextSize,
  IconArrowsMaximize,
  IconTrash,
} from "../../ui/icons.gen.ts";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { call } from "../../lib/api.ts";
import { copyText } from "../../lib/clipboard.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import type { MenuItem } from "../../ui/action-menu.tsx";
import { paneOf } from "./pane-control.ts";
import type { Workbench } from "./terminal-page.tsx";
import type { TerminalSettings, useTerminalSettings } from "./terminal-settings.ts";
import { terminalThemes } from "./themes.ts";

type Settings = ReturnType<typeof useTerminalSettings>;

/** Everything that can be done with the terminal in focus: what is wanted most first, how it looks behind one line each. */
export function terminalMenu(
  session: SessionInfo | undefined,
  settings: Settings,
  work: Workbench,
  onSearch: () => void,
): MenuItem[] {
  return [
    ...(session ? [...workItems(session, work, onSearch), ...sessionItems(session, work)] : []),
    ...sheetItems(work),
    ...lookItems(settings),
    ...(session ? [endItem(session, work)] : []),
  ];
}

function workItems(session: SessionInfo, work: Workbench, onSearch: () => void): MenuItem[] {
  const { id } = session;
  const isDesktop = matchMedia("(min-width: 48em)").matches;
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
    { id: "copy", label: "Copy the selection", icon: IconCopy, run: () => copySelection(id) },
    { id: "paste", label: "Paste", icon: IconClipboard, run: () => pasteClipboard(id, work) },
  ];
}

function sessionItems({ id, isRecorded, sizing }: SessionInfo, work: Workbench): MenuItem[] {
  const group = "This terminal";
  const update = (body: { isRecorded?: boolean; sizing?: SessionInfo["sizing"] }): Promise<boolean> =>
    withErrorToast("Could not change the terminal", () => call("terminal.update", { params: { id }, body }));
  const sizings = [
    { id: "smallest", label: "The smallest window", hint: "smallest" },
    { id: "active", label: "The window typed in", hint: "typed in" },
  ] as const;
  return [
    {
      id: "rename",
      label: "Rename…",
      icon: IconPencil,
      group,
      run: () => {
        work.showSheet("rename");
      },
    },
    {
      id: "record",
      label: isRecorded ? "Stop recording" : "Record",
      icon: isRecorded ? IconPlayerStop : IconPlayerRecord,
      group,
      run: () => update({ isRecorded: !isRecorded }),
    },
    {
      id: "clear",
      label: "Clear the scrollback",
      icon: IconEraser,
      group,
      run: () => paneOf(id)?.view.terminal.clear(),
    },
    {
      id: "sizing",
      label: "Size follows",
      icon: IconArrowsMaximize,
      group,
      hint: sizings.find((one) => one.id === sizing)?.hint,
      items: sizings.map((one) => ({
        id: one.id,
        label: one.label,
        isCurrent: one.id === sizing,
        run: () => update({ sizing: one.id }),
      })),
    },
    {
      id: "hide",
      label: "Hide here, keep running",
      icon: IconEyeOff,
      group,
      run: () => {
        work.hide(id);
      },
    },
  ];
}

function sheetItems(work: Workbench): MenuItem[] {
  const group = "Looking back";
  return [
    {
      id: "history",
      label: "Typed commands",
      icon: IconHistory,
      group,
      run: () => {
        work.showSheet("commands");
      },
    },
    {
      id: "recordings",
      label: "Recordings",
      icon: IconMovie,
      group,
      run: () => {
        work.showSheet("recordings");
      },
    },
  ];
}

const bells: Record<TerminalSettings["bell"], string> = { mark: "Mark the tab", sound: "Mark and sound", off: "Off" };

function lookItems({ settings, change }: Settings): MenuItem[] {
  const group = "On this device";
  const theme = terminalThemes.find(({ id }) => id === settings.theme);
  return [
    {
      id: "look",
      label: "Text and colours",
      icon: IconTextSize,
      group,
      hint: theme?.label,
      items: [
        {
          id: "larger",
          label: "Larger text",
          isRepeated: true,
          hint: `${String(settings.fontSize)} px`,
          run: () => {
            change({ fontSize: settings.fontSize + 1 });
          },
        },
        {
          id: "smaller",
          label: "Smaller text",
          isRepeated: true,
          run: () => {
            change({ fontSize: settings.fontSize - 1 });
          },
        },
        ...terminalThemes.map((one) => ({
          id: `theme-${one.id}`,
          label: one.label,
          group: "Colours",
          isRepeated: true,
          isCurrent: one.id === settings.theme,
          run: () => {
            change({ theme: one.id });
          },
        })),
        {
          id: "read-aloud",
          label: "Screen reader support",
          group: "Reading",
          isCurrent: settings.isReadAloud,
          run: () => {
            change({ isReadAloud: !settings.isReadAloud });
          },
        },
      ],
    },
    {
      id: "bell",
      label: "Bell",
      icon: IconBell,
      group,
      hint: bells[settings.bell],
      items: (["mark", "sound", "off"] as const).map((bell) => ({
        id: `bell-${bell}`,
        label: bells[bell],
        isCurrent: bell === settings.bell,
        run: () => {
          change({ bell });
        },
      })),
    },
  ];
}

function endItem(session: SessionInfo, work: Workbench): MenuItem {
  return {
    id: "end",
    label: "End",
    icon: IconTrash,
    group: "",
    isDangerous: true,
    run: () => work.close(session),
  };
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
