import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { eventStartSchema } from "./automation-occurrences.ts";
import { automationIdSchema } from "./automations.ts";
import { callerSchema } from "./history.ts";
import { secretStateSchema } from "./providers.ts";

/** Id of a webhook: a part of its address that nobody can guess. */
export const hookIdSchema = z.string().regex(/^hk-[0-9a-f]{40}$/, "must be the id of a webhook");

/**
 * How a sender proves itself:
 * - `github`: `X-Hub-Signature-256`, HMAC over the body; no time in it
 * - `slack`: `X-Slack-Signature`, HMAC over version, time and body
 * - `stripe`: `Stripe-Signature`, HMAC over time and body
 * - `standard`: Standard Webhooks (also as Svix names them), HMAC over id, time and body
 * - `token`: the secret itself in a header; whoever saw one message can send others
 */
export const hookKindSchema = z.enum(["github", "slack", "stripe", "standard", "token"]);
export type HookKind = z.output<typeof hookKindSchema>;

/** Set by the connection, a browser or a proxy, whoever sends: no proof of anything. */
const headersOfTheWay =
  /^(?:host|cookie|origin|referer|connection|keep-alive|te|trailer|upgrade|expect|date|via|forwarded|user-agent|transfer-encoding|(?:content|accept|sec|x-forwarded|proxy)(?:-.*)?)$/;

/** What the user decides about a webhook. */
export const hookInputSchema = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(120, "must have at most 120 characters"),
  kind: hookKindSchema,
  /** Of kind `token`: the header that carries it; "authorization" may have "Bearer" before it. */
  tokenHeader: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be the name of a header, such as x-webhook-token")
    .refine((name) => !headersOfTheWay.test(name), "must be a header the sender chooses, such as x-webhook-token")
    .default("x-webhook-token"),
  isEnabled: z.boolean().default(true),
  /** How far the time of a message may lie from now, either way. */
  toleranceSeconds: z.int().min(10, "must be at least 10").max(3_600, "must be at most 3600").default(300),
  /** A larger body is refused. */
  maxBodyBytes: z.int().min(1_024, "must be at least 1024").max(716_800, "must be at most 716800").default(262_144),
  perMinute: z.int().min(1, "must be at least 1").max(6_000, "must be at most 6000").default(60),
  /** Started by each message that is taken, one run after another in their order; what comes while it runs waits. */
  automationId: automationIdSchema.nullable().default(null),
});
export type HookInput = z.output<typeof hookInputSchema>;

/** Why a message was not taken. */
export const hookReasonSchema = z.enum([
  "disabled",
  "browser",
  "rate",
  "too_large",
  "no_secret",
  "no_signature",
  "bad_signature",
  "too_old",
  "too_new",
  "replay",
  "full",
]);
export type HookReason = z.output<typeof hookReasonSchema>;

/** `repeated`: the sender sent it again, signed anew, because it did not hear our answer; it is handed on once. */
export const hookVerdictSchema = z.enum(["accepted", "repeated", "refused"]);
export type HookVerdict = z.output<typeof hookVerdictSchema>;

/** Id of one message that came in; later ones sort behind earlier ones. */
export const hookDeliveryIdSchema = z.string().regex(/^hd-[0-9a-z]{9}[0-9a-f]{12}$/, "must be the id of a message");

/** One message that came in. */
export const hookDeliverySchema = z.strictObject({
  id: hookDeliveryIdSchema,
  hookId: hookIdSchema,
  at: z.iso.datetime(),
  verdict: hookVerdictSchema,
  reason: hookReasonSchema.nullable(),
  /** One sentence. */
  message: z.string().max(300),
  /** What the sender calls it: "push", "invoice.paid". */
  event: z.string().max(120).nullable(),
  bytes: z.int().min(0),
  contentType: z.string().max(200),
  caller: callerSchema,
  /** Made with "Send a test". */
  isTest: z.boolean(),
});
export type HookDelivery = z.output<typeof hookDeliverySchema>;

/** A message with what it started: the automation its webhook names, and those that wait for such an event. */
export const hookDeliveryViewSchema = hookDeliverySchema.extend({ starts: z.array(eventStartSchema) });
export type HookDeliveryView = z.output<typeof hookDeliveryViewSchema>;

