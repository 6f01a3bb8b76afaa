import { describe, expect, test } from "vitest";

import type { LogBatch, LogLine } from "../../../../contract/features/logs.ts";
import { createLogWindow } from "./log-window.ts";

const stream = (name: string): string => name.repeat(12);

function batch(name: string, from: number, to: number, change: Partial<LogLine> = {}): LogBatch {
  return {
    files: [{ stream: stream(name), file: "f-1" }],
    lines: Array.from({ length: to - from }, (_, index) => ({
      file: 0,
      offset: (from + index) * 10,
      bytes: 10,
      time: null,
      level: "info" as const,
      text: `${name}${String(from + index)}`,
      ...change,
    })),
  };
}

describe("a window of lines", () => {
  test("keeps the newest when it follows, and knows where to read the ones it dropped", () => {
    const window = createLogWindow({ maxLines: 100 });
    window.reset(batch("a", 50, 100), `${stream("a")}:f-1:500:00000000`, `${stream("a")}:f-1:1000:00000000`);
    for (let at = 100; at < 1_000; at += 10)
      window.append(batch("a", at, at + 10), `${stream("a")}:f-1:${String(at * 10 + 100)}:0`);
    expect(window.lines.length).toBeLessThanOrEqual(110);
    expect(window.lines.at(-1)?.text).toBe("a999");
    const [first] = window.lines;
    expect(window.before()).toBe(`${stream("a")}:f-1:${String(first?.offset)}`);
    expect(window.firstNumber + window.lines.length).toBe(950);
  });

  test("a stream that was read to its start stays so until lines of it are dropped", () => {
    const window = createLogWindow({ maxLines: 20 });
    window.reset(batch("a", 0, 10), null, null);
    expect(window.before()).toBeNull();
    window.append(batch("b", 0, 30), null);
    expect(window.before()).toContain(stream("a"));
    expect(window.before()).toContain(stream("b"));
  });

  test("gives up the newest when older ones are read, and knows where they go on", () => {
    const window = createLogWindow({ maxLines: 100 });
    window.reset(batch("a", 900, 1_000), `${stream("a")}:f-1:9000:0`, `${stream("a")}:f-1:10000:0`);
    expect(window.prepend(batch("a", 700, 900), `${stream("a")}:f-1:7000:0`)).toBe(true);
    expect(window.lines[0]?.text).toBe("a700");
    expect(window.lines).toHaveLength(100);
    expect(window.after()).toBe(`${stream("a")}:f-1:8000`);
    expect(window.firstNumber).toBe(-200);
  });

  test("an unfinished line is replaced by its later form, wherever lines of others have come between", () => {
    const window = createLogWindow();
    window.reset(batch("a", 0, 1, { isOpen: true, text: "10%" }), null, null);
    window.append(batch("b", 0, 3), null);
    window.append(batch("a", 0, 1, { text: "10%\r20%" }), null);
    expect(window.lines.map(({ text }) => text)).toEqual(["10%\r20%", "b0", "b1", "b2"]);
  });

  test("is bounded by characters too", () => {
    const window = createLogWindow({ maxLines: 1_000, maxChars: 10_000 });
    for (let at = 0; at < 100; at += 1) window.append(batch("a", at, at + 1, { text: "x".repeat(1_000) }), null);
    expect(window.lines.length).toBeLessThanOrEqual(11);
  });

  test("notices are lines of their own and no place to read from", () => {
    const window = createLogWindow({ maxLines: 10 });
    window.addNotice({ stream: stream("a"), kind: "rotated" });
    window.append(batch("a", 0, 40), null);
    expect(window.before()).toMatch(/^a{12}:f-1:\d+$/);
  });
});
