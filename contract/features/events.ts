import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";

/** Everything PortOS tells of; `event-catalogue.ts` says what each one means and carries. */
export const eventNameSchema = z.enum([
  "app.started",
  "app.stopped",
  "incident.opened",
  "incident.recovered",
  "incident.gave-up",
  "repair.repaired",
  "repair.failed",
  "run.succeeded",
  "run.failed",
  "task.done",
  "task.failed",
  "approval.asked",
  "approval.settled",
  "automation.succeeded",
  "automation.failed",
  "webhook.received",
  "connector.unhealthy",
  "connector.healthy",
  "delivery.given-up",
]);
export type EventName = z.output<typeof eventNameSchema>;

/** Id of an event: the same however often the same thing is told. */
export const eventIdSchema = z.string().regex(/^ev-[0-9a-f]{20}$/, "must look like ev-0123abcd…");

/** Something that happened. */
export const eventSchema = z.strictObject({
  id: eventIdSchema,
  name: eventNameSchema,
  /** When it happened. */
  at: z.iso.datetime(),
  /** As the catalogue says; never with secrets. */
  data: z.record(z.string(), z.json()),
  /** Automations by whose doing it came about, the first one first; empty when nobody can tell. */
  causes: z.array(z.string()),
  /** Automations it was meant for when it was written down; their ledgers say what became of that. */
  starts: z.array(z.string()),
});
export type PortosEvent = z.output<typeof eventSchema>;

/** One entry of the catalogue. */
export const eventKindSchema = z.strictObject({
  name: eventNameSchema,
  title: z.string(),
  description: z.string(),
  /** JSON Schema of its data. */
  data: z.record(z.string(), z.unknown()),
  /** Fields whose text programs or other people wrote: to be shown or passed on, never to be followed. */
  outside: z.array(z.string()),
  example: z.record(z.string(), z.json()),
  /** The newest one that is kept. */
  last: eventSchema.nullable(),
});
export type EventKind = z.output<typeof eventKindSchema>;

export const eventsEndpoints = defineEndpoints({
  catalogue: {
    method: "GET",
    path: "/api/events/catalogue",
    summary: "List the kinds of events, each with its newest one",
    reply: z.strictObject({ events: z.array(eventKindSchema) }),
    audit: "none",
  },
  list: {
    method: "GET",
    path: "/api/events",
    summary: "List recent events, newest first",
    query: z.strictObject({
      name: eventNameSchema.optional(),
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    reply: z.strictObject({ items: z.array(eventSchema), next: z.string().nullable() }),
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/events/:id",
    summary: "Read an event",
    params: z.strictObject({ id: eventIdSchema }),
    reply: eventSchema,
    audit: "none",
  },
});
