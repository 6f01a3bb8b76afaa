import { array, assert, asyncProperty, boolean, integer, record } from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { RunEvent } from "../../../contract/features/run-events.ts";
import { createRunWatcher } from "./run-watcher.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function event(number: number): RunEvent {
  return { number, at: "2026-11-21T10:00:00.000Z", body: { kind: "text", text: String(number) } };
}

/** A run whose events are on record, a viewer who may be slow, and a record that may be out of reach. */
function start(after = 0) {
  const recorded: RunEvent[] = [];
  const seen: number[] = [];
  const state = { buffered: 0, isAway: false, largest: 0 };
  const watcher = createRunWatcher({
    after,
    read: (from, limit) => {
      if (state.isAway) return Promise.reject(new Error("away"));
      const events = recorded.filter(({ number }) => number > from).slice(0, limit);
      return Promise.resolve({ events, last: recorded.length });
    },
    emit: (events) => {
      state.largest = Math.max(state.largest, events.length);
      seen.push(...events.map(({ number }) => number));
    },
    bufferedBytes: () => state.buffered,
    onFailure: () => undefined,
  });
  return { recorded, seen, state, watcher };
}

const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, index) => from + index);

describe("a viewer of a run", () => {
  it("gets every event once and in order, whatever is repeated, left out, mixed up, slow or away", async () => {
    const step = record({
      count: integer({ min: 0, max: 20 }),
      isTold: boolean(),
      isReversed: boolean(),
      isRepeated: boolean(),
      isSlow: boolean(),
      isAway: boolean(),
      waitMs: integer({ min: 0, max: 400 }),
    });
    await assert(
      asyncProperty(array(step, { maxLength: 30 }), integer({ min: 0, max: 5 }), async (steps, after) => {
        const { recorded, seen, state, watcher } = start(after);
        for (const { count, isTold, isReversed, isRepeated, isSlow, isAway, waitMs } of steps) {
          state.buffered = isSlow ? 10_000_000 : 0;
          state.isAway = isAway;
          const fresh = upTo(recorded.length + count, recorded.length + 1).map(event);
          recorded.push(...fresh);
          if (isTold) watcher.push(isReversed ? fresh.toReversed() : fresh);
          if (isTold && isRepeated) watcher.push(fresh);
          await vi.advanceTimersByTimeAsync(waitMs);
        }
        state.buffered = 0;
        state.isAway = false;
        watcher.catchUp();
        await vi.advanceTimersByTimeAsync(1_000);
        expect(seen).toEqual(upTo(recorded.length, after + 1));
        watcher.stop();
      }),
      { numRuns: 100 },
    );
  });

  it("is given what was written while it was read, without a word of it", async () => {
    const recorded = [event(1)];
    const seen: number[] = [];
    const answers: (() => void)[] = [];
    const watcher = createRunWatcher({
      after: 0,
      read: (from) => {
        const page = { events: recorded.filter(({ number }) => number > from), last: recorded.length };
        return new Promise((resolve) => {
          answers.push(() => {
            resolve(page);
          });
        });
      },
      emit: (events) => void seen.push(...events.map(({ number }) => number)),
      bufferedBytes: () => 0,
      onFailure: () => undefined,
    });
    watcher.catchUp();
    recorded.push(event(2));
    watcher.catchUp();
    for (let page = 1; page <= 2; page += 1) {
      answers.at(-1)?.();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(seen).toEqual([1, 2]);
    watcher.stop();
  });

  it("who takes nothing costs nothing: live events are let go and read again in pages later", async () => {
    const { recorded, seen, state, watcher } = start();
    state.buffered = 10_000_000;
    for (let round = 0; round < 50; round += 1) {
      const fresh = upTo(recorded.length + 100, recorded.length + 1).map(event);
      recorded.push(...fresh);
      watcher.push(fresh);
    }
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen).toEqual([]);
    state.buffered = 0;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual(upTo(5_000));
    expect(state.largest).toBeLessThanOrEqual(1_000);
  });

  it("who has left gets nothing any more", async () => {
    const { recorded, seen, watcher } = start();
    recorded.push(event(1));
    watcher.catchUp();
    watcher.stop();
    watcher.push([event(1)]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual([]);
  });
});
