import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { automationsFeed } from "../../../contract/features/automations.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { AppContext } from "../../app-context.ts";
import type { Logger } from "../../../lib/logger.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import { daysIn } from "../../day-of.ts";
import type { RunUse } from "../../run-use.ts";
import type { EventBus } from "../events/event-bus.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { NewNotification, NotificationService } from "../notifications/notification-service.ts";
import { type AutomationApps, createRestartAction, createUrlAction } from "./app-actions.ts";
import type { AutomationPrompts } from "./automation-checks.ts";
import { type AutomationService, createAutomationService } from "./automation-service.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { createConnectorAction } from "./connector-action.ts";
import { openStepMemories } from "./step-memory.ts";
import { automationsFile, type AutomationsFile } from "./automation-record.ts";
import { createAutomationStore } from "./automation-store.ts";
import { type CommandSessions, createCommandAction } from "./command-action.ts";
import type { FilterTelling } from "./event-filters.ts";
import {
  type Checkpoint,
  checkpointSchema,
  createOccurrenceLedger,
  emptyCheckpoint,
  type LedgerEntry,
  ledgerEntrySchema,
} from "./occurrence-ledger.ts";
import { mountAutomations } from "./routes.ts";
import { type AutomationTasks, createTaskAction } from "./task-action.ts";
import { type AutomationRuns, createRunAction, runUseToday } from "./run-action.ts";
import { createRunOutputs } from "./run-output.ts";
import { nodeTimers } from "./scheduler.ts";
import { createSecretKeeper } from "./secret-keeper.ts";

interface Dependencies {
  sessions: CommandSessions;
  apps: AutomationApps;
  tasks: AutomationTasks;
  runs: AutomationRuns;
  prompts: AutomationPrompts;
  connectors: AutomationConnectors;
  events: EventBus;
  notifications: Pick<NotificationService, "notify" | "settle">;
  panic: NonNullable<Parameters<typeof createAutomationService>[0]["panic"]>;
}

/** Automations, and what calls of connectors need to know of them. */
export interface BuiltAutomations extends AutomationService {
  /** What came back for a delivery, before it counts as delivered. Never rejects. */
  keepReply(reply: { idempotencyKey: string; output: unknown; evidenceId: string }): Promise<void>;
  /** Questions that runs wait for, also over a restart. */
  awaitedQuestions(): ReadonlySet<string>;
}

/** Opens the files, mounts endpoints and feed. Nothing comes due before `start()` of the returned service. */
export async function buildAutomations(context: AppContext, dependencies: Dependencies): Promise<BuiltAutomations> {
  const { clock, env, mount, realtime, secrets } = context;
  const { sessions, apps, tasks, runs, prompts, connectors, events, notifications, panic } = dependencies;
  const logger = context.logger.child("automations");
  const file = await context.openStore<AutomationsFile>("automations", automationsFile);
  const store = createAutomationStore(file);
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
  const outputFolder = join(env.dataDir, dataFiles.automationOutput.path);
  const outputs = createRunOutputs(outputFolder, clock);
  const memories = openStepMemories({ directory: outputFolder, logger });

  const keeper = createSecretKeeper({
    store: file,
    file: join(env.dataDir, dataFiles.automations.path),
    secrets,
    logger,
    async onOldFileSealed() {
      const open = new Set(ledger.open().map(({ id }) => id));
      await outputs.redactKept((id) => !open.has(id));
      await notifications.notify(sealedNotice);
    },
  });
  await keeper.start();

  const usedByRuns = runUseToday({ ledger, runs, dayOf: daysIn(machineZone()), now: () => clock.now() });
  const usedToday = (id: string): Promise<RunUse> =>
    store.get(id)?.action.kind === "run" ? usedByRuns(id) : tasks.usedToday(id);
  const feed = createFeed(realtime, automationsFeed, { snapshot: () => service.list() });
  const service: AutomationService = createAutomationService({
    store,
    ledger,
    outputs,
    apps,
    prompts,
    connectors,
    secrets,
    clock,
    logger,
    timers: nodeTimers,
    panic,
    events,
    actions: {
      command: createCommandAction({ sessions, secrets, clock, logger }),
      url: createUrlAction(apps),
      "restart-app": createRestartAction(apps),
      task: createTaskAction(tasks),
      run: createRunAction(runs, { usedToday: usedByRuns }),
      connector: createConnectorAction({ connectors, memories, events, clock }),
    },
    publish: feed.publish,
    filters: tellFilters(notifications, logger),
    onEnded: (row) => {
      void tellEnd(row, events);
      withdrawQuestions(row, connectors).catch((error: unknown) => {
        logger.error("A question of a run that is over could not be taken back", { occurrence: row.id }, error);
      });
      tell(row).catch((error: unknown) => {
        logger.error("A notification could not be stored", { occurrence: row.id }, error);
      });
    },
  });
  events.serve(service.starter);
  const tries = { connectors, memories, ledger, clock, events, nameOf: (id: string) => store.get(id)?.name ?? null };
  mountAutomations(mount, { service, store, ledger, outputs, day: { usedToday }, clock, tries });
  context.names.add("automations", ({ id = "" }) => store.get(id)?.name);
  context.onStop(async () => {
    keeper.stop();
    await service.stop();
  });
  return {
    ...service,
    keepReply: ({ idempotencyKey, ...reply }) => memories.keepReply(idempotencyKey, reply),
    awaitedQuestions: () =>
      new Set(ledger.open().flatMap(({ steps = [] }) => steps.flatMap(({ approvalId }) => approvalId ?? []))),
  };

  async function tell(row: Occurrence): Promise<void> {
    const key = `automation/${row.automationId}`;
    if (row.state === "succeeded") await notifications.settle(key);
    if (row.state === "failed" || row.state === "interrupted") await notifications.notify(noticeOf(row, key));
    // Its sender was told that it was taken, and will not send it again.
    if (row.state === "skipped" && row.messageId !== undefined) await notifications.notify(skippedNotice(row));
  }
}

