import type { Belief } from "../../../contract/features/chief.ts";
import type { Tier } from "../../../contract/features/providers.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { intervalOf, meanOf, type Random } from "./beta-distribution.ts";
import {
  type BelievedCandidate,
  type Candidate,
  believe,
  drawUtility,
  type Weights,
  weightAt,
  weightedMedian,
  type Work,
} from "./beliefs.ts";
import { type Choice, explainChoice } from "./explain-choice.ts";
import {
  type NewOutcome,
  withForgotten,
  withoutType,
  withOutcome,
  withOverride,
  withVerdict,
} from "./learning-changes.ts";
import type { LearningFile, Outcome, Override, Verdict } from "./learning-file.ts";

/** A candidate with how often it would be chosen, from 0 to 1. */
export type Share = Candidate & { providerName: string; share: number };

export interface LearningOptions {
  store: JsonStore<LearningFile>;
  clock: Clock;
  random: Random;
  /** Random numbers that are the same each time, so that a preview does not flicker. */
  previewRandom: () => Random;
  /** What counts, as the user has set it. */
  weights(): Weights;
  /** Everybody who can be asked for work now. */
  candidates(): Candidate[];
  /** Name of a provider; nothing when there is none any more. */
  nameOf(providerId: string): string | undefined;
}

/** What was learned about who does which work well. */
export interface Learning {
  /** The candidates in the order they should be asked, without those that are never to be, and why. */
  choose(work: Work & { tier?: Tier | undefined }, candidates: readonly Candidate[]): Promise<Choice>;
  /** Counts an outcome once; told again it replaces what was told before. Resolves when it is on disk. */
  record(outcome: NewOutcome): Promise<void>;
  /** How the user judged the work of a run: that of whoever did it in the end; `null`: the judgement was taken back. */
  feedback(runId: string, verdict: Verdict | null): Promise<void>;
  /** Beliefs about those who can be asked and those who were; without a kind of work, about everything that was seen. */
  list(query: { type?: string | undefined; app?: string | undefined }): Belief[];
  /** Who would be chosen how often. */
  preview(query: { type: string; app?: string | undefined }): Share[];
  override(of: Omit<Override, "override">, override: Belief["override"]): Promise<void>;
  /** Forgets one kind of work, or all; the user's own word stays. */
  reset(type: string | null): Promise<void>;
  /** Brings back what the last reset took. */
  restore(): Promise<void>;
}

const draws = 1_000;
const shownProbability = 0.9;

/** Learning over its open file. */
export function createLearning(options: LearningOptions): Learning {
  const { store, clock, weights, nameOf } = options;

  function change(make: (file: LearningFile) => LearningFile): Promise<void> {
    return store.update((file) => ({ next: make(file), result: undefined }));
  }

  /** The word about this app counts before the one about all. */
  function overrideOf(work: Work, { providerId, model }: Candidate): Override["override"] | null {
    const its = store
      .get()
      .overrides.filter((one) => one.type === work.type && one.providerId === providerId && one.model === model);
    const found = its.find(({ appId }) => appId === work.appId) ?? its.find(({ appId }) => appId === null);
    return found?.override ?? null;
  }

  function sortByDraw(work: Work, believed: readonly BelievedCandidate[], random: Random) {
    const drawn = believed.map((one) => ({
      believed: one,
      override: overrideOf(work, one.candidate),
      drawn: drawUtility(one, weights(), random),
    }));
    return drawn.toSorted(
      (a, b) => Number(b.override === "always") - Number(a.override === "always") || b.drawn - a.drawn,
    );
  }

  function toBelief(work: Work, { candidate, chance, own, weight }: BelievedCandidate): Belief {
    const now = clock.now();
    const ended = own.filter(({ isSuccess }) => isSuccess);
    const median = (read: (outcome: Outcome) => number | null): number | null =>
      weightedMedian(
        ended.flatMap((one) => {
          const value = read(one);
          return value === null ? [] : [{ value, weight: weightAt(one.at, now) }];
        }),
      );
    return {
      ...work,
      ...candidate,
      providerName: nameOf(candidate.providerId) ?? candidate.providerId,
      weight,
      success: { mean: meanOf(chance), ...intervalOf(chance, shownProbability) },
      costUsd: median(({ costUsd }) => costUsd),
      seconds: median(({ seconds }) => seconds),
      runs: own.length,
      lastAt: own.at(-1)?.at ?? null,
      override: overrideOf(work, candidate),
    };
  }

  function beliefsAbout(work: Work, candidates: readonly Candidate[]): Belief[] {
    const { outcomes } = store.get();
    return believe(outcomes, work, candidates, clock.now())
      .map((one) => toBelief(work, one))
      .toSorted((a, b) => b.success.mean - a.success.mean || a.providerName.localeCompare(b.providerName));
  }

  /** Those who have done such work or were ruled on, as long as their provider is there. */
  function seen(type: string): Candidate[] {
    const { outcomes, overrides } = store.get();
    return [...outcomes, ...overrides].filter((one) => one.type === type && nameOf(one.providerId) !== undefined);
  }

  return {
    choose({ type, appId }, candidates) {
      const work = { type, appId };
      const believed = believe(store.get().outcomes, work, candidates, clock.now());
      const sorted = sortByDraw(work, believed, options.random);
      return Promise.resolve(explainChoice({ work, sorted, weights: weights(), nameOf }));
    },
    record: (outcome) => change((file) => withOutcome(file, outcome, new Date(clock.now()).toISOString())),
    feedback: (runId, verdict) => change((file) => withVerdict(file, runId, verdict)),
    override: (of, override) => change((file) => withOverride(file, of, override)),
    reset: (type) => change((file) => withoutType(file, type)),
    restore: () => change(withForgotten),
    list({ type, app }) {
      const appId = app ?? null;
      if (type !== undefined) return beliefsAbout({ type, appId }, distinct([...options.candidates(), ...seen(type)]));
      const types = [...new Set(store.get().outcomes.map((one) => one.type))].toSorted();
      return types.flatMap((one) => beliefsAbout({ type: one, appId }, distinct(seen(one))));
    },
    preview({ type, app }) {
      const work = { type, appId: app ?? null };
      const random = options.previewRandom();
      const candidates = distinct(options.candidates());
      const believed = believe(store.get().outcomes, work, candidates, clock.now());
      const mayBe = believed.filter(({ candidate }) => overrideOf(work, candidate) !== "never");
      const wins = new Map<Candidate, number>();
      for (let draw = 0; draw < draws; draw += 1) {
        const first = sortByDraw(work, mayBe, random)[0]?.believed.candidate;
        if (first) wins.set(first, (wins.get(first) ?? 0) + 1);
      }
      return candidates
        .map((candidate) => ({
          ...candidate,
          providerName: nameOf(candidate.providerId) ?? candidate.providerId,
          share: (wins.get(candidate) ?? 0) / draws,
        }))
        .toSorted((a, b) => b.share - a.share || a.providerName.localeCompare(b.providerName));
    },
  };
}

function distinct(candidates: readonly Candidate[]): Candidate[] {
  const found = new Map(
    candidates.map(({ providerId, model }) => [JSON.stringify([providerId, model]), { providerId, model }]),
  );
  return [...found.values()];
}
