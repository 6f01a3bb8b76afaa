import { join } from "node:path";

import { z } from "zod";

import { notificationsFeed } from "../contract/features/notifications.ts";
import { onboardingStepSchema } from "../contract/features/onboarding.ts";
import { settingsSchema, type Settings } from "../contract/features/settings.ts";
import type { DataProblem } from "../contract/features/system.ts";
import { endpointGroups } from "../contract/index.ts";
import { sessionIdSchema } from "../contract/internal/cos.ts";
import { AppError } from "../lib/app-error.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import type { Env } from "../lib/env.ts";
import type { GateOptions } from "../lib/gate.ts";
import { closeServer, listen } from "../lib/http-service.ts";
import type { JsonStore } from "../lib/json-store.ts";
import type { Logger } from "../lib/logger.ts";
import { createStaticFiles } from "../lib/static-files.ts";
import { systemTailscale, type Tailscale } from "../lib/tailnet.ts";
import { createAppContext, type AppContext } from "./app-context.ts";
import { createCosClient, type CosClient } from "./cos-client.ts";
import { CosLink } from "./cos-link.ts";
import { buildAgents, type BuildAgentsOptions, type BuiltAgents } from "./build-agents.ts";
import type { CrashRepairParts } from "./crash-repairs.ts";
import { buildApps, type BuildAppsOptions, type BuiltApps } from "./build-apps.ts";
import { buildOutside } from "./build-outside.ts";
import { openEvents, tellEvents } from "./event-sources.ts";
import { mountApiDocs } from "./features/api-docs/routes.ts";
import { automationApps } from "./features/automations/app-actions.ts";
import { automationConnectors } from "./features/automations/automation-connectors.ts";
import { buildAutomations, type BuiltAutomations } from "./features/automations/build-automations.ts";
import { automationRuns, type AutomationRuns } from "./features/automations/run-action.ts";
import { automationTasks } from "./features/automations/task-action.ts";
import { startBackups } from "./features/backups/start-backups.ts";
import { startHistoryRetention } from "./features/history/retention.ts";
import { openPanicSwitch } from "./features/chief/build-chief.ts";
import { startBrowser } from "./features/browser/start-browser.ts";
import { mountHistory } from "./features/history/routes.ts";
import { startIncidents } from "./features/incidents/start-incidents.ts";
import { buildLogs } from "./features/logs/build-logs.ts";
import { buildMcp } from "./features/mcp/build-mcp.ts";
import { createNotificationService, type NotificationService } from "./features/notifications/notification-service.ts";
import { notificationsFile } from "./features/notifications/notification-store.ts";
import { createPanelErrors, type PanelErrors } from "./features/notifications/panel-errors.ts";
import { mountNotifications } from "./features/notifications/routes.ts";
import { mountOnboarding, type OnboardingFile } from "./features/onboarding/onboarding-service.ts";
import { mountSettings } from "./features/settings/routes.ts";
import { createMachineMonitor } from "./features/system/machine-monitor.ts";
import { mountSystem } from "./features/system/routes.ts";
import { startTerminal } from "./features/terminal/start-terminal.ts";
import { routerErrors } from "./http/mount.ts";
import { answerUnanswered } from "./http/unanswered.ts";
import { createFeed } from "./realtime/feed.ts";

export interface AppOptions {
  env: Env;
  logger: Logger;
  clock?: Clock;
  /** Names this machine answers to; replaced in tests. */
  machine?: GateOptions["machine"];
  /** Replaced in tests. */
  tailscale?: Tailscale;
  /** The PM2 homes; replaced in tests. */
  pm2Clients?: NonNullable<BuildAppsOptions["clients"]>;
  /** Who is asked for a run; replaced in tests. */
  resolveTargets?: NonNullable<BuildAgentsOptions["resolveTargets"]>;
  /** How devices are told; replaced in tests. */
  push?: NonNullable<BuildAgentsOptions["push"]>;
  /** What reviews run checks with; replaced in tests. */
  reviews?: NonNullable<BuildAgentsOptions["reviews"]>;
  /** How repairs of crashes are timed, and what runs their checks; replaced in tests. */
  repairs?: Pick<CrashRepairParts, "timing" | "command" | "sessions">;
}

/** What features are built from: the walls and what every feature may use. */
export interface Core {
  context: AppContext;
  settings: JsonStore<Settings>;
  notifications: NotificationService;
  errors: PanelErrors;
  cos: CosClient;
}

export interface App {
  core: Core;
  /** Listens; `port` 0 picks a free one. */
  listen(host: string, port: number): Promise<{ port: number }>;
  stop(): Promise<void>;
}

