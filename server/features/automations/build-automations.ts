import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { automationsFeed } from "../../../contract/features/automations.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { NewNotification, NotificationService } from "../notifications/notification-service.ts";
import { type AutomationApps, createRestartAction, createUrlAction } from "./app-actions.ts";
import { type AutomationService, createAutomationService } from "./automation-service.ts";
import { automationsFile, createAutomationStore } from "./automation-store.ts";
import { type CommandSessions, createCommandAction } from "./command-action.ts";
import {
  type Checkpoint,
  checkpointSchema,
  createOccurrenceLedger,
  emptyCheckpoint,
  type LedgerEntry,
  ledgerEntrySchema,
} from "./occurrence-ledger.ts";
import { mountAutomations } from "./routes.ts";
import { createRunOutputs } from "./run-output.ts";
import { nodeTimers } from "./scheduler.ts";

interface Dependencies {
  sessions: CommandSessions;
  apps: AutomationApps;
  notifications: Pick<NotificationService, "notify" | "settle">;
}

/** Opens the files, mounts endpoints and feed. Nothing comes due before `start()` of the returned service. */
export async function buildAutomations(context: AppContext, dependencies: Dependencies): Promise<AutomationService> {
  const { clock, env, mount, realtime } = context;
  const { sessions, apps, notifications } = dependencies;
  const logger = context.logger.child("automations");
  const store = createAutomationStore(await context.openStore("automations", automationsFile));
  const ledger = createOccurrenceLedger({
    log: await context.openLog<LedgerEntry>("occurrences", { schema: ledgerEntrySchema }),
    store: await context.openStore<Checkpoint>("automationState", {
      schema: checkpointSchema,
      initial: emptyCheckpoint,
      version: 1,
    }),
    logger,
  });
  await ledger.load();
  const outputs = createRunOutputs(join(env.dataDir, dataFiles.automationOutput.path), clock);

  const feed = createFeed(realtime, automationsFeed, { snapshot: () => service.list() });
  const service: AutomationService = createAutomationService({
    store,
    ledger,
    outputs,
    apps,
    clock,
    logger,
    timers: nodeTimers,
    actions: {
      command: createCommandAction({ sessions, clock, logger }),
      url: createUrlAction(apps),
      "restart-app": createRestartAction(apps),
    },
    publish: feed.publish,
    onEnded: (row) => {
      tell(row).catch((error: unknown) => {
        logger.error("A notification could not be stored", { occurrence: row.id }, error);
      });
    },
  });
  mountAutomations(mount, { service, store, ledger, outputs, clock });
  context.onStop(() => service.stop());
  return service;

  async function tell(row: Occurrence): Promise<void> {
    const key = `automation/${row.automationId}`;
    if (row.state === "succeeded") await notifications.settle(key);
    if (row.state === "failed" || row.state === "interrupted") await notifications.notify(noticeOf(row, key));
  }
}

function noticeOf(row: Occurrence, key: string): NewNotification {
  return {
    level: "error",
    title: `Automation ${row.name} ${row.state === "failed" ? "failed" : "was interrupted"}`,
    message: row.reason ?? "",
    link: `/automations/${row.automationId}?run=${row.id}`,
    key,
    needsYou: true,
  };
}
