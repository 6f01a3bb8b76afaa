import { z } from "zod";

import { notificationSchema } from "../../../contract/features/notifications.ts";
import type { NotificationsFile } from "./notification-service.ts";

/** Content of `data/notifications.json`. */
export const notificationsFile: { schema: z.ZodType<NotificationsFile>; initial: NotificationsFile; version: number } =
  {
    schema: z.strictObject({ notifications: z.array(notificationSchema), dismissed: z.array(notificationSchema) }),
    initial: { notifications: [], dismissed: [] },
    version: 1,
  };
