import { createRequire } from "node:module";

import type { IBufferLine, ITerminalInitOnlyOptions, ITerminalOptions, Terminal } from "@xterm/headless";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { openHeadlessTerminal, scrollbackLines } from "./headless-terminal.ts";
import { createOutputRing } from "./output-ring.ts";
import { createScreen } from "./screen.ts";

const load = createRequire(import.meta.url);
const xterm = load("@xterm/headless") as {
  Terminal: new (options: ITerminalOptions & ITerminalInitOnlyOptions) => Terminal;
};

interface Options {
  cols?: number;
  rows?: number;
  maxWaitingBytes?: number;
  keptBytes?: number;
}

function startScreen({ cols = 80, rows = 24, ...limits }: Options = {}) {
  const ring = createOutputRing(2 * 1024 * 1024);
  const screen = createScreen({ ring, cols, rows, convertEol: false, openTerminal: openHeadlessTerminal, ...limits });
  const print = (bytes: Uint8Array | string): void => {
    const data = Buffer.from(bytes);
    for (let at = 0; at < data.length; at += 4096) {
      const piece = data.subarray(at, at + 4096);
      screen.beforeAppend(piece.length);
      ring.append(piece);
    }
  };
  return { ring, screen, print };
}

async function terminalWith(data: (Uint8Array | string)[], { cols = 80, rows = 24 }: Options = {}): Promise<Terminal> {
  const terminal = new xterm.Terminal({
    cols,
    rows,
    scrollback: scrollbackLines,
    allowProposedApi: true,
    logLevel: "off",
  });
  for (const part of data)
    await new Promise<void>((resolve) => {
      terminal.write(part, resolve);
    });
  return terminal;
}

function cells(line: IBufferLine | undefined, cols: number): string {
  const result: string[] = [];
  for (let x = 0; x < cols; x += 1) {
    const cell = line?.getCell(x);
    const chars = cell?.getChars() ?? "";
    const style = cell
      ? [
          cell.getFgColorMode(),
          cell.getFgColor(),
          cell.getBgColorMode(),
          cell.getBgColor(),
          cell.isBold(),
          cell.isInverse(),
          cell.isUnderline(),
        ]
      : [];
    result.push(`${chars === "" ? " " : chars}${style.join(",")}`);
  }
  return result.join("|");
}

/** What a person sees, and what a program could ask: cells with colours, cursor, modes. */
function look(terminal: Terminal, lines = terminal.rows): unknown {
  const buffer = terminal.buffer.active;
  const top = buffer.baseY + terminal.rows - lines;
  return {
    kind: buffer.type,
    cursor: [buffer.cursorX, buffer.cursorY],
    modes: terminal.modes,
    lines: Array.from({ length: lines }, (_, y) => cells(buffer.getLine(top + y), terminal.cols)),
  };
}

async function expectSameAsReference(output: Uint8Array | string, options: Options = {}): Promise<void> {
  const { screen, print } = startScreen(options);
  print(output);
  const { data } = await screen.repaint();
  const [painted, reference] = await Promise.all([terminalWith([data], options), terminalWith([output], options)]);
  expect(look(painted)).toEqual(look(reference));
  screen.dispose();
}

test("colours, attributes, wide and combining characters are painted as they were", async () => {
  await expectSameAsReference(
    "\x1b[1;31mbold red\x1b[0m \x1b[38;5;208m256\x1b[48;2;1;2;3m true \x1b[7minverse\x1b[m\r\n日本語 e\u0301 👍 \x1b[4munder",
  );
});

test("a full-screen program is painted with its modes", async () => {
  await expectSameAsReference(
    "before\r\n\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?1h\x1b=\x1b[2J\x1b[5;10HTop\x1b[3;20r\x1b[20;1Hlast\x1b[4 q",
  );
});

