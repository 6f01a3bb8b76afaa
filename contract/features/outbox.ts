import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { evidenceIdSchema, outsideCallerSchema } from "./evidence.ts";

/** Id of a delivery; later ones sort behind earlier ones. */
export const deliveryIdSchema = z.string().regex(/^d[0-9a-z]{19}$/, "must be the id of a delivery");

/** What is to be delivered, as it was accepted. */
export const outboxMessageSchema = z.strictObject({
  connector: z.string().min(1).max(80),
  operation: z.string().min(1).max(80),
  input: z.json(),
  /** The same key of the same operation is delivered once: it is known until a day after its delivery. */
  idempotencyKey: z.string().min(1).max(200),
  /** Messages with the same one are delivered one after another, in the order in which they were accepted. */
  orderingKey: z.string().min(1).max(200).nullable(),
  caller: outsideCallerSchema,
  correlationId: z.string().max(80),
  /** Digest of what the user was asked about, where to included; left out when nobody was asked. */
  approvedAs: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type OutboxMessage = z.output<typeof outboxMessageSchema>;

/** Why a try failed; the whole story is its evidence. */
export const deliveryFailureSchema = z.strictObject({
  code: z.string().max(80),
  message: z.string().max(500),
  evidenceId: evidenceIdSchema.nullable(),
});
export type DeliveryFailure = z.output<typeof deliveryFailureSchema>;

/**
 * - `queued`: its turn comes as soon as there is room
 * - `sending`: a try is under way
 * - `waiting`: the last try failed, the next one has its time
 * - `dead`: given up; it waits for "Retry" or "Discard", and so do those behind it with the same ordering key
 */
export const deliveryStateSchema = z.enum(["queued", "sending", "waiting", "dead"]);
export type DeliveryState = z.output<typeof deliveryStateSchema>;

export const deliverySchema = outboxMessageSchema.extend({
  id: deliveryIdSchema,
  acceptedAt: z.iso.datetime(),
  state: deliveryStateSchema,
  /** Tries begun since it was accepted or retried by hand. */
  attempts: z.int().min(0),
  /** When the next try is due. */
  dueAt: z.iso.datetime().nullable(),
  failure: deliveryFailureSchema.nullable(),
  /** The delivery with the same ordering key that has to go first. */
  behind: deliveryIdSchema.nullable(),
});
export type Delivery = z.output<typeof deliverySchema>;

const page = {
  /** Only those accepted after this one: the `next` of the page before. */
  after: deliveryIdSchema.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};
const replied = z.strictObject({
  /** Oldest first; arguments without secrets. */
  items: z.array(deliverySchema),
  next: deliveryIdSchema.nullable(),
  counts: z.strictObject({ queued: z.int(), sending: z.int(), waiting: z.int(), dead: z.int() }),
  /** Why nothing is sent at the moment, else `null`. */
  paused: z.string().nullable(),
});
export type DeliveryPage = z.output<typeof replied>;

const params = z.strictObject({ id: deliveryIdSchema });

export const outboxEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/outbox",
    summary: "List deliveries that have not ended, oldest first",
    query: z.strictObject({ ...page, state: deliveryStateSchema.optional(), connector: z.string().max(80).optional() }),
    reply: replied,
    audit: "none",
  },
  deadLetters: {
    method: "GET",
    path: "/api/outbox/dead",
    summary: "List deliveries that were given up, oldest first",
    query: z.strictObject(page),
    reply: replied,
    audit: "none",
  },
  retry: {
    method: "POST",
    path: "/api/outbox/:id/retry",
    summary: "Try a delivery again now",
    params,
    reply: deliverySchema,
    audit: "write",
  },
  discard: {
    method: "POST",
    path: "/api/outbox/:id/discard",
    summary: "Discard a delivery",
    params,
    reply: z.strictObject({ id: deliveryIdSchema }),
    audit: "write",
    stepUp: "delete",
  },
});

/** How much waits, and which deliveries have changed: newest last, at most 200 at once. */
export const outboxFeed = defineFeed("outbox", {
  snapshot: replied.pick({ counts: true, paused: true }),
  event: replied.pick({ counts: true, paused: true }).extend({ changed: z.array(deliveryIdSchema).max(200) }),
});