/** A webhook as the API gives it. */
export const hookSchema = hookInputSchema.extend({
  id: hookIdSchema,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  secret: secretStateSchema,
  /** The secret before the last change still counts, until the new one was used or a day has passed. */
  hasFormerSecret: z.boolean(),
  lastDelivery: hookDeliverySchema.nullable(),
});
export type Hook = z.output<typeof hookSchema>;

const params = z.strictObject({ id: hookIdSchema });
const secret = z
  .string()
  .trim()
  .min(8, "must have at least 8 characters")
  .max(500, "must have at most 500 characters")
  .regex(/^[\x21-\x7e]+$/, "must be of printable characters without spaces");
/** The one time a secret is shown: `null` for one that the user gave. */
const withSecret = z.strictObject({ hook: hookSchema, secret: z.string().nullable() });

/** Webhooks in: addresses at which other systems tell of something. */
export const hooksEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/hooks",
    summary: "List webhooks",
    reply: z.strictObject({ hooks: z.array(hookSchema) }),
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/hooks",
    summary: "Create a webhook",
    /** One is made when none is given. */
    body: hookInputSchema.extend({ secret: secret.optional() }),
    reply: withSecret,
    audit: "write",
    stepUp: "secret",
  },
  update: {
    method: "PUT",
    path: "/api/hooks/:id",
    summary: "Change a webhook",
    params,
    body: hookInputSchema,
    reply: hookSchema,
    audit: "write",
    stepUp: "secret",
  },
  changeSecret: {
    method: "POST",
    path: "/api/hooks/:id/secret",
    summary: "Give a webhook a new secret",
    params,
    body: z.strictObject({ secret: secret.optional() }),
    reply: withSecret,
    audit: "write",
    stepUp: "secret",
  },
  remove: {
    method: "DELETE",
    path: "/api/hooks/:id",
    summary: "Delete a webhook",
    params,
    reply: z.strictObject({ id: hookIdSchema, name: z.string() }),
    audit: "write",
    stepUp: "delete",
  },
  /** For other systems. The body is taken as it comes, of any type; its sender is known by its signature. */
  receive: {
    method: "POST",
    path: "/api/hooks/:id",
    summary: "Take a message of a webhook",
    params,
    takesRawBody: true,
    reply: z.strictObject({
      id: hookDeliveryIdSchema,
      verdict: z.enum(["accepted", "repeated"]),
      /** What Slack wants to hear when the address is entered there. */
      challenge: z.string().optional(),
    }),
    audit: "none",
  },
  test: {
    method: "POST",
    path: "/api/hooks/:id/test",
    summary: "Send a test message to a webhook",
    params,
    body: z.strictObject({
      body: z.string().max(100_000, "must have at most 100000 characters").default('{"type":"test","hello":"world"}'),
      /** Also starts the automation. */
      isHandedOn: z.boolean().default(false),
    }),
    reply: hookDeliverySchema,
    audit: "write",
  },
  deliveries: {
    method: "GET",
    path: "/api/hook-deliveries",
    summary: "List messages of webhooks, newest first",
    query: z.strictObject({
      hook: hookIdSchema.optional(),
      verdict: hookVerdictSchema.optional(),
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    reply: z.strictObject({ items: z.array(hookDeliveryViewSchema), next: z.string().nullable() }),
    audit: "none",
  },
  delivery: {
    method: "GET",
    path: "/api/hook-deliveries/:id",
    summary: "Read a message of a webhook",
    params: z.strictObject({ id: hookDeliveryIdSchema }),
    reply: z.strictObject({
      delivery: hookDeliveryViewSchema,
      /** Without secrets. */
      headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
      /** As text and without secrets; `null` when it was not kept, or is kept no longer. */
      text: z.string().nullable(),
    }),
    audit: "none",
  },
});

/** Live changes of webhooks. */
export const hooksFeed = defineFeed("hooks", {
  snapshot: z.strictObject({ hooks: z.array(hookSchema) }),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), hook: hookSchema }),
    z.strictObject({ kind: z.literal("removed"), id: hookIdSchema }),
    z.strictObject({ kind: z.literal("delivery"), delivery: hookDeliverySchema }),
  ]),
});
