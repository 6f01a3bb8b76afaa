import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { settingsSchema, type Settings } from "../../../contract/features/settings.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { startEvidenceRetention } from "./retention.ts";

const minuteMs = 60_000;

let pruned: number[];
let stop: () => void;
let setDays: (keepDays: number) => void;

beforeEach(() => {
  vi.useFakeTimers();
  pruned = [];
  const listeners = new Set<(settings: Settings) => void>();
  let settings = settingsSchema.parse({ evidence: { keepDays: 90 } });
  setDays = (keepDays) => {
    settings = { ...settings, evidence: { keepDays } };
    for (const listener of listeners) listener(settings);
  };
  stop = startEvidenceRetention({
    book: {
      prune(keepDays) {
        pruned.push(keepDays);
        return pruned.length === 1 ? Promise.reject(new Error("the disk is full")) : Promise.resolve();
      },
    },
    settings: {
      get: () => settings,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    logger: silentLogger,
  });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("old days go some minutes after the start and twice a day, also when it failed before", () => {
  vi.advanceTimersByTime(2 * minuteMs);
  expect(pruned).toEqual([]);
  vi.advanceTimersByTime(2 * minuteMs);
  expect(pruned).toEqual([90]);
  vi.advanceTimersByTime(24 * 60 * minuteMs);
  expect(pruned).toEqual([90, 90, 90]);
});

test("a shorter time holds after a minute, in which it can be taken back", () => {
  vi.advanceTimersByTime(10 * minuteMs);
  setDays(7);
  vi.advanceTimersByTime(minuteMs / 2);
  setDays(90);
  vi.advanceTimersByTime(5 * minuteMs);
  expect(pruned).toEqual([90]);
  setDays(7);
  vi.advanceTimersByTime(minuteMs);
  expect(pruned).toEqual([90, 7]);
});

test("a longer time removes nothing, and after the end nothing is removed", () => {
  setDays(400);
  vi.advanceTimersByTime(2 * minuteMs);
  expect(pruned).toEqual([]);
  setDays(3);
  stop();
  vi.advanceTimersByTime(48 * 60 * minuteMs);
  expect(pruned).toEqual([]);
});
