import { expect, test } from "vitest";

import { openHeadlessTerminal } from "./headless-terminal.ts";
import { createOutputRing } from "./output-ring.ts";
import { createScreen } from "./screen.ts";
import { createMarkReader } from "./session-marks.ts";

/** What a program that wants the user's clipboard prints: to write "evil", and to read it. */
const clipboard = "\x1b]52;c;ZXZpbA==\x07\x1b]52;c;?\x1b\\";

async function repaintOf(output: string): Promise<string> {
  const ring = createOutputRing(2 * 1024 * 1024);
  const screen = createScreen({ ring, cols: 80, rows: 24, convertEol: false, openTerminal: openHeadlessTerminal });
  const bytes = Buffer.from(output);
  screen.beforeAppend(bytes.length);
  ring.append(bytes);
  const repaint = await screen.repaint();
  screen.dispose();
  return Buffer.from(repaint.data).toString("latin1");
}

test("a request for the clipboard is no report: portos-cos neither takes nor answers it", () => {
  const reports: string[] = [];
  const note = (kind: string) => (): void => {
    reports.push(kind);
  };
  const reader = createMarkReader("nonce", {
    onTitle: note("title"),
    onFolder: note("folder"),
    onCommandStart: note("start"),
    onCommandEnd: note("end"),
    onBell: note("bell"),
  });
  reader.scan(Buffer.from(`a${clipboard}b`));
  expect(reports).toEqual([]);
  reader.scan(Buffer.from("done\x07"));
  expect(reports).toEqual(["bell"]);
});

test("who comes later sees the text, but neither the bell rings again nor is the clipboard asked for again", async () => {
  const repaint = await repaintOf(`before${clipboard}after\x07`);
  expect(repaint).toContain("beforeafter");
  expect(repaint).not.toContain("52;c");
  expect(repaint).not.toContain("\x07");
});