/** However a run has ended: nobody makes its calls any more, and nobody should be asked about them. */
async function withdrawQuestions({ steps = [] }: Occurrence, { withdraw }: AutomationConnectors): Promise<void> {
  for (const { approvalId, state } of steps)
    if (approvalId !== null && state !== "succeeded") await withdraw(approvalId, "The run that asked is over");
}

const filterKey = (id: string): string => `automation-filter/${id}`;

/** Once for each filter, until it is changed. */
function tellFilters(notifications: Dependencies["notifications"], logger: Logger): FilterTelling {
  const told = (work: Promise<void>): void => {
    work.catch((error: unknown) => {
      logger.error("A notification could not be stored", {}, error);
    });
  };
  return {
    tooSlow({ id, name }) {
      const title = `The filter of ${name} takes too long`;
      const message = "It is not worked out any more, and no event starts the automation, until you have changed it.";
      const about = { link: `/automations/${id}`, key: filterKey(id), needsYou: true };
      told(notifications.notify({ level: "warning", title, message, ...about }).then(() => undefined));
    },
    settled(id) {
      told(notifications.settle(filterKey(id)));
    },
  };
}

/** What came of a run, as an event; one that was never started, or was cancelled, is none. */
async function tellEnd(row: Occurrence, events: Pick<EventBus, "tell">): Promise<void> {
  const { id, automationId, name, state, trigger, reason, endedAt } = row;
  if (state !== "succeeded" && state !== "failed" && state !== "interrupted") return;
  const link = `/automations/${automationId}?run=${id}`;
  await events.tell(
    state === "succeeded" ? "automation.succeeded" : "automation.failed",
    { automationId, automation: name, occurrenceId: id, state, trigger, reason, link },
    {
      key: id,
      ...(endedAt === null ? {} : { at: endedAt }),
      causes: [...(row.causes ?? []), automationId],
    },
  );
}

const sealedNotice: NewNotification = {
  level: "warning",
  title: "Variables of automations are sealed now",
  message:
    "Those that look like secrets are no longer shown. Backups made before still hold them in clear: delete those, and change a secret that may have left this machine with one.",
  link: "/automations",
  key: "automations/sealed",
  needsYou: false,
};

function skippedNotice({ automationId, name, reason, id }: Occurrence): NewNotification {
  return {
    level: "warning",
    title: `A message of a webhook did not start ${name}`,
    message: `${reason ?? "It was skipped"}. The page of the webhook says which messages it was so with.`,
    link: `/automations/${automationId}?run=${id}`,
    key: `automation-message/${automationId}`,
    needsYou: false,
  };
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
