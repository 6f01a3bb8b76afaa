import type { ProcessOwner } from "../../../contract/features/processes.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { RecordedProcess } from "../../../lib/processes/process-record.ts";
import type { AppService } from "./app-service.ts";

interface LostStarterOptions {
  apps: Pick<AppService, "list" | "run">;
  /** To whom a process belongs. */
  ownerOf: (process: Pick<RecordedProcess, "name" | "namespace"> & { home: "portos" }) => ProcessOwner;
  logger: Logger;
}

/**
 * Starts again what ended while PM2 was gone: PM2 would have done so. What the user has set up not to be started again,
 * archived or deleted meanwhile stays as it is.
 */
export function createLostStarter({ apps, ownerOf, logger }: LostStarterOptions) {
  async function startAgain({ name, namespace }: RecordedProcess): Promise<void> {
    const owner = ownerOf({ home: "portos", name, namespace });
    if (owner.kind !== "app") return;
    const app = apps.list().find(({ id }) => id === owner.appId);
    const process = app?.processes.find((one) => one.name === owner.processName);
    if (!app || !process || app.isArchived || !process.isRestarted) return;
    logger.warn("Starting again what ended while PM2 was gone", { process: name });
    await apps.run(app.id, "start", process.name);
  }

  return (lost: readonly RecordedProcess[]): void => {
    for (const process of lost)
      startAgain(process).catch((error: unknown) => {
        logger.error("What ended while PM2 was gone could not be started again", { process: process.name }, error);
      });
  };
}
