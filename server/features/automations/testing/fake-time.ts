import type { Clock } from "../../../../lib/clock.ts";
import type { Timers } from "../scheduler.ts";

interface Waiting {
  at: number;
  work: () => void;
}

/** A clock and its timers under a test's control. */
export interface FakeTime {
  clock: Clock;
  timers: Timers;
  /** Lets time pass; timers fire in order. */
  pass(durationMs: number): void;
  /** Sets the wall clock forward or back; no timer notices. */
  setWall(byMs: number): void;
  /** Like a suspended machine: the wall clock goes on, timers and monotonic time do not. */
  suspend(durationMs: number): void;
}

/** Time that stands at `start` (ISO 8601) until it is told to pass. */
export function createFakeTime(start: string): FakeTime {
  let monotonic = 0;
  let offset = Date.parse(start);
  const waiting = new Set<Waiting>();
  const soon: (() => void)[] = [];

  function settle(): void {
    for (let work = soon.shift(); work; work = soon.shift()) work();
  }

  return {
    clock: { now: () => offset + monotonic, monotonic: () => monotonic },
    timers: {
      set(delayMs, work) {
        const entry = { at: monotonic + delayMs, work };
        waiting.add(entry);
        return () => waiting.delete(entry);
      },
      soon: (work) => {
        soon.push(work);
      },
    },
    pass(durationMs) {
      const end = monotonic + durationMs;
      settle();
      for (;;) {
        const [next] = [...waiting].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (!next) break;
        waiting.delete(next);
        monotonic = Math.max(monotonic, next.at);
        next.work();
        settle();
      }
      monotonic = end;
    },
    setWall(byMs) {
      offset += byMs;
    },
    suspend(durationMs) {
      offset += durationMs;
    },
  };
}
