import { z } from "zod";

import { occurrenceStepSchema } from "./automation-connectors.ts";

/** Where an occurrence stands. `missed`: nobody was there to run it. `skipped`: it was decided not to run it. */
export const occurrenceStateSchema = z.enum([
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
  "skipped",
  "missed",
]);
export type OccurrenceState = z.output<typeof occurrenceStateSchema>;

/** What made it due. */
export const occurrenceTriggerSchema = z.enum(["schedule", "manual", "webhook", "event"]);

/** One due time of an automation, run or not: a row of the ledger. */
export const occurrenceSchema = z.strictObject({
  id: z.string(),
  automationId: z.string(),
  /** Name of the automation at that time. */
  name: z.string(),
  trigger: occurrenceTriggerSchema,
  /** Who started it by hand, or which webhook or event did. */
  who: z.string().nullable(),
  action: z.enum(["command", "url", "restart-app", "task", "run", "connector"]),
  due: z.iso.datetime(),
  /** Last due time this row stands for, when it stands for more than one. */
  dueUntil: z.iso.datetime().nullable(),
  /** Number of due times this row stands for; `null` when there were too many to count. */
  count: z.int().min(1).nullable(),
  state: occurrenceStateSchema,
  /** Why it ended, or did not run, as it did. */
  reason: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** Start minus due time. */
  lateMs: z.int().nullable(),
  durationMs: z.int().min(0).nullable(),
  exitCode: z.int().nullable(),
  httpStatus: z.int().nullable(),
  /** Bytes of output kept. */
  outputBytes: z.int().min(0),
  /** Id of the message that started it. */
  messageId: z.string().optional(),
  /** Id of the event that started it. */
  eventId: z.string().optional(),
  /** Automations by whose doing that event came about, the first one first. */
  causes: z.array(z.string()).optional(),
  /** Its calls of connectors, in their order. */
  steps: z.array(occurrenceStepSchema).optional(),
});
export type Occurrence = z.output<typeof occurrenceSchema>;

/** What came of an event for one automation it was meant for. */
export const eventStartSchema = z.strictObject({
  automationId: z.string(),
  /** `null`: it was deleted and nothing is known of it. */
  name: z.string().nullable(),
  /** The run, or the row that says why there is none; `null` while it waits, and when nothing is kept of it. */
  occurrenceId: z.string().nullable(),
  /** As its run is; `waiting`: for the runs before it. `unknown`: nothing is kept of it. */
  state: z.enum([...occurrenceStateSchema.options, "waiting", "unknown"]),
  /** Why it ended, or did not run, as it did. */
  reason: z.string().nullable(),
  /** Its run waits for an answer of the user. */
  isAsking: z.boolean(),
});
export type EventStart = z.output<typeof eventStartSchema>;
