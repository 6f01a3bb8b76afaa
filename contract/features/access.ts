import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";

/** A PIN as it is typed. */
export const pinSchema = z.string().regex(/^\d{6,12}$/, "must be 6 to 12 digits");

const nameSchema = z.string().trim().toLowerCase().min(1).max(253);

/** Who may come in besides this machine, while the list is on. */
export const guestListSchema = z.strictObject({
  /** Off: every peer of the tailnet and of the allowed networks. */
  isOn: z.boolean().default(false),
  /** Tailscale logins, "ada@example.org". They do not cover tagged devices. */
  logins: z.array(nameSchema).max(100).default([]),
  /** Devices: "phone.tail1.ts.net", "phone" for one of the own tailnet, or an address outside it of an allowed network. */
  nodes: z.array(nameSchema).max(100).default([]),
});
export type GuestList = z.output<typeof guestListSchema>;

/** Minutes a right PIN opens a browser for. */
export const elevationMinutesSchema = z.int().min(1).max(480);

/** Somebody who came, or wanted to come, from elsewhere. */
export const seenGuestSchema = z.strictObject({
  login: z.string(),
  /** Full name of the device, or its address when Tailscale does not know it. */
  node: z.string(),
  isTagged: z.boolean(),
  lastSeenAt: z.iso.datetime(),
});
export type SeenGuest = z.output<typeof seenGuestSchema>;

/** Who may come in and what asks for the PIN, as the page shows it. */
export const accessStateSchema = z.strictObject({
  guests: guestListSchema,
  /** Whether callers can be named now: without Tailscale's answer everybody but this machine is refused while the list is on. */
  naming: z.enum(["ready", "unreachable", "absent"]),
  /** The file was damaged and nothing of it could be saved: only this machine is let in until it is saved anew. */
  isLost: z.boolean(),
  /** Tailscale runs without a network interface of its own, so that its peers look like this machine. */
  isUserspace: z.boolean(),
  you: z.strictObject({ name: z.string(), address: z.string(), node: z.string().nullable(), isLocal: z.boolean() }),
  seen: z.array(z.strictObject({ ...seenGuestSchema.shape, isLetIn: z.boolean() })),
  pin: z.strictObject({
    isSet: z.boolean(),
    updatedAt: z.iso.datetime().nullable(),
    minutes: elevationMinutesSchema,
    /** Until when this browser needs no PIN. */
    openUntil: z.iso.datetime().nullable(),
    /** Until when no PIN is looked at for this caller, after too many wrong ones. */
    waitUntil: z.iso.datetime().nullable(),
  }),
});
export type AccessState = z.output<typeof accessStateSchema>;

const socketIdSchema = z.string().regex(/^[\w-]{10,40}$/);

/** Processes that refuse callers and tell portos-server. */
export const refusingProcessSchema = z.enum([
  "portos-ui",
  "portos-autofixer-ui",
  "portos-autofixer",
  "portos-browser",
  "portos-cos",
]);
export type RefusingProcess = z.output<typeof refusingProcessSchema>;

export const accessEndpoints = defineEndpoints({
  get: { method: "GET", path: "/api/access", summary: "Read who may come in", reply: accessStateSchema, audit: "none" },
  saveGuests: {
    method: "PUT",
    path: "/api/access/guests",
    summary: "Change who may come in",
    body: guestListSchema,
    reply: accessStateSchema,
    audit: "write",
    stepUp: "secret",
  },
  setPin: {
    method: "PUT",
    path: "/api/access/pin",
    summary: "Set the PIN",
    /** `current` is the PIN so far, when there is one. The browser that sets it is open at once. */
    body: z.strictObject({ pin: pinSchema, current: z.string().max(64).nullable().default(null) }),
    reply: accessStateSchema,
    audit: "write",
  },
  removePin: {
    method: "POST",
    path: "/api/access/pin/remove",
    summary: "Switch the PIN off",
    body: z.strictObject({ current: z.string().max(64) }),
    reply: accessStateSchema,
    audit: "write",
  },
  setMinutes: {
    method: "PUT",
    path: "/api/access/minutes",
    summary: "Change how long a PIN holds",
    body: z.strictObject({ minutes: elevationMinutesSchema }),
    reply: accessStateSchema,
    audit: "write",
    stepUp: "secret",
  },
  unlock: {
    method: "POST",
    path: "/api/access/unlock",
    summary: "Enter the PIN",
    body: z.strictObject({
      pin: z.string().max(64),
      /** Live connection of this page, which is opened, too. */
      socket: socketIdSchema.nullable().default(null),
    }),
    reply: accessStateSchema,
    audit: "write",
  },
  lock: {
    method: "POST",
    path: "/api/access/lock",
    summary: "Ask for the PIN again",
    reply: accessStateSchema,
    audit: "write",
  },
  openSocket: {
    method: "POST",
    path: "/api/access/socket",
    summary: "Open the live connection of a page whose browser has entered the PIN",
    body: z.strictObject({ socket: socketIdSchema }),
    reply: z.null(),
    audit: "none",
    stepUp: "terminal",
  },
  noteRefusal: {
    method: "POST",
    path: "/api/access/refusals",
    summary: "Take down who another process of PortOS has refused",
    body: z.strictObject({
      process: refusingProcessSchema,
      reason: z.string().max(40),
      what: z.string().max(200),
      times: z.int().min(1),
      caller: z.strictObject({ name: z.string().max(300), address: z.string().max(60), node: z.string().max(300) }),
    }),
    reply: z.null(),
    audit: "none",
  },
});
