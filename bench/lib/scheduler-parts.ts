import { join } from "node:path";

import type { Schedule } from "../../contract/features/automation-schedules.ts";
import { systemClock } from "../../lib/clock.ts";
import { openJsonLog } from "../../lib/json-log.ts";
import { openJsonStore } from "../../lib/json-store.ts";
import { silentLogger } from "../../lib/logger.ts";
import { createSecretBox } from "../../lib/secret-box.ts";
import type { ActionRunner } from "../../server/features/automations/action-runner.ts";
import { createAutomationService } from "../../server/features/automations/automation-service.ts";
import {
  automationRecordSchema,
  automationsFile,
  type AutomationsFile,
} from "../../server/features/automations/automation-record.ts";
import { createAutomationStore } from "../../server/features/automations/automation-store.ts";
import {
  type Checkpoint,
  checkpointSchema,
  createOccurrenceLedger,
  emptyCheckpoint,
  type LedgerEntry,
  ledgerEntrySchema,
} from "../../server/features/automations/occurrence-ledger.ts";
import { createRunOutputs } from "../../server/features/automations/run-output.ts";
import { nodeTimers } from "../../server/features/automations/scheduler.ts";

const nothing = () => Promise.resolve();

/** The scheduler as it runs in portos-server, over real files; an action notes when it was started and ends at once. */
export async function startScheduler(folder: string, schedules: Schedule[]) {
  const common = { logger: silentLogger, clock: systemClock };
  const at = new Date().toISOString();
  const automations = schedules.map((schedule, index) =>
    automationRecordSchema.parse({
      id: `au-${String(index).padStart(6, "0")}`,
      name: `Job ${String(index)}`,
      schedule,
      isEnabled: true,
      createdAt: at,
      updatedAt: at,
      scheduledFrom: at,
      action: { kind: "restart-app", appId: "app" },
    }),
  );
  const file = await openJsonStore<AutomationsFile>({
    ...common,
    ...automationsFile,
    file: join(folder, "automations.json"),
  });
  await file.update((value) => ({ next: { ...value, automations }, result: null }));
  const log = await openJsonLog<LedgerEntry>({
    ...common,
    directory: join(folder, "ledger"),
    schema: ledgerEntrySchema,
  });
  const state = await openJsonStore<Checkpoint>({
    ...common,
    file: join(folder, "state.json"),
    schema: checkpointSchema,
    initial: emptyCheckpoint,
    version: 1,
  });
  const ledger = createOccurrenceLedger({ log, store: state, logger: silentLogger });
  await ledger.load();

  const lateMs: number[] = [];
  const action: ActionRunner = {
    start({ row }) {
      lateMs.push(Date.now() - Date.parse(row.due));
      return Promise.resolve({ state: "succeeded", reason: null });
    },
  };
  const outputs = createRunOutputs(join(folder, "output"), systemClock);
  const service = createAutomationService({
    ...common,
    store: createAutomationStore(file),
    ledger,
    outputs: {
      ...outputs,
      writer: () =>
        Promise.resolve({
          position: () => 0,
          size: () => 0,
          append: nothing,
          settle: nothing,
          close: nothing,
          release: nothing,
        }),
    },
    actions: { command: action, url: action, "restart-app": action },
    apps: { find: () => null, restart: nothing },
    secrets: createSecretBox({
      ...common,
      configDir: folder,
      fingerprintFile: join(folder, "key.json"),
      variables: {},
    }),
    timers: nodeTimers,
    publish: () => undefined,
  });
  service.start();
  return {
    lateMs,
    async stop() {
      await service.stop();
      await Promise.all([file.close(), log.close(), state.close()]);
    },
  };
}