/** Builds portos-server: walls first, then one line or two per feature. Nothing listens yet. */
export async function createApp(options: AppOptions): Promise<App> {
  const context = await createAppContext({ clock: systemClock, ...options });
  const { mount, realtime, clock, env, version } = context;

  const settings = await context.openStore<Settings>("settings", {
    schema: settingsSchema,
    initial: settingsSchema.parse({}),
    version: 1,
  });
  mountSettings(mount, settings);
  mountHistory(mount, context.history);

  const notifications = await buildNotifications(context);
  const errors = createPanelErrors(realtime, clock);
  context.onDataProblem((problem) => {
    tellDataProblem(notifications, problem).catch((error: unknown) => {
      context.logger.error("A data problem could not be announced", { file: problem.file }, error);
    });
  });
  context.onStop(startHistoryRetention(context, settings));
  const cosAddress = `127.0.0.1:${env.ports.cos}`;
  const link = new CosLink({ url: `ws://${cosAddress}`, logger: context.logger.child("cos") });
  const cos = createCosClient({ baseUrl: `http://${cosAddress}`, link });
  context.onStop(startTerminal(mount, realtime, { cos, link }));
  context.names.add("terminal", ({ id = "" }) => terminalName(cos, id));
  context.names.add("notifications", ({ id }) => notifications.list().find((item) => item.id === id)?.title);
  const core: Core = { context, settings, notifications, errors, cos };
  context.onStop(
    mountSystem(mount, realtime, {
      router: context.router,
      monitor: createMachineMonitor({ clock, folders: ["/", env.dataDir] }),
      env,
      clock,
      version,
      readTailnet: () => (options.tailscale ?? systemTailscale).read(),
      problems: () => context.problems(),
    }),
  );

  const backups = startBackups(context, { settings, notifications });

  let givenUp: ReadonlyMap<string, string> = new Map();
  const { apps, snapshots, clients } = await buildApps(core, {
    countSessions: () => countRunningSessions(cos),
    givenUp: () => givenUp,
    ...(options.pm2Clients ? { clients: options.pm2Clients } : {}),
  });
  context.names.add("apps", ({ id, process }) => {
    const name = apps.list().find((app) => app.id === id)?.name;
    return name && process ? `${name} / ${process}` : name;
  });
  const logs = buildLogs({
    ...context,
    settings: () => settings.get().logs,
    processes: () => [...snapshots.raw().values()],
    hasApp: (appId) => apps.list().some(({ id }) => id === appId),
    reloadLogs: async () => clients.portos?.reloadLogs(),
  });
  context.onStop(logs.stop);
  context.onStop(startBrowser(context));
  const incidents = startIncidents(context, {
    apps,
    processes: snapshots,
    notifications,
    errors,
    setGivenUp: (reasons) => {
      givenUp = reasons;
    },
  });

  const panic = await openPanicSwitch(context);
  const events = await openEvents(context, settings);
  const runsOfAutomations = automationRuns(() => agents.runs);
  const automations = await buildAutomations(context, {
    sessions: cos,
    apps: automationApps(apps),
    tasks: automationTasks({
      board: () => agents.tasks,
      usedToday: (id) => agents.automationUse(id),
    }),
    runs: runsOfAutomations,
    prompts: { issuesOf: (reference, path) => agents.promptIssues(reference, path) },
    connectors: automationConnectors(() => ({ ...outside.connectors, ...outside })),
    events,
    notifications,
    panic,
  });
  panic.addBrake("pausedAutomations", (by) => automations.stopAll(`Everything was stopped by ${by}`));
  panic.addBrake("stoppedCommands", (by) => automations.stopCommands(`Everything was stopped by ${by}`));

  const agents = await buildAgents(core, {
    panic,
    appOf: (appId) => apps.list().find(({ id }) => id === appId),
    automationBudget: automations.taskBudget,
    automations,
    lend: (run) => mcp.lend(run),
    crashes: { incidents, ...controlled(apps, snapshots), ...options.repairs },
    ...(options.resolveTargets ? { resolveTargets: options.resolveTargets } : {}),
    ...(options.push ? { push: options.push } : {}),
    ...(options.reviews ? { reviews: options.reviews } : {}),
  });

  const outside = await buildOutside(context, {
    ...core,
    automations,
    approvals: agents.approvals,
    panic,
    tokens: () => mcp.tokens(),
    events,
  });
  context.onStop(tellEvents({ events, apps, snapshots, incidents, agents, automations }));
  const mcp = await buildMcp(context, { outside: outside.connectors, apps, logs: logs.service, cos, ...agents });

  await mountFirstSteps(context, { apps, cos, automations, backups });

  serveRest(context);
  followRuns(agents, runsOfAutomations, context.logger);
  automations.start();
  await agents.start();
  await outside.start();
  return {
    core,
    listen: (host, port) => listen(context.http, host, port),
    async stop() {
      // Socket.IO waits for every connection to end; the other one cuts those that stay.
      await Promise.all([closeServer(context.http), realtime.stop()]);
      await context.stopAll();
    },
  };
}

