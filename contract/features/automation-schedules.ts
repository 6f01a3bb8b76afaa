import { z } from "zod";

import { eventNameSchema } from "./events.ts";

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // Intl throws a RangeError for a name it does not know
  }
}

/** Name of a time zone as in the IANA database, "Europe/Berlin". */
export const zoneSchema = z
  .string()
  .min(1, "must not be empty")
  .max(64, "must have at most 64 characters")
  .regex(/^[A-Za-z]/, "must be a name like Europe/Berlin or UTC")
  .refine(isZone, { error: "is not a time zone this machine knows; use a name like Europe/Berlin or UTC" });

/** Shortest interval between two due times, in milliseconds. */
export const minIntervalMs = 1_000;

/** When an automation is due by the clock. */
export const clockScheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cron"),
    /** Five fields, or six with seconds first; `L`, `W`, `#`, names and `@daily` are understood; 7 is Sunday. */
    expression: z.string().trim().min(1, "must not be empty").max(200, "must have at most 200 characters"),
    zone: zoneSchema,
  }),
  z.strictObject({
    kind: z.literal("interval"),
    everyMs: z
      .int("must be a whole number of milliseconds")
      .min(minIntervalMs, "must be at least one second")
      .max(366 * 86_400_000, "must be at most 366 days"),
    /** Due times are this time plus a whole number of intervals, so a restart never moves them. */
    anchor: z.iso.datetime({ error: "must be a time like 2026-11-21T09:00:00Z" }),
  }),
  z.strictObject({
    kind: z.literal("once"),
    /** Local date and time in `zone`. */
    at: z.iso.datetime({ local: true, offset: false, error: "must be a local date and time like 2026-11-21T09:00" }),
    zone: zoneSchema,
  }),
]);
export type ClockSchedule = z.output<typeof clockScheduleSchema>;

/** Due whenever one of these events happens. */
export const eventTriggerSchema = z.strictObject({
  kind: z.literal("event"),
  events: z
    .array(eventNameSchema)
    .min(1, "must name at least one event")
    .max(30, "must name at most 30 events")
    .refine((names) => new Set(names).size === names.length, { error: "must name each event once" }),
  /** JMESPath over the event's `name`, `at`, `id` and `data`; only those it is true of count. `null`: all. */
  filter: z
    .string()
    .trim()
    .min(1, "must not be empty; leave it out to take every event")
    .max(1_000, "must have at most 1000 characters")
    .nullable()
    .default(null),
});
export type EventTrigger = z.output<typeof eventTriggerSchema>;

/** When an automation is due: by the clock, or when something happens. */
export const scheduleSchema = z.discriminatedUnion("kind", [...clockScheduleSchema.options, eventTriggerSchema]);
export type Schedule = z.output<typeof scheduleSchema>;

/** What happens to a due time that passed while PortOS was not running or the machine slept. */
export const missedPolicySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("skip") }),
  z.strictObject({
    kind: z.literal("run-once"),
    /** Only when the last missed due time is at most this long ago. */
    graceMs: z
      .int("must be a whole number of milliseconds")
      .min(1_000, "must be at least one second")
      .max(31 * 86_400_000, "must be at most 31 days"),
  }),
]);
export type MissedPolicy = z.output<typeof missedPolicySchema>;

/**
 * What happens when it is due while its last run still goes on. `queue-all` is for events: each waits for its turn, in their order
 * and over restarts.
 */
export const overlapPolicySchema = z.enum(["skip", "queue-one", "queue-all", "replace"]);
export type OverlapPolicy = z.output<typeof overlapPolicySchema>;
