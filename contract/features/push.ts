import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";

/** What a device can be told while no page is open. */
export const pushEventSchema = z.enum(["approval", "run-failed", "run-finished", "crash"]);
export type PushEvent = z.output<typeof pushEventSchema>;

const clockText = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "must look like 22:00");

/** What one device wants to be told. */
export const pushPreferencesSchema = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(60, "must have at most 60 characters"),
  events: z.array(pushEventSchema).max(10),
  /** Say on the lock screen what it is about; otherwise only that something waits. */
  showsDetails: z.boolean().default(false),
  /** Nothing but approvals and crashes in this time of the device's own day. */
  quietHours: z
    .strictObject({
      from: clockText,
      to: clockText,
      /** IANA name of the device's zone. */
      zone: z.string().max(60),
    })
    .nullable()
    .default(null),
});
export type PushPreferences = z.output<typeof pushPreferencesSchema>;

const deviceId = z.string().regex(/^device-[0-9a-z]{8,32}$/, "must look like device-0123abcd");

/** What became of one message to one device. */
export const pushDeliverySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  event: z.enum([...pushEventSchema.options, "test"]),
  title: z.string(),
  sentAt: z.iso.datetime(),
  /** The push service took it. */
  acceptedAt: z.iso.datetime().nullable(),
  shownAt: z.iso.datetime().nullable(),
  clickedAt: z.iso.datetime().nullable(),
  failure: z.string().nullable(),
});
export type PushDelivery = z.output<typeof pushDeliverySchema>;

/** A device that has turned messages on. */
export const pushDeviceSchema = z.strictObject({
  ...pushPreferencesSchema.shape,
  id: deviceId,
  createdAt: z.iso.datetime(),
  /** Whose service carries its messages: "fcm.googleapis.com". */
  service: z.string(),
  /** When it last said that it had shown a message. */
  lastShownAt: z.iso.datetime().nullable(),
  lastDelivery: pushDeliverySchema.nullable(),
});
export type PushDevice = z.output<typeof pushDeviceSchema>;

/** A browser's subscription as `PushSubscription.toJSON()` gives it. */
export const pushSubscriptionSchema = z.object({
  endpoint: z.url({ protocol: /^https?$/ }).max(2_000),
  keys: z.object({
    p256dh: z.string().regex(/^[\w-]{80,100}=?$/, "must be a public key"),
    auth: z.string().regex(/^[\w-]{20,30}={0,2}$/, "must be a secret of 16 bytes"),
  }),
});
export type PushSubscriptionKeys = z.output<typeof pushSubscriptionSchema>;

const params = z.strictObject({ id: deviceId });

export const pushEndpoints = defineEndpoints({
  devices: {
    method: "GET",
    path: "/api/push/devices",
    summary: "List devices that get messages",
    reply: z.array(pushDeviceSchema),
    audit: "none",
  },
  /** Makes the key pair at the first call. */
  key: {
    method: "POST",
    path: "/api/push/key",
    summary: "Give the key a browser subscribes with",
    reply: z.strictObject({ publicKey: z.string() }),
    audit: "none",
  },
  /** The same subscription again changes its device. */
  subscribe: {
    method: "POST",
    path: "/api/push/devices",
    summary: "Turn messages on for a device",
    body: z.strictObject({ subscription: pushSubscriptionSchema, preferences: pushPreferencesSchema }),
    reply: pushDeviceSchema,
    audit: "write",
    stepUp: "secret",
  },
  update: {
    method: "PUT",
    path: "/api/push/devices/:id",
    summary: "Change what a device is told",
    params,
    body: pushPreferencesSchema,
    reply: pushDeviceSchema,
    audit: "write",
    stepUp: "secret",
  },
  remove: {
    method: "DELETE",
    path: "/api/push/devices/:id",
    summary: "Turn messages off for a device",
    params,
    reply: pushDeviceSchema,
    audit: "write",
    stepUp: "delete",
  },
  /** From the service worker, when the browser has replaced its subscription. */
  renew: {
    method: "POST",
    path: "/api/push/renew",
    summary: "Replace the subscription of a device",
    body: z.strictObject({ endpoint: z.string().max(2_000), subscription: pushSubscriptionSchema }),
    reply: z.null(),
    audit: "none",
  },
  test: {
    method: "POST",
    path: "/api/push/devices/:id/test",
    summary: "Send a test message to a device",
    params,
    reply: pushDeliverySchema,
    audit: "write",
  },
  delivery: {
    method: "GET",
    path: "/api/push/deliveries/:id",
    summary: "Say what became of a message",
    params: z.strictObject({ id: pushDeliverySchema.shape.id }),
    reply: pushDeliverySchema,
    audit: "none",
  },
  /** From the device's service worker; the id is known to nobody else. */
  receipt: {
    method: "POST",
    path: "/api/push/deliveries/:id/receipt",
    summary: "Say that a message was shown or clicked",
    params: z.strictObject({ id: pushDeliverySchema.shape.id }),
    body: z.strictObject({ what: z.enum(["shown", "clicked"]) }),
    reply: z.null(),
    audit: "none",
  },
});
