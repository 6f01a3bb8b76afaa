import { beforeEach, expect, test, vi } from "vitest";

import { keepLines, keptLines } from "./kept-lines.ts";
import { createLogWindow, type WindowLine } from "./log-window.ts";

const stored = new Map<string, string>();
const streams = [{ id: "a".repeat(12), sourceId: "portos/web", output: "both" as const }];

beforeEach(() => {
  stored.clear();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
  });
  return () => vi.unstubAllGlobals();
});

const line = (number: number, text = `line ${String(number)}`): WindowLine => ({
  id: `s:f:${String(number)}`,
  stream: "s",
  file: "f",
  offset: number,
  bytes: 1,
  time: number,
  level: "warn",
  text,
  isContinuation: number % 2 === 1,
  isOpen: false,
  cutBytes: 0,
});

test("the last hundred lines come back as they were, and fill a window", () => {
  keepLines(
    ["portos/web"],
    Array.from({ length: 250 }, (_, number) => line(number)),
    streams,
    1_000,
  );
  const kept = keptLines(["portos/web"]);
  expect(kept).toMatchObject({ savedAt: 1_000, streams });
  const window = createLogWindow();
  window.reset(kept?.batch ?? { files: [], lines: [] }, null, null);
  expect(window.lines).toEqual(Array.from({ length: 100 }, (_, index) => line(150 + index)));
});

test("long lines are cut, notices left out, and an empty view keeps what was there", () => {
  const notice = { ...line(2), notice: { stream: "s", kind: "rotated" as const } };
  keepLines(["portos/web"], [line(1, "x".repeat(5_000)), notice], streams, 1_000);
  keepLines(["portos/web"], [], streams, 2_000);
  expect(keptLines(["portos/web"])?.batch.lines.map(({ text }) => text.length)).toEqual([400]);
});

test("the views seen longest ago make room; what another build has written is not read", () => {
  for (let view = 0; view < 8; view += 1) keepLines([`portos/${String(view)}`], [line(view)], streams, view);
  keepLines(["portos/3"], [line(33)], streams, 9);
  expect(keptLines(["portos/1"])).toBeNull();
  expect(keptLines(["portos/3"])?.batch.lines[0]?.text).toBe("line 33");
  for (const [name, text] of stored) stored.set(name, text.replace(/"build":"[^"]*"/, '"build":"other"'));
  expect(keptLines(["portos/3"])).toBeNull();
});
