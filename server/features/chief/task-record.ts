import { z } from "zod";

import { failureKindSchema, providerIdSchema, tierSchema } from "../../../contract/features/providers.ts";
import { runIdSchema } from "../../../contract/features/runs.ts";
import {
  recoveryStepSchema,
  taskIdSchema,
  taskReasonSchema,
  taskStateSchema,
} from "../../../contract/features/tasks.ts";

/** What is to be done about a task after a run of it has ended. */
export const planSchema = z.strictObject({
  step: recoveryStepSchema.nullable(),
  state: taskStateSchema,
  code: taskReasonSchema.shape.code,
  text: z.string(),
  notBefore: z.iso.datetime().nullable(),
  /** The user is told and has to say what next. */
  isAsking: z.boolean(),
});
export type Plan = z.output<typeof planSchema>;

const useSchema = z.strictObject({
  costUsd: z.number().min(0),
  tokens: z.int().min(0),
  turns: z.int().min(0),
  minutes: z.number().min(0),
});

/** One run of a task. `intended`: written down before it is started, so that a crash in between starts it neither twice nor never. */
export const taskRunSchema = z.strictObject({
  runId: runIdSchema,
  phase: z.enum(["intended", "open", "ended"]),
  /** `user`: somebody pressed Start, and what was tried before does not count any more. */
  by: z.enum(["chief", "user"]),
  /** It goes on with the run of this id, which was interrupted. */
  isResumed: z.boolean(),
  /** How often it was started: once, and again each time it was resumed. */
  tries: z.int().min(1),
  providerId: providerIdSchema,
  providerName: z.string(),
  model: z.string().nullable(),
  tier: tierSchema.nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  outcome: z.enum(["succeeded", "failed", "cancelled", "interrupted"]).nullable(),
  failure: failureKindSchema.nullable(),
  message: z.string().nullable(),
  /** What it used altogether. */
  used: useSchema,
  /** When it was begun and taken up before `startedAt`, and what it had used altogether by the end of each. */
  earlier: z.array(z.strictObject({ startedAt: z.iso.datetime(), used: useSchema })).default([]),
  /** Why the chief of staff stopped it itself. */
  stopCause: z.enum(["panic", "day-budget", "automation-budget", "task"]).nullable(),
  plan: planSchema.nullable(),
  /** What follows from its end is done. */
  isSettled: z.boolean(),
});
export type TaskRun = z.output<typeof taskRunSchema>;

/** What the chief of staff remembers of one task. */
export const taskRecordSchema = z.strictObject({
  taskId: taskIdSchema,
  /** Oldest first. */
  runs: z.array(taskRunSchema),
  /** Providers that failed at it. */
  avoid: z.array(providerIdSchema),
  tier: tierSchema.nullable(),
  /** Interrupted run to go on with. */
  resume: runIdSchema.nullable(),
  /** How often in a row it could not be started for a reason that does not pass by itself. */
  refusals: z.int().min(0).default(0),
  /** The automation its runs are counted for: of the task, or of the task it goes on with. */
  automationId: z.string().nullable().default(null),
});
export type TaskRecord = z.output<typeof taskRecordSchema>;

/** Shape of `chief/runs.json`. */
export const chiefRunsFile = {
  schema: z.strictObject({
    records: z.array(taskRecordSchema),
    /** Tasks started by itself so far. */
    startCount: z.int().min(0),
  }),
  initial: { records: [], startCount: 0 },
  version: 1,
};
export type ChiefRunsFile = z.output<typeof chiefRunsFile.schema>;

export const emptyUse: TaskRun["used"] = { costUsd: 0, tokens: 0, turns: 0, minutes: 0 };

export function emptyRecord(taskId: string): TaskRecord {
  return { taskId, runs: [], avoid: [], tier: null, resume: null, refusals: 0, automationId: null };
}

/** Runs since the user last had a hand in it, that one included. */
export function ownRuns(runs: readonly TaskRun[]): TaskRun[] {
  const last = runs.findLastIndex(({ by }) => by === "user");
  return last === -1 ? [...runs] : runs.slice(last);
}

/** How often runs were started. */
export function triesOf(runs: readonly TaskRun[]): number {
  return runs.reduce((sum, { tries }) => sum + tries, 0);
}

/** The run of a task that has not ended. */
export function openRun(record: TaskRecord | undefined): TaskRun | undefined {
  return record?.runs.find(({ phase }) => phase !== "ended");
}
