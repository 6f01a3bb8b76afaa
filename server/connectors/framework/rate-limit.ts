import { daysIn } from "../../day-of.ts";

/** What one key may do; `null` for no limit. */
export interface RateLimits {
  perMinute: number | null;
  /** From midnight to midnight by the wall clock of the machine. */
  perDay: number | null;
}

export type RateVerdict = { ok: true } | { ok: false; limit: "minute" | "day"; used: number; retryAtMs: number };

/** Counts calls by key. What it counted is in the evidence, from which it is filled again after a restart. */
export interface RateLimiter {
  /** Takes one call, or says when one is free again. */
  take(key: string, limits: RateLimits, nowMs: number): RateVerdict;
  /** As `take`, without taking. */
  look(key: string, limits: RateLimits, nowMs: number): RateVerdict;
  /** A call that was made earlier today. */
  remember(key: string, atMs: number, nowMs: number): void;
  used(key: string, nowMs: number): { lastMinute: number; today: number };
}

interface Counted {
  /** Calls by second, oldest first. */
  seconds: ReadonlyMap<number, number>;
  day: string;
  today: number;
}

const minuteSeconds = 60;

/** Creates it; `dayOf` and `nextDayMs` know the wall clock. */
export function createRateLimiter(clock: { dayOf(ms: number): string; nextDayMs(ms: number): number }): RateLimiter {
  const keys = new Map<string, Counted>();

  /** What counts at that time. A clock that was set back must not lock anybody out: what lies ahead does not count. */
  function counted(key: string, nowMs: number): Counted {
    const day = clock.dayOf(nowMs);
    const found = keys.get(key);
    const now = secondOf(nowMs);
    const recent = [...(found?.seconds ?? [])].filter(([second]) => second > now - minuteSeconds && second <= now);
    return { seconds: new Map(recent), day, today: found?.day === day ? found.today : 0 };
  }

  function judge({ seconds, today }: Counted, { perMinute, perDay }: RateLimits, nowMs: number): RateVerdict {
    if (perDay !== null && today >= perDay)
      return { ok: false, limit: "day", used: today, retryAtMs: clock.nextDayMs(nowMs) };
    const used = sum(seconds);
    if (perMinute === null || used < perMinute) return { ok: true };
    return { ok: false, limit: "minute", used, retryAtMs: freeAtMs(seconds, used, perMinute) };
  }

  return {
    take(key, limits, nowMs) {
      const found = counted(key, nowMs);
      const verdict = judge(found, limits, nowMs);
      if (verdict.ok) keys.set(key, withCall(found, nowMs, true));
      return verdict;
    },
    look: (key, limits, nowMs) => judge(counted(key, nowMs), limits, nowMs),
    remember(key, atMs, nowMs) {
      const found = counted(key, nowMs);
      keys.set(key, withCall(found, atMs, clock.dayOf(atMs) === found.day));
    },
    used(key, nowMs) {
      const { seconds, today } = counted(key, nowMs);
      return { lastMinute: sum(seconds), today };
    },
  };
}

/** Days by the wall clock of a zone, as the limiter wants them. */
export function createCallDays(zone: string): Parameters<typeof createRateLimiter>[0] {
  const dayOf = daysIn(zone);
  return {
    dayOf,
    nextDayMs(ms) {
      const today = dayOf(ms);
      let before = ms;
      let after = ms + longestDayMs;
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2);
        if (dayOf(middle) === today) before = middle;
        else after = middle;
      }
      return after;
    },
  };
}

/** The days on which clocks are set back are the longest. */
const longestDayMs = 27 * 3_600_000;

function withCall({ seconds, day, today }: Counted, atMs: number, isToday: boolean): Counted {
  const second = secondOf(atMs);
  const all = [...seconds].filter(([other]) => other !== second);
  all.push([second, (seconds.get(second) ?? 0) + 1]);
  return { seconds: new Map(all.toSorted(([a], [b]) => a - b)), day, today: isToday ? today + 1 : today };
}

/** When so many of the oldest calls are a minute old that one more is free. */
function freeAtMs(seconds: ReadonlyMap<number, number>, used: number, limit: number): number {
  let tooMany = used - limit + 1;
  for (const [second, calls] of seconds) {
    tooMany -= calls;
    if (tooMany <= 0) return (second + minuteSeconds) * 1_000;
  }
  return 0;
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000);
}

function sum(seconds: ReadonlyMap<number, number>): number {
  let all = 0;
  for (const calls of seconds.values()) all += calls;
  return all;
}
