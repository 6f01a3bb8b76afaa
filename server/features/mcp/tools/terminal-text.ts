import { createRequire } from "node:module";

import type { ITerminalInitOnlyOptions, ITerminalOptions, Terminal as HeadlessTerminal } from "@xterm/headless";

/** What a terminal shows, as text: output is followed like a terminal follows it, so that what was overwritten is gone. */
export async function terminalText(
  bytes: Uint8Array,
  { cols, rows, lines, convertEol }: { cols: number; rows: number; lines: number; convertEol: boolean },
): Promise<string[]> {
  // Its code is loaded when it is used first; it is a package in CommonJS.
  const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as {
    Terminal: new (options: ITerminalOptions & ITerminalInitOnlyOptions) => HeadlessTerminal;
  };
  const scrollback = Math.max(lines, rows);
  const terminal = new Terminal({ cols, rows, scrollback, convertEol, allowProposedApi: true, logLevel: "off" });
  try {
    await new Promise<void>((resolve) => {
      terminal.write(bytes, resolve);
    });
    const { active } = terminal.buffer;
    const whole = Array.from(
      { length: active.length },
      (_, index) => active.getLine(index)?.translateToString(true) ?? "",
    );
    while (whole.at(-1) === "") whole.pop();
    return whole.slice(-lines);
  } finally {
    terminal.dispose();
  }
}