/** Processes as whoever repairs them sees and restarts them. */
function controlled(apps: BuiltApps["apps"], snapshots: BuiltApps["snapshots"]) {
  return {
    restart: (appId: string, processName: string) => apps.run(appId, "restart", processName),
    process(key: string) {
      const { processes, homes } = snapshots.current();
      if (homes.every(({ home, isUp }) => home !== "portos" || !isUp)) return "unknown" as const;
      return processes.find((process) => process.key === key) ?? null;
    },
  };
}

/** What no feature answers: the API's own pages, the built page, and the refusals at the end. */
function serveRest(context: AppContext): void {
  mountApiDocs(context.router, endpointGroups, context.version);
  const page = createStaticFiles({ root: join(context.env.rootDir, "dist/client") });
  context.app.use((request, response, next) => {
    if (!page(request, response)) next();
  });
  context.app.use(answerUnanswered(() => context.mounted.map(({ endpoint }) => endpoint)));
  context.app.use(routerErrors(context.logger));
}

async function hasTerminal(cos: CosClient): Promise<boolean> {
  if (!cos.isUp()) return false;
  return (await cos.list()).some(({ kind }) => kind === "shell");
}

/** Automations hear what became of the runs they have started. */
function followRuns(
  { runHooks, onRunsComplete }: Pick<BuiltAgents, "runHooks" | "onRunsComplete">,
  runs: AutomationRuns,
  logger: Logger,
): void {
  runHooks.onRunEnded(runs.hear);
  runHooks.onRunRemoved(runs.forget);
  onRunsComplete((isComplete) => {
    if (!isComplete) return;
    runs.lookAgain().catch((error: unknown) => {
      logger.error("The runs of automations could not be looked at", {}, error);
    });
  });
}

/** Of a session, or of the session a recording was made of. */
async function terminalName(cos: CosClient, id: string): Promise<string | undefined> {
  if (sessionIdSchema.safeParse(id).success) return (await cos.get(id)).name;
  return (await cos.recordings()).find((recording) => recording.id === id)?.name;
}

/** `null` while portos-cos does not answer. */
async function countRunningSessions(cos: CosClient): Promise<number | null> {
  try {
    return (await cos.list()).filter(({ state }) => state === "running").length;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

function tellDataProblem(notifications: NotificationService, problem: DataProblem): Promise<unknown> {
  return notifications.notify({
    level: "warning",
    title: `Look at ${problem.file}`,
    message: problem.message,
    key: `data:${problem.file}`,
    link: "/system",
    needsYou: true,
  });
}

async function buildNotifications(context: AppContext): Promise<NotificationService> {
  const store = await context.openStore("notifications", notificationsFile);
  const feed = createFeed(context.realtime, notificationsFeed, { snapshot: () => store.get().notifications });
  const notifications = createNotificationService({ store, clock: context.clock, publish: feed.publish });
  mountNotifications(context.mount, notifications);
  return notifications;
}

interface FirstSteps {
  apps: BuiltApps["apps"];
  cos: CosClient;
  automations: Pick<BuiltAutomations, "list">;
  backups: { list(): Promise<readonly unknown[]> };
}

/** What a new user has done already. */
async function mountFirstSteps(context: AppContext, { apps, cos, automations, backups }: FirstSteps): Promise<void> {
  mountOnboarding(context.mount, await openOnboarding(context), async () => ({
    "add-app": apps.list().length > 0,
    "start-app": apps.list().some(({ onlineCount }) => onlineCount > 0),
    "open-terminal": await hasTerminal(cos),
    "create-automation": automations.list().automations.length > 0,
    "open-on-phone": context.callers.hasSeenTailnet(),
    "make-backup": (await backups.list()).length > 0,
  }));
}

function openOnboarding(context: AppContext) {
  const schema = z.strictObject({ isDismissed: z.boolean(), done: z.array(onboardingStepSchema.shape.id) });
  return context.openStore<OnboardingFile>("onboarding", {
    schema,
    initial: { isDismissed: false, done: [] },
    version: 1,
  });
}
