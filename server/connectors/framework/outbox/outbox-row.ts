import { z } from "zod";

import { deliveryFailureSchema, deliveryIdSchema, outboxMessageSchema } from "../../../../contract/features/outbox.ts";

const id = deliveryIdSchema;
const at = z.iso.datetime();
const attempt = z.int().min(1);

/** What is written of a delivery, each before it holds. Read from first to last they say what is to be delivered. */
export const outboxRowSchema = z.discriminatedUnion("kind", [
  /** Accepted, or moved here as it is now so that an old file can go. */
  outboxMessageSchema.extend({
    kind: z.literal("message"),
    id,
    at,
    /** Order of acceptance. */
    number: z.int().min(1),
    attempts: z.int().min(0),
    isDead: z.boolean(),
    dueAt: at.nullable(),
    failure: deliveryFailureSchema.nullable(),
  }),
  z.strictObject({ kind: z.literal("attempt"), id, at, attempt }),
  z.strictObject({ kind: z.literal("failed"), id, at, dueAt: at, failure: deliveryFailureSchema }),
  /** The try did not count: nothing was sent. */
  z.strictObject({ kind: z.literal("held"), id, at, attempts: z.int().min(0) }),
  z.strictObject({ kind: z.literal("dead"), id, at, failure: deliveryFailureSchema }),
  z.strictObject({ kind: z.literal("retried"), id, at }),
  z.strictObject({ kind: z.literal("discarded"), id, at }),
  /** With what makes the same message known for a while. */
  z.strictObject({ kind: z.literal("delivered"), id, at, key: z.string(), input: z.string() }),
]);
export type OutboxRow = z.output<typeof outboxRowSchema>;
export type MessageRow = Extract<OutboxRow, { kind: "message" }>;
