import { z } from "zod";

import type { Schema, StepUp } from "./endpoint.ts";
import type { ErrorDetails } from "./errors.ts";

/** Events of one Socket.IO channel. On the wire an event is `<channel>:<event>`; a client event is always acknowledged. */
export interface Channel {
  readonly name: string;
  /** Other names under which the same channel is served. */
  readonly aliases?: readonly string[];
  /** `stepUp`: what the PIN stands before, as for an endpoint. */
  readonly client: Record<string, { readonly payload: Schema; readonly reply: Schema; readonly stepUp?: StepUp }>;
  readonly server: Record<string, Schema>;
}

export type Ack<T> = { ok: true; data: T } | { ok: false; error: ErrorDetails };

export function defineChannel<const C extends Channel>(channel: C): C {
  return channel;
}

export type ClientPayload<C extends Channel, K extends keyof C["client"]> = z.input<C["client"][K]["payload"]>;
export type ClientReply<C extends Channel, K extends keyof C["client"]> = z.output<C["client"][K]["reply"]>;
export type ServerPayload<C extends Channel, K extends keyof C["server"]> = z.output<C["server"][K]>;

/** Place in a feed, "<epoch>:<number>"; the epoch changes when the server starts anew, so an old cursor is never misread. */
export const cursorSchema = z.string().regex(/^[a-z0-9]{1,20}:\d{1,16}$/);

/**
 * A resumable feed: `subscribe` with the last cursor seen answers with exactly the missed events, or, when those are
 * gone, with a fresh snapshot and how many events were skipped. Then `event` follows, one per change, in order.
 */
export function defineFeed<const N extends string, S extends Schema, E extends Schema>(
  name: N,
  parts: { snapshot: S; event: E },
) {
  const snapshot = parts.snapshot as unknown as z.ZodType<z.output<S>, z.input<S>>;
  const event = parts.event as unknown as z.ZodType<z.output<E>, z.input<E>>;
  return defineChannel({
    name,
    client: {
      subscribe: {
        payload: z.strictObject({ after: cursorSchema.optional() }),
        reply: z.strictObject({
          cursor: cursorSchema,
          snapshot: snapshot.optional(),
          events: z.array(event),
          /** Events lost for good; `null` when it cannot be known (the server was restarted). */
          skipped: z.int().min(0).nullable(),
        }),
      },
      unsubscribe: { payload: z.strictObject({}), reply: z.null() },
    },
    server: { event: z.strictObject({ cursor: cursorSchema, event }) },
  });
}
