import { expect, test } from "vitest";

import { terminalText } from "./terminal-text.ts";

const shown = (text: string, given: { lines?: number; convertEol?: boolean } = {}) =>
  terminalText(Buffer.from(text), { cols: 40, rows: 5, lines: 100, convertEol: false, ...given });

test("what was overwritten is gone, colours are out, and the last lines are given", async () => {
  expect(await shown("10 %\r50 %\rdone\r\n\u001b[31mred\u001b[0m 世界\r\n")).toEqual(["done", "red 世界"]);
  const many = Array.from({ length: 300 }, (_, index) => `line ${String(index)}\r\n`).join("");
  expect(await shown(many, { lines: 2 })).toEqual(["line 298", "line 299"]);
  expect((await shown(many)).length).toBe(100);
});

test("a program that fills the screen is shown as it stands there; output of pipes has its own line ends", async () => {
  expect(await shown("before\r\n\u001b[?1049h\u001b[2J\u001b[1;1Htop\u001b[3;5Hmiddle")).toEqual([
    "top",
    "",
    "    middle",
  ]);
  expect(await shown("one\ntwo\n", { convertEol: true })).toEqual(["one", "two"]);
  expect(await shown("")).toEqual([]);
});
