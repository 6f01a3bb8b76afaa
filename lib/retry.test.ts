import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { jitteredPauseMs, type RetryOptions, type RetryPolicy, withRetries } from "./retry.ts";

const policy: RetryPolicy = { maxAttempts: 4, baseMs: 100, maxPauseMs: 1_000, maxAskedMs: 5_000 };

function scene(outcomes: (number | Error)[], options: Partial<RetryOptions<number>> = {}) {
  let now = 0;
  const pauses: number[] = [];
  const calls: number[] = [];
  const result = withRetries<number>({
    run: (attempt) => {
      calls.push(attempt);
      const outcome = outcomes[attempt - 1] ?? new Error("called too often");
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    advise: (outcome) =>
      outcome.ok && outcome.value < 500 ? { again: false } : { again: true, reason: "busy", askedMs: null },
    policy,
    clock: { monotonic: () => now },
    random: () => 0.5,
    sleep: (milliseconds) => {
      pauses.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
    ...options,
  });
  return { result, pauses, calls };
}

describe("retries", () => {
  it("stops at the first good outcome", async () => {
    const { result, pauses } = scene([503, new Error("cut"), 200]);
    expect(await result).toEqual({ value: 200, attempts: 3 });
    expect(pauses).toEqual([50, 100]);
  });

  it("gives the last outcome when all tries are used up, value or error", async () => {
    expect(await scene([503, 503, 503, 504]).result).toEqual({ value: 504, attempts: 4 });
    await expect(scene([503, 503, 503, new Error("last")]).result).rejects.toThrow("last");
  });

  it("does not try again what it is advised against", async () => {
    const { result, calls } = scene([new Error("once")], { advise: () => ({ again: false }) });
    await expect(result).rejects.toThrow("once");
    expect(calls).toEqual([1]);
  });

  it("pauses at least as long as the other side asked, and not at all when it asks for too much", async () => {
    expect(await pausesOf(scene([503, 503, 503, 503], asking(2_000)))).toEqual([2_050, 2_100, 2_200]);
    expect(await pausesOf(scene([503], asking(5_001)))).toEqual([]);
    expect(await pausesOf(scene([503, 503, 503, 503], asking(-9_000)))).toEqual([50, 100, 200]);
  });

  it("begins no pause that would not end before the deadline", async () => {
    expect(await pausesOf(scene([503, 503], { deadline: 51 }))).toEqual([50]);
    expect(await pausesOf(scene([503], { deadline: 50 }))).toEqual([]);
  });

  it("tells each pause and why", async () => {
    const told: unknown[] = [];
    await scene([503, 200], { onPause: (pause) => told.push(pause) }).result;
    expect(told).toEqual([{ attempt: 1, pauseMs: 50, reason: "busy" }]);
  });

  it("ends a pause when the caller gives up", async () => {
    const cancel = new AbortController();
    const result = withRetries({
      run: () => Promise.resolve(503),
      advise: () => ({ again: true, reason: "busy", askedMs: 4_000 }),
      policy,
      clock: { monotonic: () => 0 },
      signal: cancel.signal,
      onPause: () => {
        cancel.abort();
      },
    });
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
  });

  it("spreads pauses over everything between nothing and twice as much each time", () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), random, (attempt, share) => {
        const longest = Math.min(policy.maxPauseMs, policy.baseMs * 2 ** (attempt - 1));
        const pause = jitteredPauseMs(attempt, policy, () => share);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThan(longest);
        expect(jitteredPauseMs(attempt, policy, () => 0)).toBe(0);
        expect(jitteredPauseMs(attempt, policy, () => 0.999_999)).toBe(longest - 1);
      }),
    );
  });
});

function asking(askedMs: number): Partial<RetryOptions<number>> {
  return { advise: () => ({ again: true, reason: "limit", askedMs }) };
}

async function pausesOf({ result, pauses }: ReturnType<typeof scene>): Promise<number[]> {
  await result;
  return pauses;
}
