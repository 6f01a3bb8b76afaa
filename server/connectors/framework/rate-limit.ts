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
  /** Calls of the last minute by second. */
  readonly seconds: Map<number, number>;
  day: string;
  today: number;
}

const minuteSeconds = 60;

/** Creates it; `dayOf` and `nextDayMs` know the wall clock. */
export function createRateLimiter(clock: { dayOf(ms: number): string; nextDayMs(ms: number): number }): RateLimiter {
  const keys = new Map<string, Counted>();

  /** What counts at that time. A clock that was set back must not lock anybody out: what lies ahead does not count. */
  function counted(key: string, nowMs: number): { lastMinute: number; today: number } {
    const found = keys.get(key);
    if (!found) return { lastMinute: 0, today: 0 };
    const now = secondOf(nowMs);
    let lastMinute = 0;
    for (const [second, calls] of found.seconds) if (isRecent(second, now)) lastMinute += calls;
    return { lastMinute, today: found.day === clock.dayOf(nowMs) ? found.today : 0 };
  }

  function judge(key: string, { perMinute, perDay }: RateLimits, nowMs: number): RateVerdict {
    const { lastMinute, today } = counted(key, nowMs);
    if (perDay !== null && today >= perDay)
      return { ok: false, limit: "day", used: today, retryAtMs: clock.nextDayMs(nowMs) };
    if (perMinute === null || lastMinute < perMinute) return { ok: true };
    const recent = [...(keys.get(key)?.seconds ?? [])].filter(([second]) => isRecent(second, secondOf(nowMs)));
    return { ok: false, limit: "minute", used: lastMinute, retryAtMs: freeAtMs(recent, lastMinute, perMinute) };
  }

  function add(key: string, atMs: number, nowMs: number): void {
    const found = keys.get(key) ?? { seconds: new Map<number, number>(), day: "", today: 0 };
    keys.set(key, found);
    const { seconds } = found;
    const now = secondOf(nowMs);
    for (const second of seconds.keys()) if (!isRecent(second, now)) seconds.delete(second);
    const day = clock.dayOf(nowMs);
    if (found.day !== day) found.today = 0;
    found.day = day;
    seconds.set(secondOf(atMs), (seconds.get(secondOf(atMs)) ?? 0) + 1);
    if (clock.dayOf(atMs) === day) found.today += 1;
  }

  return {
    take(key, limits, nowMs) {
      const verdict = judge(key, limits, nowMs);
      if (verdict.ok) add(key, nowMs, nowMs);
      return verdict;
    },
    look: judge,
    remember: add,
    used: counted,
  };
}

function isRecent(second: number, now: number): boolean {
  return second > now - minuteSeconds && second <= now;
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

/** When so many of the oldest calls are a minute old that one more is free. */
function freeAtMs(seconds: readonly (readonly [number, number])[], used: number, limit: number): number {
  let tooMany = used - limit + 1;
  for (const [second, calls] of seconds.toSorted(([a], [b]) => a - b)) {
    tooMany -= calls;
    if (tooMany <= 0) return (second + minuteSeconds) * 1_000;
  }
  return 0;
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000);
}
