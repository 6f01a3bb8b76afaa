import { describe, expect, test } from "vitest";

import { formatBytes, formatCount, formatDuration, formatPercent, formatSpent } from "./format.ts";
import { formatAge, formatRelative, relativeTickMs } from "./time.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [1536, "1.5 kB"],
  [99_960, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [33.4e9, "33.4 GB"],
  [5e15, "5000 TB"],
  [-1, "–"],
  [Number.NaN, "–"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("percentages have a decimal only while it says something", () => {
  expect([0, 0.04, 9.94, 9.95, 42.4].map(formatPercent)).toEqual(["0.0 %", "0.0 %", "9.9 %", "10 %", "42 %"]);
});

test("durations use their two largest units and leave out an empty one", () => {
  expect([0, 999, 1500, 59_999, 60_000, 61_000, 3_600_000, 90_061_000].map(formatDuration)).toEqual([
    "0 ms",
    "999 ms",
    "1.5 s",
    "59 s",
    "1 min",
    "1 min 1 s",
    "1 h",
    "1 d 1 h",
  ]);
});

test("counts agree with their noun", () => {
  expect([formatCount(1, "app"), formatCount(2, "app"), formatCount(0, "entry", "entries")]).toEqual([
    "1 app",
    "2 apps",
    "0 entries",
  ]);
});

describe("relative times", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const at = (offsetMs: number): string => new Date(now + offsetMs).toISOString();

  test.each([
    [-3000, "just now"],
    [3000, "now"],
    [-42_000, "42 s ago"],
    [5 * 60_000, "in 5 min"],
    [-3 * 3_600_000, "3 h ago"],
    [2 * 86_400_000, "in 2 d"],
  ])("%d ms away reads %s", (offset, text) => {
    expect(formatRelative(at(offset), now)).toBe(text);
  });

  test("further than a week is a date, and nonsense is a dash", () => {
    expect(formatRelative(at(-20 * 86_400_000), now)).toBe("Nov 1, 2026");
    expect(formatRelative("nonsense", now)).toBe("–");
  });

  test("an age has no direction and never runs backwards", () => {
    expect(formatAge(at(-7_200_000), now)).toBe("2 h");
    expect(formatAge(at(5000), now)).toBe("0 s");
  });

  test("the closer a time is, the sooner its text is renewed", () => {
    expect(relativeTickMs(at(-1000), now)).toBeLessThan(relativeTickMs(at(-600_000), now));
    expect(relativeTickMs(at(-600_000), now)).toBeLessThan(relativeTickMs(at(-7_200_000), now));
  });
});

test("what was spent is never shown as nothing while prices are unknown", () => {
  expect(formatSpent({ costUsd: 0, unpriced: 0 })).toBe("$0");
  expect(formatSpent({ costUsd: 0, unpriced: 2 })).toBe("an unknown amount");
  expect(formatSpent({ costUsd: 0.12, unpriced: 1 })).toBe("at least $0.120");
});
