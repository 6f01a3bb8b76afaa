import { describe, expect, test } from "vitest";

import { readLine, stripAnsi } from "./log-text.ts";

const at = Date.UTC(2026, 10, 21, 0, 4, 7, 123);

describe("time of a line", () => {
  test("PM2's prefix is the time and no part of the text", () => {
    const line = "2026-11-21T00:04:07.123Z: ready";
    expect(readLine(line)).toMatchObject({ time: at, prefixLength: line.length - "ready".length });
  });

  test("an empty line under PM2 has a time and no text", () => {
    expect(readLine("2026-11-21T00:04:07.123Z: ")).toMatchObject({ time: at, prefixLength: 26 });
  });

  test.each([
    ["2026-11-21 00:04:07 +00:00: x", Date.UTC(2026, 10, 21, 0, 4, 7), 28],
    ["2026-11-21T01:04:07.123+01:00: x", at, 31],
    ["[2026-11-21T00:04:07,123Z] INFO x", at, 0],
    ["2026-11-21T00:04:07.123Z INFO x", at, 0],
    ['{"level":30,"time":1795219447123,"msg":"x"}', 1795219447123, 0],
    ['{"level":"info","timestamp":"2026-11-21T00:04:07.123Z"}', at, 0],
  ])("%s", (line, time, prefixLength) => {
    expect(readLine(line)).toMatchObject({ time, prefixLength });
  });

  test.each(["12 monkeys", "2026-13", "", "2026-11-21", "99:00"])("no time in %j", (line) => {
    expect(readLine(line)).toMatchObject({ time: null, prefixLength: 0 });
  });
});

describe("level of a line", () => {
  test.each([
    ["❌ error [server] broken", "error"],
    ["⚠️  warn  slow", "warn"],
    ["ℹ️  info  ready", "info"],
    ["🔍 debug x", "debug"],
    ['{"level":50,"msg":"x"}', "error"],
    ['{"level":"warn","message":"x"}', "warn"],
    ['{"severity":"NOTICE"}', "info"],
    ['{"level":20}', "debug"],
    ["\u001b[31mERROR\u001b[39m x", "error"],
    ["[WARN] x", "warn"],
    ["app level=debug msg=x", "debug"],
    ["💥 error Somebody pressed the button", "error"],
    ["⚙️ info  ready", "info"],
    ["Listening on http://localhost:4000", "other"],
    ["error: no such file", "error"],
    ["npm ERR! code 1", "error"],
    ["TypeError: x is not a function", "error"],
    ["Uncaught ReferenceError: y", "error"],
    ["Traceback (most recent call last):", "error"],
    ["panic: runtime error", "error"],
    ["GET /errors 200", "other"],
    ["the information desk", "other"],
    ["", "other"],
  ])("%s → %s", (line, level) => {
    expect(readLine(`2026-11-21T00:04:07.123Z: ${line}`).level).toBe(level);
    expect(readLine(line).level).toBe(level);
  });
});

describe("grouping", () => {
  test.each([
    "    at Object.<anonymous> (/a/b.js:1:2)",
    "\tat java.lang.Thread.run(Thread.java:1)",
    "Caused by: x",
    "  ... 12 more",
    '  File "a.py", line 1',
    "    raise X",
    "  [cause]: Error",
    "}",
    "   ^^^",
  ])("%j belongs to the line above", (line) => {
    expect(readLine(line).isContinuation).toBe(true);
  });

  test.each(["Error: x", "  ➜  Local: http://localhost:5173/", "} else {", "at noon", ""])(
    "%j stands alone",
    (line) => {
      expect(readLine(line).isContinuation).toBe(false);
    },
  );
});

test("ANSI codes of every kind are stripped", () => {
  expect(
    stripAnsi("\u001b[1;38;2;1;2;3mA\u001b[0m\u001b]0;title\u0007B\u001b]8;;http://x\u001b\\C\u001b(BD\u009b2KE"),
  ).toBe("ABCDE");
  expect(stripAnsi("plain")).toBe("plain");
  expect(stripAnsi("cut \u001b[3")).toBe("cut \u001b[3");
});
