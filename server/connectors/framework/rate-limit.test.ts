import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createRateLimiter } from "./rate-limit.ts";

const dayMs = 86_400_000;
const utc = {
  dayOf: (ms: number) => new Date(ms).toISOString().slice(0, 10),
  nextDayMs: (ms: number) => (Math.floor(ms / dayMs) + 1) * dayMs,
};
const noon = Date.parse("2026-05-04T12:00:00Z");

test("no more calls in a minute than allowed, and the answer says when one is free again", () => {
  const rates = createRateLimiter(utc);
  const limits = { perMinute: 2, perDay: null };
  expect(rates.take("rss", limits, noon)).toEqual({ ok: true });
  expect(rates.take("rss", limits, noon + 10_000)).toEqual({ ok: true });
  const refused = { ok: false, limit: "minute", used: 2, retryAtMs: noon + 60_000 };
  expect(rates.take("rss", limits, noon + 20_000)).toEqual(refused);
  expect(rates.look("rss", limits, noon + 59_999)).toEqual(refused);
  expect(rates.take("rss", limits, noon + 60_000)).toEqual({ ok: true });
  expect(rates.take("rss", limits, noon + 60_001)).toMatchObject({ retryAtMs: noon + 70_000 });
});

test("a day has its own limit, which begins anew at midnight", () => {
  const rates = createRateLimiter(utc);
  const limits = { perMinute: null, perDay: 1 };
  rates.take("mail", limits, noon);
  expect(rates.take("mail", limits, noon + 60_000)).toMatchObject({ limit: "day", retryAtMs: noon + dayMs / 2 });
  expect(rates.take("mail", limits, noon + dayMs / 2)).toEqual({ ok: true });
});

test("keys do not share what they may do, and looking takes nothing", () => {
  const rates = createRateLimiter(utc);
  const limits = { perMinute: 1, perDay: 1 };
  rates.look("a", limits, noon);
  expect(rates.take("a", limits, noon).ok).toBe(true);
  expect(rates.take("b", limits, noon).ok).toBe(true);
});

test("after a restart it goes on with what was done before", () => {
  const rates = createRateLimiter(utc);
  rates.remember("rss", noon - 5_000, noon);
  rates.remember("rss", noon - 3_600_000, noon);
  rates.remember("rss", noon - dayMs, noon);
  expect(rates.used("rss", noon)).toEqual({ lastMinute: 1, today: 2 });
  expect(rates.take("rss", { perMinute: 1, perDay: null }, noon)).toMatchObject({ retryAtMs: noon + 55_000 });
});

test("a clock that was set back locks nobody out", () => {
  const rates = createRateLimiter(utc);
  const limits = { perMinute: 1, perDay: null };
  rates.take("rss", limits, noon);
  expect(rates.take("rss", limits, noon - 3_600_000).ok).toBe(true);
});

test("whenever calls come, no 59 seconds hold more than the limit, and the promised time is kept", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.integer({ min: 0, max: 20_000 })), (perMinute, pauses) => {
      const rates = createRateLimiter(utc);
      const taken: number[] = [];
      let now = noon;
      for (const pause of pauses) {
        now += pause;
        const verdict = rates.take("x", { perMinute, perDay: null }, now);
        if (verdict.ok) taken.push(now);
        else {
          expect(verdict.retryAtMs).toBeGreaterThan(now);
          expect(rates.look("x", { perMinute, perDay: null }, verdict.retryAtMs).ok).toBe(true);
        }
      }
      for (const from of taken)
        expect(taken.filter((at) => at >= from && at < from + 59_000).length).toBeLessThanOrEqual(perMinute);
    }),
  );
});
