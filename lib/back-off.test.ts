import { expect, test } from "vitest";

import { hasProvedItself, nextPauseMs } from "./back-off.ts";

const backOff = { pausesMs: [100, 1_000], stableMs: 60_000 };

test("each failure in a row waits for the next pause, and after the last one it is given up", () => {
  expect([0, 1, 2, 3].map((tries) => nextPauseMs(backOff, tries))).toEqual([100, 1_000, null, null]);
  expect(nextPauseMs({ ...backOff, pausesMs: [] }, 0)).toBeNull();
});

test("a run proves itself with the last millisecond of the time, not before, and not when the clock went back", () => {
  expect(hasProvedItself(backOff, 1_000, 60_999)).toBe(false);
  expect(hasProvedItself(backOff, 1_000, 61_000)).toBe(true);
  expect(hasProvedItself(backOff, 61_000, 1_000)).toBe(false);
});
