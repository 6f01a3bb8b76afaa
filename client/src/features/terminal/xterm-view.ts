import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal, type ITheme } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";

import { clipboardRequest } from "./paste.ts";

export interface XtermOptions {
  element: HTMLElement;
  fontSize: number;
  colors: ITheme;
  convertEol: boolean;
  isReadAloud: boolean;
  label: string;
  onLink: (address: string) => void;
  /** A program wants text on the clipboard. */
  onClipboard: (text: string) => void;
}

/** A terminal on the page with its add-ons. */
export interface XtermView {
  terminal: Terminal;
  search: SearchAddon;
  /** Columns and rows that fit into the place it has. */
  proposeSize(): { cols: number; rows: number } | null;
  dispose(): void;
}

const scrollbackLines = 10_000;

/** Puts a terminal into `element`. At the desk WebGL is used where it works, and given up when its context is lost. */
export function openXterm(options: XtermOptions): XtermView {
  const { element } = options;
  const openLink = (event: MouseEvent, address: string): void => {
    event.preventDefault();
    options.onLink(address);
  };
  const terminal = new Terminal({
    fontSize: options.fontSize,
    fontFamily: '"JetBrains Mono Variable", ui-monospace, "SF Mono", Menlo, Consolas, monospace',
    theme: options.colors,
    convertEol: options.convertEol,
    screenReaderMode: options.isReadAloud,
    scrollback: scrollbackLines,
    cursorBlink: true,
    allowProposedApi: true,
    macOptionIsMeta: true,
    rightClickSelectsWord: true,
    minimumContrastRatio: 3,
    linkHandler: { activate: openLink },
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new WebLinksAddon(openLink));
  terminal.parser.registerOscHandler(52, (payload) => {
    const text = clipboardRequest(payload);
    if (text !== null) options.onClipboard(text);
    return true;
  });
  terminal.open(element);
  terminal.textarea?.setAttribute("aria-label", options.label);
  const webgl = loadWebgl(terminal);
  return {
    terminal,
    search,
    proposeSize() {
      const size = fit.proposeDimensions();
      if (!size || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return null;
      return { cols: within(size.cols), rows: within(size.rows) };
    },
    dispose() {
      webgl.stop();
      terminal.dispose();
    },
  };
}

function loadWebgl(terminal: Terminal): { stop(): void } {
  let isStopped = false;
  // Phones lose their few WebGL contexts in the background, and some draw nothing: there the page's own text is safer.
  if (!matchMedia("(hover: hover)").matches) return { stop: () => undefined };
  void import("@xterm/addon-webgl")
    .then(({ WebglAddon }) => {
      if (isStopped) return;
      const addon = new WebglAddon();
      addon.onContextLoss(() => {
        addon.dispose();
      });
      terminal.loadAddon(addon);
    })
    .catch(() => undefined); // no WebGL here: the DOM renderer draws
  return {
    stop: () => {
      isStopped = true;
    },
  };
}

/** The sizes a session takes. */
function within(value: number): number {
  return Math.min(1000, Math.max(2, value));
}
