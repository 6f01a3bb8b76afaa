import type { JsonStore } from "../../../../lib/json-store.ts";
import type { Candidate } from "../beliefs.ts";
import type { NewOutcome } from "../learning-changes.ts";
import { type LearningFile, learningFile } from "../learning-file.ts";
import { createLearning, type Learning } from "../learning-service.ts";
import { seededRandom } from "../seeded-random.ts";

export const weekMs = 7 * 86_400_000;
export const good: Candidate = { providerId: "good", model: "m" };
export const poor: Candidate = { providerId: "poor", model: "m" };
export const both: readonly Candidate[] = [good, poor];
export const fix = { type: "fix", appId: "blog" };
export const start = Date.parse("2026-03-02T10:00:00Z");

/** A clock to be set and weights to be changed, with learners that share them. */
export interface LearningWorld {
  now: number;
  weights: { success: number; cost: number; time: number };
  learner(seed: number, store?: JsonStore<LearningFile>): Learning;
}

/** Two candidates, a Monday morning, and the weights everybody begins with. */
export function createWorld(): LearningWorld {
  const world: LearningWorld = {
    now: start,
    weights: { success: 6, cost: 2, time: 2 },
    learner: (seed, store = memoryStore()) =>
      createLearning({
        store,
        clock: { now: () => world.now, monotonic: () => world.now },
        random: seededRandom(seed),
        previewRandom: () => seededRandom(7),
        weights: () => world.weights,
        candidates: () => [...both],
        nameOf: (id) => (id === "gone" ? undefined : id.toUpperCase()),
      }),
  };
  return world;
}

let count = 0;

/** An outcome of work that fixes something in the blog. */
export function outcome(of: Candidate, isSuccess: boolean, changes: Partial<NewOutcome> = {}): NewOutcome {
  count += 1;
  const id = `run-${count}:x`;
  return { id, type: "fix", appId: "blog", isSuccess, costUsd: null, seconds: null, ...of, ...changes };
}

/** A store without a disk, for months of work in a second. */
function memoryStore(): JsonStore<LearningFile> {
  let value: LearningFile = learningFile.initial;
  return {
    get: () => value,
    update(change) {
      const { next, result } = change(value);
      value = next;
      return Promise.resolve(result);
    },
    subscribe: () => () => undefined,
    problems: () => [],
    close: () => Promise.resolve(),
  };
}
