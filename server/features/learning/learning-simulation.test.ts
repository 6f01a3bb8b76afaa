import { beforeEach, describe, expect, it } from "vitest";

import type { Learning } from "./learning-service.ts";
import { seededRandom } from "./seeded-random.ts";
import { both, createWorld, fix, good, type LearningWorld, outcome, poor, weekMs } from "./testing/learning-world.ts";

let world: LearningWorld;
beforeEach(() => {
  world = createWorld();
});

interface Arm {
  chance: number;
  costUsd: number;
  seconds: number;
}

/** Gives out so many tasks, several a day, and answers how many of them each candidate got. */
async function work(learning: Learning, arms: Record<string, Arm>, tasks: number, seed: number) {
  const random = seededRandom(seed);
  const given: Record<string, number> = Object.fromEntries(Object.keys(arms).map((id) => [id, 0]));
  for (let task = 0; task < tasks; task += 1) {
    world.now += 3 * 3_600_000;
    const { order } = await learning.choose(fix, both);
    const [first] = order;
    const arm = first && arms[first.providerId];
    if (!arm) throw new Error("nobody was chosen");
    given[first.providerId] = (given[first.providerId] ?? 0) + 1;
    const noise = Math.exp(0.6 * (random() - 0.5));
    const { costUsd, seconds, chance } = arm;
    await learning.record(outcome(first, random() < chance, { costUsd: costUsd * noise, seconds: seconds * noise }));
  }
  return given;
}

function choices(seed: number) {
  const learning = world.learner(seed);
  return Promise.all(Array.from({ length: 20 }, () => learning.choose(fix, both)));
}

const equal = { costUsd: 0.1, seconds: 60 };
const seeds = [1, 2, 3, 4, 5];

describe("whom learning chooses", () => {
  it.each(seeds)("the better one gets most of the work, the other keeps getting some (seed %i)", async (seed) => {
    const learning = world.learner(seed);
    const arms = { good: { chance: 0.9, ...equal }, poor: { chance: 0.75, ...equal } };
    await work(learning, arms, 150, seed);
    const later = await work(learning, arms, 400, seed + 100);
    expect(later["good"]).toBeGreaterThan(250);
    expect(later["poor"]).toBeGreaterThan(3);
  });

  it("who was bad half a year ago is worth a try again", async () => {
    const learning = world.learner(1);
    for (let at = 0; at < 30; at += 1) {
      await learning.record(outcome(good, true));
      await learning.record(outcome(poor, false));
    }
    const shareOfPoor = () => learning.preview({ type: "fix" }).find(({ providerId }) => providerId === "poor")?.share;
    expect(shareOfPoor()).toBe(0);
    world.now += 26 * weekMs;
    expect(shareOfPoor()).toBeGreaterThan(0.1);
  });

  it.each(seeds)("a change is noticed: who was best becomes the worse one (seed %i)", async (seed) => {
    const learning = world.learner(seed);
    await work(learning, { good: { chance: 0.95, ...equal }, poor: { chance: 0.5, ...equal } }, 200, seed);
    const changed = { good: { chance: 0.2, ...equal }, poor: { chance: 0.9, ...equal } };
    await work(learning, changed, 150, seed + 10);
    const later = await work(learning, changed, 100, seed + 20);
    expect(later["poor"]).toBeGreaterThan(75);
  });

  it.each(seeds)(
    "the cheap one gets the work when cost counts most, the good one otherwise (seed %i)",
    async (seed) => {
      const arms = {
        good: { chance: 0.95, costUsd: 2, seconds: 60 },
        poor: { chance: 0.75, costUsd: 0.02, seconds: 60 },
      };
      world.weights = { success: 1, cost: 9, time: 0 };
      const thrifty = world.learner(seed);
      await work(thrifty, arms, 60, seed);
      expect((await work(thrifty, arms, 100, seed + 1))["poor"]).toBeGreaterThan(90);
      world.weights = { success: 9, cost: 0, time: 0 };
      const careful = world.learner(seed);
      await work(careful, arms, 150, seed);
      expect((await work(careful, arms, 100, seed + 1))["good"]).toBeGreaterThan(60);
    },
  );

  it("the fast one gets the work when time counts most", async () => {
    world.weights = { success: 1, cost: 0, time: 9 };
    const learning = world.learner(3);
    const arms = { good: { chance: 0.9, costUsd: 1, seconds: 900 }, poor: { chance: 0.9, costUsd: 1, seconds: 60 } };
    await work(learning, arms, 60, 3);
    expect((await work(learning, arms, 100, 4))["poor"]).toBeGreaterThan(90);
  });

  it("is the same for the same seed", async () => {
    expect(await choices(9)).toEqual(await choices(9));
    expect(await choices(9)).not.toEqual(await choices(10));
  });

  it("says why in a sentence, with what was believed of each", async () => {
    const learning = world.learner(1);
    expect((await learning.choose(fix, both)).reason).toMatch(
      /^Nothing is known about fix here yet; \w+ · m was drawn/,
    );
    expect((await learning.choose(fix, [good])).reason).toBe("GOOD · m is the only one that can be asked.");
    expect(await learning.choose(fix, [])).toMatchObject({
      order: [],
      reason: "Nobody can be asked: no provider is on.",
    });
    for (let at = 0; at < 30; at += 1) {
      await learning.record(outcome(good, true));
      await learning.record(outcome(poor, false));
    }
    const choice = await learning.choose(fix, both);
    expect(choice.order).toEqual([good, poor]);
    expect(choice.reason).toBe("GOOD · m is believed to do fix best: 97 % of it is good.");
    expect(choice.detail.split("\n")[0]).toMatch(
      /^GOOD · m: 97 % good \(9\d % to 100 %\), from 30 runs; drawn at 0\.\d\d$/,
    );
  });
});
