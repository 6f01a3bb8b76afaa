import type { Settings } from "../../../contract/features/settings.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { AppContext } from "../../app-context.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import { createBackupService, type BackupService } from "./backup-service.ts";
import { startDailyBackups } from "./daily-backups.ts";
import { mountBackups } from "./routes.ts";

/** Backups on the API and, where the settings ask for it, one each day. */
export function startBackups(
  context: AppContext,
  { settings, notifications }: { settings: JsonStore<Settings>; notifications: Pick<NotificationService, "notify"> },
): BackupService {
  const logger = context.logger.child("backups");
  const backups = createBackupService({
    dataDir: context.env.dataDir,
    clock: context.clock,
    logger,
    version: context.version,
    keyFingerprint: async () => (await context.secrets.check())?.found ?? null,
  });
  mountBackups(context.mount, backups);
  context.names.add("backups", async ({ id }) => {
    const backup = (await backups.list()).find((one) => one.id === id);
    return backup && `Backup of ${backup.createdAt.slice(0, 16).replace("T", ", ")} UTC`;
  });
  context.onStop(startDailyBackups({ backups, settings, notify: (notice) => notifications.notify(notice), logger }));
  return backups;
}
