import type { Settings } from "../../../contract/features/settings.ts";
import {
  type DailyBudget,
  dailyBudgetSchema,
  type UsageRow,
  usageRowSchema,
} from "../../../contract/features/usage.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import type { AppContext } from "../../app-context.ts";
import { mountUsage } from "./routes.ts";
import { createUsageService, type UsageService } from "./usage-service.ts";

const firstPruneMs = 2 * 60_000;
const pruneEveryMs = 12 * 3_600_000;

interface Dependencies {
  settings: JsonStore<Settings>;
  nameOfApp(id: string): string | undefined;
}

/** Opens the files and mounts the endpoints; kept as long as the history is. */
export async function buildUsage(context: AppContext, { settings, nameOfApp }: Dependencies): Promise<UsageService> {
  const { clock, mount } = context;
  const logger = context.logger.child("usage");
  const service = createUsageService({
    log: await context.openLog<UsageRow>("usage", { schema: usageRowSchema, dayOf: (row) => row.at }),
    budget: await context.openStore<DailyBudget>("usageBudget", {
      schema: dailyBudgetSchema,
      initial: { costUsd: null, tokens: null },
      version: 1,
    }),
    clock,
    zone: machineZone(),
    nameOfApp,
  });
  mountUsage(mount, service);
  const prune = (): void => {
    service.prune(settings.get().history.keepDays).catch((error: unknown) => {
      logger.error("Old usage could not be removed", {}, error);
    });
  };
  const first = setTimeout(prune, firstPruneMs);
  const timer = setInterval(prune, pruneEveryMs);
  context.onStop(() => {
    clearTimeout(first);
    clearInterval(timer);
  });
  return service;
}
