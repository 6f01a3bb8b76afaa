import type { Settings } from "../../../contract/features/settings.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { BackupService } from "./backup-service.ts";

const checkEveryMs = 15 * 60_000;

export interface DailyBackupsDependencies {
  backups: Pick<BackupService, "keepDaily">;
  settings: JsonStore<Settings>;
  notify: (notice: {
    level: "error";
    title: string;
    message: string;
    key: string;
    link: string;
    needsYou: boolean;
  }) => Promise<unknown>;
  logger: Logger;
}

/** Makes a backup a day while the setting is on, and says so when that fails. Returns how to stop. */
export function startDailyBackups({ backups, settings, notify, logger }: DailyBackupsDependencies): () => void {
  async function check(): Promise<void> {
    const { isDaily, keep } = settings.get().backups;
    if (!isDaily) return;
    try {
      await backups.keepDaily(keep);
    } catch (error) {
      logger.error("The daily backup failed", {}, error);
      await notify({
        level: "error",
        title: "The daily backup failed",
        message: error instanceof AppError ? error.message : "See the log of portos-server.",
        key: "backup-failed",
        link: "/system?tab=backups",
        needsYou: true,
      });
    }
  }

  const run = (): void => {
    check().catch((error: unknown) => {
      logger.error("The daily backup could not be checked", {}, error);
    });
  };
  const timer = setInterval(run, checkEveryMs);
  const stopListening = settings.subscribe(run);
  run();
  return () => {
    clearInterval(timer);
    stopListening();
  };
}
