import { array, assert, boolean, constantFrom, double, integer, option, property, record } from "fast-check";
import { describe, expect, it } from "vitest";

import { drawChance, intervalOf, meanOf } from "./beta-distribution.ts";
import { believe, drawUtility, expectedUtility, halfLifeMs } from "./beliefs.ts";
import type { Outcome } from "./learning-file.ts";
import { seededRandom } from "./seeded-random.ts";
import { both, fix, good, outcome, start, weekMs } from "./testing/learning-world.ts";

const weights = { success: 6, cost: 2, time: 2 };

function chanceOf(list: readonly Outcome[], at: number, appId: string | null = "blog") {
  return believe(list, { type: "fix", appId }, [good], at)[0]?.chance;
}

function past(isSuccess: boolean, changes: Partial<Outcome> = {}): Outcome {
  return { ...outcome(good, isSuccess), at: new Date(start).toISOString(), verdict: null, ...changes };
}

function meanOfGood(list: readonly Outcome[]): number {
  const chance = chanceOf(list, start);
  return chance === undefined ? 0 : meanOf(chance);
}

describe("what is believed", () => {
  it("an outcome counts half after four weeks and a quarter after eight", () => {
    expect(halfLifeMs).toBe(4 * weekMs);
    expect(chanceOf([past(true)], start)).toEqual({ successes: 2, failures: 1 });
    expect(chanceOf([past(true)], start + 4 * weekMs)).toEqual({ successes: 1.5, failures: 1 });
    expect(chanceOf([past(false)], start + 8 * weekMs)).toEqual({ successes: 1, failures: 1.25 });
    expect(chanceOf([past(true)], start - weekMs)).toEqual({ successes: 2, failures: 1 }); // the clock was set back
  });

  it("an app borrows from the same work in other apps, and from other work a little, but its own counts in full", () => {
    const elsewhere = Array.from({ length: 40 }, () => past(true, { appId: "shop" }));
    const otherWork = Array.from({ length: 40 }, () => past(false, { type: "docs" }));
    expect(chanceOf(elsewhere, start)).toEqual({ successes: 7, failures: 1 });
    expect(chanceOf(otherWork, start)).toEqual({ successes: 1, failures: 3 });
    const own = Array.from({ length: 20 }, () => past(false));
    expect(chanceOf([...elsewhere, ...own], start)).toEqual({ successes: 7, failures: 21 });
    expect(chanceOf([...elsewhere, ...own], start, null)).toEqual({ successes: 41, failures: 21 });
  });

  it("an interval holds the chance as often as it says", () => {
    // Beta(1, 1) is uniform, Beta(2, 1) has x² below x
    const uniform = intervalOf({ successes: 1, failures: 1 }, 0.9);
    expect(uniform.low).toBeCloseTo(0.05, 5);
    expect(uniform.high).toBeCloseTo(0.95, 5);
    expect(intervalOf({ successes: 2, failures: 1 }, 0.9).low).toBeCloseTo(Math.sqrt(0.05), 5);
    const size = double({ min: 1, max: 500, noNaN: true });
    assert(
      property(size, size, integer(), (successes, failures, seed) => {
        const chance = { successes, failures };
        const { low, high } = intervalOf(chance, 0.9);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThan(high);
        const random = seededRandom(seed);
        const drawn = Array.from({ length: 600 }, () => drawChance(chance, random));
        const inside = drawn.filter((value) => value >= low && value <= high).length / drawn.length;
        expect(inside).toBeGreaterThan(0.83);
        expect(inside).toBeLessThan(0.96);
        const average = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
        expect(average).toBeCloseTo(meanOf(chance), 1);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it("more successes never make a candidate worth less, and it is always worth between 0 and 1", () => {
    const any = record({
      isSuccess: boolean(),
      costUsd: option(double({ min: 0, max: 1e6, noNaN: true })),
      seconds: option(double({ min: 0, max: 1e7, noNaN: true })),
      appId: constantFrom("blog", "shop", null),
      type: constantFrom("fix", "docs"),
      providerId: constantFrom("good", "poor"),
    });
    assert(
      property(array(any, { maxLength: 40 }), integer(), (list, seed) => {
        const outcomes = list.map((changes) => past(true, changes));
        const random = seededRandom(seed);
        for (const one of believe(outcomes, fix, both, start)) {
          expect(expectedUtility(one, weights)).toBeGreaterThanOrEqual(0);
          expect(expectedUtility(one, weights)).toBeLessThanOrEqual(1);
          const drawn = drawUtility(one, weights, random);
          expect(drawn >= 0 && drawn <= 1).toBe(true);
        }
        expect(meanOfGood([...outcomes, past(true)])).toBeGreaterThan(meanOfGood(outcomes));
      }),
      { numRuns: 80, seed: 5 },
    );
  });
});
