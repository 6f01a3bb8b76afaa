import { z } from "zod";

import { beliefSchema } from "../../../contract/features/chief.ts";
import { taskSchema } from "../../../contract/features/tasks.ts";

const arm = beliefSchema.pick({ type: true, providerId: true, model: true, appId: true });

/** How one run of one provider and model turned out. */
export const outcomeSchema = arm.extend({
  /** "<run>:<what>": told twice it counts once. */
  id: z.string().min(1).max(300),
  at: z.iso.datetime(),
  /** The run came to its end by itself. */
  isSuccess: z.boolean(),
  costUsd: z.number().min(0).nullable(),
  seconds: z.number().min(0).nullable(),
  /** How the user judged the work. */
  verdict: taskSchema.shape.review.unwrap().shape.outcome.nullable(),
});
export type Outcome = z.output<typeof outcomeSchema>;
export type Verdict = NonNullable<Outcome["verdict"]>;

const overrideSchema = arm.extend({ override: beliefSchema.shape.override.unwrap() });
export type Override = z.output<typeof overrideSchema>;

const fileSchema = z.strictObject({
  /** Oldest first. */
  outcomes: z.array(outcomeSchema),
  /** Ids of outcomes that are counted no more; told again they stay out. */
  told: z.array(z.string().max(300)),
  overrides: z.array(overrideSchema),
  /** What the last reset has taken away. */
  forgotten: z.array(outcomeSchema),
});
export type LearningFile = z.output<typeof fileSchema>;

/** How `data/learning.json` is opened. */
export const learningFile = {
  schema: fileSchema,
  initial: { outcomes: [], told: [], overrides: [], forgotten: [] },
  version: 1,
};

/** What is kept, so that the file stays small and no cell drowns the others. */
export const kept = { perCell: 60, outcomes: 2_000, told: 2_000, overrides: 500 };

/** Leaves out the oldest of what is too much; their ids are remembered. */
export function prune(file: LearningFile): LearningFile {
  const counts = new Map<string, number>();
  const outcomes: Outcome[] = [];
  const dropped: string[] = [];
  for (const outcome of file.outcomes.toReversed()) {
    const cell = JSON.stringify([outcome.type, outcome.providerId, outcome.model, outcome.appId]);
    const count = counts.get(cell) ?? 0;
    counts.set(cell, count + 1);
    if (count < kept.perCell && outcomes.length < kept.outcomes) outcomes.push(outcome);
    else dropped.push(outcome.id);
  }
  return {
    ...file,
    outcomes: outcomes.toReversed(),
    told: [...file.told, ...dropped].slice(-kept.told),
    overrides: file.overrides.slice(-kept.overrides),
  };
}
