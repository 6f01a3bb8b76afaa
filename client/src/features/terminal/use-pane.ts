import { useEffect, useRef, useState, type RefObject } from "react";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { isTerminalReply } from "../../../../contract/terminal-frames.ts";
import { copyText } from "../../lib/clipboard.ts";
import { toast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { formatBytes } from "../../lib/format.ts";
import { applySticky } from "./sticky-keys.ts";
import { registerPane } from "./pane-control.ts";
import { needsPasteQuestion, pastePreview } from "./paste.ts";
import { openSessionView, type SessionView, type ViewState } from "./session-view.ts";
import type { TerminalSettings } from "./terminal-settings.ts";
import type { XtermView } from "./xterm-view.ts";
import type { ITheme } from "@xterm/xterm";

export interface PaneOptions {
  element: RefObject<HTMLDivElement | null>;
  session: SessionInfo;
  settings: TerminalSettings;
  colors: ITheme;
  /** It has the focus of its tab, so that what is typed goes there. */
  isFocused: boolean;
}

/** A terminal in `element` that shows a session, with everything between keyboard and program. */
export function usePane({ element, session, settings, colors, isFocused }: PaneOptions) {
  const [state, setState] = useState<ViewState>({ kind: "connecting" });
  const [size, setSize] = useState<{ own: Size; shared: Size } | null>(null);
  const latest = useRef({ settings, colors, session, isFocused });
  useEffect(() => {
    latest.current = { settings, colors, session, isFocused };
  });
  const opened = useRef<Opened | null>(null);
  const { id } = session;

  useEffect(() => {
    const host = element.current;
    if (!host) return undefined;
    let isWanted = true;
    void import("./xterm-view.ts").then(({ openXterm }) => {
      if (!isWanted) return;
      opened.current = openPane(host, id, openXterm, latest, setState, setSize);
    });
    return () => {
      isWanted = false;
      opened.current?.close();
      opened.current = null;
    };
  }, [element, id]);

  useEffect(() => {
    const pane = opened.current;
    if (!pane) return;
    pane.view.terminal.options.fontSize = settings.fontSize;
    pane.view.terminal.options.theme = colors;
    pane.view.terminal.options.screenReaderMode = settings.isReadAloud;
    pane.fit();
  }, [settings.fontSize, settings.isReadAloud, colors]);

  return {
    state,
    size,
    unlock: () => {
      opened.current?.unlock();
    },
  };
}

export interface Size {
  cols: number;
  rows: number;
}

interface Latest {
  current: Pick<PaneOptions, "settings" | "colors" | "session" | "isFocused">;
}

interface Opened {
  view: XtermView;
  fit(): void;
  unlock(): void;
  close(): void;
}

function openPane(
  host: HTMLElement,
  id: string,
  openXterm: typeof import("./xterm-view.ts").openXterm,
  latest: Latest,
  setState: (state: ViewState) => void,
  setSize: (size: { own: Size; shared: Size }) => void,
): Opened {
  const { settings, colors, session } = latest.current;
  const view = openXterm({
    element: host,
    fontSize: settings.fontSize,
    colors,
    convertEol: !session.tty,
    isReadAloud: settings.isReadAloud,
    label: `Terminal ${session.name}`,
    onLink: (address) => void askToOpen(address),
    onClipboard: (text) => {
      askToCopy(latest.current.session.name, text);
    },
  });
  const { terminal } = view;
  let own: Size = view.proposeSize() ?? { cols: session.cols, rows: session.rows };
  let mutedUntil = 0;
  let shown = 0;

  const told = (cols: number, rows: number): void => {
    if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows);
    setSize({ own, shared: { cols, rows } });
  };
  const link: SessionView = openSessionView(id, own, {
    onState: setState,
    onAttached(reply, isReturn) {
      // What is replayed holds questions that were answered long ago.
      mutedUntil = isReturn || reply.mode === "repaint" ? reply.session.outputBytes : 0;
      shown = reply.from;
    },
    onOutput(bytes, done) {
      terminal.write(bytes, () => {
        shown += bytes.length;
        done();
      });
    },
    onRepaint(bytes, skipped, done) {
      terminal.reset();
      terminal.write(bytes, () => {
        shown = Math.max(shown, mutedUntil);
        done();
      });
      if (skipped > 0) toast({ kind: "info", text: `${formatBytes(skipped)} of output skipped in ${session.name}` });
    },
    onSize: told,
  });

  function type(text: string): void {
    link.input(text);
  }

  function fit(): void {
    const proposed = view.proposeSize();
    if (!proposed || host.offsetParent === null) return;
    own = proposed;
    setSize({ own, shared: { cols: terminal.cols, rows: terminal.rows } });
    link.resize(own.cols, own.rows);
  }

  async function paste(text: string): Promise<void> {
    if (needsPasteQuestion(text)) {
      const isWanted = await confirmDangerous({
        title: "Paste several lines?",
        text: pastePreview(text),
        confirmLabel: "Paste",
      });
      if (!isWanted) return;
    }
    terminal.paste(text);
    terminal.focus();
  }

  terminal.onData((data) => {
    if (isTerminalReply(data) && shown < mutedUntil) return;
    type(applySticky(data));
  });
  terminal.onBinary((data) => {
    link.input(data, true);
  });
  terminal.attachCustomKeyEventHandler((event) => handleKey(event, terminal));
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    event.preventDefault();
    event.stopImmediatePropagation();
    if (text !== "") void paste(text);
  };
  host.addEventListener("paste", onPaste, { capture: true });
  const observer = new ResizeObserver(() => {
    fit();
  });
  observer.observe(host);
  // On a phone the focus would open the keyboard, which only a tap may do.
  if (latest.current.isFocused && matchMedia("(hover: hover)").matches) terminal.focus();
  const unregister = registerPane({
    session: id,
    view,
    type,
    paste: (text) => void paste(text),
    focus: () => {
      terminal.focus();
    },
  });

  return {
    view,
    fit,
    unlock: link.unlock,
    close() {
      unregister();
      observer.disconnect();
      host.removeEventListener("paste", onPaste, { capture: true });
      link.close();
      view.dispose();
    },
  };
}

/** Keys the terminal leaves to the page: the escape chord, and copying what is selected. */
function handleKey(event: KeyboardEvent, terminal: XtermView["terminal"]): boolean {
  const hasMod = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (hasMod && event.shiftKey && key === "k") return false;
  const isCopy = key === "c" && ((event.ctrlKey && event.shiftKey) || (event.metaKey && !event.ctrlKey));
  if (isCopy && terminal.hasSelection()) {
    event.preventDefault();
    if (event.type === "keydown") void copyText(terminal.getSelection());
    return false;
  }
  return !(key === "v" && ((event.ctrlKey && event.shiftKey) || event.metaKey));
}

async function askToOpen(address: string): Promise<void> {
  if (!/^https?:\/\//i.test(address)) {
    toast({ kind: "warn", text: "Only web addresses can be opened", detail: address.slice(0, 200) });
    return;
  }
  const isWanted = await confirmDangerous({ title: "Open this link?", text: address, confirmLabel: "Open" });
  if (isWanted) window.open(address, "_blank", "noopener,noreferrer");
}

function askToCopy(name: string, text: string): void {
  toast({
    kind: "info",
    text: `${name} wants to put ${text.length.toLocaleString("en")} characters on your clipboard`,
    detail: text.length > 80 ? `${text.slice(0, 80)}…` : text,
    durationMs: 15_000,
    action: { label: "Copy", run: () => copyText(text) },
  });
}
