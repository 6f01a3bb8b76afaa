import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";

/** Something the user should know; `needsYou` puts it on Home until it is settled. */
export const notificationSchema = z.strictObject({
  id: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  at: z.iso.datetime(),
  level: z.enum(["info", "success", "warning", "error"]),
  title: z.string().min(1).max(200),
  message: z.string().max(2000),
  /** Path inside the panel where it can be settled. */
  link: z.string().startsWith("/").max(500).nullable(),
  /** Notifications with the same key replace each other. */
  key: z.string().max(200).nullable(),
  needsYou: z.boolean(),
  isRead: z.boolean(),
  /** How often the same key was raised. */
  count: z.int().min(1),
});
export type Notification = z.infer<typeof notificationSchema>;

const idParams = z.strictObject({ id: notificationSchema.shape.id });

export const notificationsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/notifications",
    summary: "List notifications, newest first",
    reply: z.array(notificationSchema),
    audit: "none",
  },
  readAll: {
    method: "POST",
    path: "/api/notifications/read",
    summary: "Mark all notifications as read",
    reply: z.null(),
    audit: "none",
  },
  read: {
    method: "POST",
    path: "/api/notifications/:id/read",
    summary: "Mark a notification as read",
    params: idParams,
    reply: notificationSchema,
    audit: "none",
  },
  dismiss: {
    method: "DELETE",
    path: "/api/notifications/:id",
    summary: "Dismiss a notification",
    params: idParams,
    reply: z.null(),
    audit: "write",
    stepUp: "delete",
  },
  restore: {
    method: "POST",
    path: "/api/notifications/:id/restore",
    summary: "Bring a dismissed notification back",
    params: idParams,
    reply: notificationSchema,
    audit: "write",
  },
  clear: {
    method: "DELETE",
    path: "/api/notifications",
    summary: "Dismiss all notifications that need nothing",
    reply: z.strictObject({ dismissed: z.int() }),
    audit: "write",
    stepUp: "delete",
  },
});

export const notificationsFeed = defineFeed("notifications", {
  snapshot: z.array(notificationSchema),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("put"), notification: notificationSchema }),
    z.strictObject({ kind: z.literal("removed"), id: z.string() }),
    z.strictObject({ kind: z.literal("allRead") }),
  ]),
});

/** A failure of the panel itself or of something it runs, as it happens. */
export const panelErrorSchema = z.strictObject({
  id: z.string(),
  at: z.iso.datetime(),
  source: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
  correlationId: z.string().nullable(),
  link: z.string().nullable(),
});
export type PanelError = z.infer<typeof panelErrorSchema>;

/** The last errors (newest first), then each new one. */
export const errorsFeed = defineFeed("errors", { snapshot: z.array(panelErrorSchema), event: panelErrorSchema });