test("the normal screen is there when the full-screen program leaves after the repaint", async () => {
  const before = "shell line\r\n\x1b[?1049h\x1b[Hvim";
  const after = "\x1b[?1049l$ ";
  const { screen, print } = startScreen();
  print(before);
  const { data } = await screen.repaint();
  const painted = await terminalWith([data, after]);
  const reference = await terminalWith([before, after]);
  expect(look(painted)).toEqual(look(reference));
});

test("margins go on working after a repaint", async () => {
  const before = "\x1b[2;5r\x1b[5;1Hlast line of the region";
  const after = "\r\nA\r\nB\r\nC";
  const { screen, print } = startScreen();
  print(before);
  const { data } = await screen.repaint();
  expect(look(await terminalWith([data, after]))).toEqual(look(await terminalWith([before, after])));
});

test("very long lines, invalid UTF-8 and NUL floods are painted as a terminal shows them", async () => {
  await expectSameAsReference(Buffer.from(`${"x".repeat(10_000)}\r\n${"wide 日本 ".repeat(1000)}`));
  await expectSameAsReference(Buffer.concat([Buffer.alloc(100_000, 0), Buffer.from("after")]));
  await expectSameAsReference(
    Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xe2, 0x82, 0x41, 0xf0, 0x9f, 0x98, 0x42, 0x80, 0x0d, 0x0a]),
  );
});

test("random bytes paint the same screen", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte % 96) + 32))),
          fc.constantFrom(
            ..."\x1b[31m \x1b[0m \x1b[2J \x1b[H \r\n \x1b[5;5H \x1b[K \x1b[1A \t \x1b[3L \x1b[2P é"
              .split(" ")
              .map((text) => Buffer.from(text)),
          ),
        ),
        { maxLength: 60 },
      ),
      async (parts) => {
        await expectSameAsReference(Buffer.concat(parts), { cols: 40, rows: 10 });
      },
    ),
    { numRuns: 60 },
  );
});

test("a new size in the middle of the output is taken where it happened", async () => {
  const { screen, print, ring } = startScreen();
  print("a".repeat(100));
  screen.resize(40, 12);
  print("b".repeat(100));
  const { data, cols, rows, offset } = await screen.repaint();
  expect({ cols, rows, offset }).toEqual({ cols: 40, rows: 12, offset: ring.end });
  const reference = await terminalWith(["a".repeat(100)]);
  reference.resize(40, 12);
  await new Promise<void>((resolve) => {
    reference.write("b".repeat(100), resolve);
  });
  expect(look(await terminalWith([data], { cols: 40, rows: 12 }))).toEqual(look(reference));
});

test("after a flood the screen and its scrollback are right, and colours and modes set before it hold", async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index} ${"-".repeat(index % 50)}\r\n`).join("");
  const output = `\x1b[?2004h\x1b[38;5;120m\x1b(0\x1b(B${lines}$ `;
  const { screen, print } = startScreen();
  print(output);
  const { data } = await screen.repaint();
  const painted = await terminalWith([data]);
  const reference = await terminalWith([output]);
  expect(look(painted, 500)).toEqual(look(reference, 500));
});

test("a full-screen program that floods is followed to the end", async () => {
  const { screen, print } = startScreen({ maxWaitingBytes: 65_536, keptBytes: 16_384 });
  const parts = ["\x1b[?1049h\x1b[1;1Htitle that is painted once\x1b[2;1H"];
  for (let index = 0; index < 20_000; index += 1) parts.push(`\x1b[${3 + (index % 20)};${1 + (index % 60)}H${index}`);
  for (const part of parts) print(part);
  const { data } = await screen.repaint();
  expect(look(await terminalWith([data]))).toEqual(look(await terminalWith([parts.join("")])));
  expect(screen.isBehind).toBe(false);
});

test("what a terminal serializes is small enough to send", async () => {
  const { screen, print } = startScreen();
  print(Array.from({ length: 5000 }, (_, index) => `${index} ${"x".repeat(70)}\r\n`).join(""));
  const { data } = await screen.repaint();
  expect(data.length).toBeLessThan(120_000);
});
