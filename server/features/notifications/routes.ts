import { notificationsEndpoints } from "../../../contract/features/notifications.ts";
import type { Mount } from "../../http/mount.ts";
import type { NotificationService } from "./notification-service.ts";

/** HTTP side of the notification centre. */
export function mountNotifications(mount: Mount, notifications: NotificationService): void {
  mount(
    "notifications",
    notificationsEndpoints,
  )({
    list: () => notifications.list(),
    read: ({ params }) => notifications.read(params.id),
    async readAll() {
      await notifications.readAll();
      return null;
    },
    async dismiss({ params }) {
      await notifications.dismiss(params.id);
      return null;
    },
    restore: ({ params }) => notifications.restore(params.id),
    clear: async () => ({ dismissed: await notifications.clear() }),
  });
}
