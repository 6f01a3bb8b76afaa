import { createRequire } from "node:module";

import type { SerializeAddon } from "@xterm/addon-serialize";
import type { ITerminalAddon, ITerminalInitOnlyOptions, ITerminalOptions } from "@xterm/headless";

import type { OpenScreenTerminal } from "./screen.ts";

interface HeadlessModule {
  Terminal: new (options: ITerminalOptions & ITerminalInitOnlyOptions) => {
    write(data: Uint8Array | string, done?: () => void): void;
    resize(cols: number, rows: number): void;
    loadAddon(addon: ITerminalAddon): void;
    dispose(): void;
  };
}

/** Lines above the screen that a repaint brings back. */
export const scrollbackLines = 1000;

/** Opens an xterm without a display; its code is loaded at the first call. */
export const openHeadlessTerminal: OpenScreenTerminal = ({ cols, rows, convertEol }) => {
  const load = createRequire(import.meta.url);
  const { Terminal } = load("@xterm/headless") as HeadlessModule;
  const { SerializeAddon: Addon } = load("@xterm/addon-serialize") as {
    SerializeAddon: new () => SerializeAddon & ITerminalAddon;
  };
  const terminal = new Terminal({
    cols,
    rows,
    convertEol,
    scrollback: scrollbackLines,
    allowProposedApi: true,
    logLevel: "off",
  });
  const addon = new Addon();
  terminal.loadAddon(addon);
  return Promise.resolve({
    write: (data, done) => {
      terminal.write(data, done);
    },
    resize: (toCols, toRows) => {
      terminal.resize(toCols, toRows);
    },
    serialize: () => addon.serialize({ scrollback: scrollbackLines, excludeModes: true }),
    dispose: () => {
      terminal.dispose();
    },
  });
};
