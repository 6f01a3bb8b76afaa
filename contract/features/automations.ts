import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { automationActionInputSchema, automationActionSchema } from "./automation-actions.ts";
import { connectorTryInputSchema, connectorTrySchema, stepResultSchema } from "./automation-connectors.ts";
import { occurrenceSchema, occurrenceStateSchema, occurrenceTriggerSchema } from "./automation-occurrences.ts";
import { budgetSchema } from "./runs.ts";
import {
  clockScheduleSchema,
  missedPolicySchema,
  overlapPolicySchema,
  scheduleSchema,
  zoneSchema,
} from "./automation-schedules.ts";

/** Id of an automation, made by the server. */
export const automationIdSchema = z.string().regex(/^au-[a-z0-9]{6,20}$/, "must look like au-0123abcd");

/** What the user decides about an automation. */
export const automationInputSchema = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(120, "must have at most 120 characters"),
  schedule: scheduleSchema,
  action: automationActionInputSchema,
  missedPolicy: missedPolicySchema.default({ kind: "skip" }),
  overlapPolicy: overlapPolicySchema.default("skip"),
});
export type AutomationInput = z.output<typeof automationInputSchema>;

/** An automation as the API gives it. A new one is off until the user turns it on. */
export const automationSchema = automationInputSchema.extend({
  action: automationActionSchema,
  id: automationIdSchema,
  isEnabled: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Due times count from here: when it was created, last turned on, or its schedule last changed. */
  scheduledFrom: z.iso.datetime(),
});
export type Automation = z.output<typeof automationSchema>;

/** How one past occurrence ended, for the row of dots in the list. */
export const recentOutcomeSchema = z.strictObject({
  id: z.string(),
  due: z.iso.datetime(),
  state: occurrenceStateSchema,
});

/** The moving part of an automation. */
export const automationStateSchema = z.strictObject({
  id: automationIdSchema,
  /** Next due time; `null` when it is off, never due again, or started by events. */
  nextDue: z.iso.datetime().nullable(),
  /** Occurrences that are queued or running, oldest first. */
  open: z.array(occurrenceSchema),
  /** The last ten outcomes, newest first. */
  recent: z.array(recentOutcomeSchema).max(10),
});
export type AutomationState = z.output<typeof automationStateSchema>;

/** An automation with its moving part. */
export const automationViewSchema = z.strictObject({
  automation: automationSchema,
  state: automationStateSchema,
});
export type AutomationView = z.output<typeof automationViewSchema>;

/** An entry of the file that does not follow the schema: kept as it is, not run, shown to the user. */
export const automationProblemSchema = z.strictObject({
  /** Place in the file, counted from 0. */
  index: z.int().min(0),
  name: z.string(),
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })),
});

/** Everything the Automations page shows first. */
export const automationListSchema = z.strictObject({
  automations: z.array(automationViewSchema),
  /** Since when all automations are paused; `null` when they are not. */
  pausedAt: z.iso.datetime().nullable(),
  problems: z.array(automationProblemSchema),
});
export type AutomationList = z.output<typeof automationListSchema>;

/** One next due time as a person in that zone reads it. */
export const dueTimeSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Local date and time in the schedule's zone, "2026-03-29 03:00:00". */
  local: z.string(),
  /** Offset from UTC in that zone at that time, "+02:00". */
  offset: z.string(),
  /**
   * What a change of the clocks did to this time: `moved` - the local time does not exist that day, it runs at the next one
   * that does; `first` and `second` - the local time exists twice, this is the first or the second; `shifted` - the offset differs
   * from the one before it in the list.
   */
  mark: z.enum(["moved", "first", "second", "shifted"]).nullable(),
});
export type DueTime = z.output<typeof dueTimeSchema>;

const id = z.strictObject({ id: automationIdSchema });
const occurrenceId = z.strictObject({ id: z.string().regex(/^oc-[a-z0-9]{8,32}$/, "must look like oc-0123abcd4567") });

/** Automations and the switch that pauses them all. */
export const automationsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/automations",
    summary: "List automations",
    reply: automationListSchema,
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/automations",
    summary: "Create an automation",
    body: automationInputSchema,
    reply: automationViewSchema,
    audit: "write",
    stepUp: "secret",
  },
  pauseAll: {
    method: "POST",
    path: "/api/automations-pause",
    summary: "Pause all automations",
    reply: z.strictObject({ pausedAt: z.iso.datetime().nullable() }),
    audit: "write",
  },
  resumeAll: {
    method: "POST",
    path: "/api/automations-resume",
    summary: "Resume all automations",
    reply: z.strictObject({ pausedAt: z.iso.datetime().nullable() }),
    audit: "write",
  },
  preview: {
    method: "POST",
    path: "/api/automations-preview",
    summary: "Preview the next due times of a schedule",
    body: z.strictObject({
      schedule: clockScheduleSchema,
      count: z.int().min(1).max(50).default(5),
      /** Zone in which the times of an interval are shown; other schedules have their own. */
      zone: zoneSchema.default("UTC"),
    }),
    reply: z.strictObject({ times: z.array(dueTimeSchema) }),
    audit: "none",
  },
  timeline: {
    method: "GET",
    path: "/api/automations-timeline",
    summary: "List what comes due in the next days",
    query: z.strictObject({ days: z.coerce.number().int().min(1).max(31).default(7) }),
    reply: z.strictObject({
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      rows: z.array(
        z.strictObject({
          id: automationIdSchema,
          name: z.string(),
          /** At most 200 due times. */
          times: z.array(z.iso.datetime()),
          /** There are more than are listed. */
          hasMore: z.boolean(),
        }),
      ),
      /** Enabled automations that found no place in the list. */
      omitted: z.int().min(0),
    }),
    audit: "none",
  },
  tryConnectors: {
    method: "POST",
    path: "/api/automations-try",
    summary: "Show what calls of connectors an automation would make, without making them",
    body: connectorTryInputSchema,
    reply: connectorTrySchema,
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/automations/:id",
    summary: "Read an automation",
    params: id,
    reply: automationViewSchema,
    audit: "none",
  },
  update: {
    method: "PUT",
    path: "/api/automations/:id",
    summary: "Change an automation",
    params: id,
    body: automationInputSchema,
    reply: automationViewSchema,
    audit: "write",
    stepUp: "secret",
  },
  remove: {
    method: "DELETE",
    path: "/api/automations/:id",
    summary: "Delete an automation",
    params: id,
    reply: z.strictObject({ id: automationIdSchema, name: z.string() }),
    audit: "write",
    stepUp: "delete",
  },
  restore: {
    method: "POST",
    path: "/api/automations/:id/restore",
    summary: "Bring a deleted automation back",
    params: id,
    reply: automationViewSchema,
    audit: "write",
  },
  enable: {
    method: "POST",
    path: "/api/automations/:id/enable",
    summary: "Turn an automation on",
    params: id,
    reply: automationViewSchema,
    audit: "write",
  },
  disable: {
    method: "POST",
    path: "/api/automations/:id/disable",
    summary: "Turn an automation off",
    params: id,
    reply: automationViewSchema,
    audit: "write",
  },
  run: {
    method: "POST",
    path: "/api/automations/:id/run",
    summary: "Run an automation now",
    params: id,
    reply: occurrenceSchema,
    audit: "write",
  },
  runAgain: {
    method: "POST",
    path: "/api/occurrences/:id/again",
    summary: "Run once more with the event that had started a run",
    params: occurrenceId,
    reply: occurrenceSchema,
    audit: "write",
  },
  /** Counted over all runs that began today and were started for its tasks, whatever became of those. */
  budget: {
    method: "GET",
    path: "/api/automations/:id/budget",
    summary: "Read what an automation has used of its budget today",
    params: id,
    reply: z.strictObject({
      /** `null` for an automation without one: then nothing is counted. */
      budget: budgetSchema.nullable(),
      used: z.strictObject({
        costUsd: z.number().min(0),
        tokens: z.int().min(0),
        turns: z.int().min(0),
        minutes: z.number().min(0),
      }),
      /** Why it adds no task and no run of its tasks goes on today; `null` while something is left. */
      exceeded: z.string().nullable(),
    }),
    audit: "none",
  },
  occurrences: {
    method: "GET",
    path: "/api/occurrences",
    summary: "List occurrences, newest first",
    query: z.strictObject({
      automation: automationIdSchema.optional(),
      state: occurrenceStateSchema.optional(),
      trigger: occurrenceTriggerSchema.optional(),
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    reply: z.strictObject({ items: z.array(occurrenceSchema), next: z.string().nullable() }),
    audit: "none",
  },
  occurrence: {
    method: "GET",
    path: "/api/occurrences/:id",
    summary: "Read an occurrence",
    params: occurrenceId,
    reply: occurrenceSchema,
    audit: "none",
  },
  cancel: {
    method: "POST",
    path: "/api/occurrences/:id/cancel",
    summary: "Cancel a run",
    params: occurrenceId,
    reply: occurrenceSchema,
    audit: "write",
  },
  output: {
    method: "GET",
    path: "/api/occurrences/:id/output",
    summary: "Read the output of a run from a byte on",
    params: occurrenceId,
    query: z.strictObject({
      from: z.coerce.number().int().min(0).default(0),
      maxBytes: z.coerce.number().int().min(16).max(1_048_576).default(262_144),
    }),
    reply: z.strictObject({
      /** First byte of `text` in the kept output; larger than asked for when those bytes are gone. */
      from: z.int().min(0),
      /** Where to go on reading. */
      next: z.int().min(0),
      /** Bytes kept so far. */
      size: z.int().min(0),
      /** UTF-8, never ending inside a character. */
      text: z.string(),
      /** The run has ended and `next` is its last byte. */
      isComplete: z.boolean(),
    }),
    audit: "none",
  },
  stepResults: {
    method: "GET",
    path: "/api/occurrences/:id/results",
    summary: "Read what the calls of a run gave",
    params: occurrenceId,
    reply: z.strictObject({ steps: z.array(stepResultSchema) }),
    audit: "none",
  },
  downloadOutput: {
    method: "GET",
    path: "/api/occurrences/:id/output.log",
    summary: "Download the output of a run",
    params: occurrenceId,
    reply: { raw: "text/plain" },
    audit: "read",
  },
});

/** Live changes of automations; `output` says only how many bytes are there, the text is read from its endpoint. */
export const automationsFeed = defineFeed("automations", {
  snapshot: automationListSchema,
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), view: automationViewSchema }),
    z.strictObject({ kind: z.literal("state"), state: automationStateSchema }),
    z.strictObject({ kind: z.literal("removed"), id: automationIdSchema }),
    z.strictObject({ kind: z.literal("paused"), pausedAt: z.iso.datetime().nullable() }),
    z.strictObject({ kind: z.literal("problems"), problems: z.array(automationProblemSchema) }),
    z.strictObject({ kind: z.literal("occurrence"), occurrence: occurrenceSchema }),
    z.strictObject({ kind: z.literal("output"), id: z.string(), bytes: z.int().min(0) }),
  ]),
});
