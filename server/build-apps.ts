import { homedir } from "node:os";
import { join } from "node:path";

import type { App as AppReply } from "../contract/features/apps.ts";
import type { Pm2Home } from "../contract/features/processes.ts";
import type { FolderReader } from "../lib/folder-reader.ts";
import { createKnownSecrets } from "../lib/known-secrets.ts";
import { childEnvironment } from "../lib/processes/child-environment.ts";
import { createOwnFolders } from "../lib/own-folders.ts";
import { findProgram } from "../lib/processes/find-program.ts";
import { gitState } from "../lib/processes/git.ts";
import { listeningPorts } from "../lib/processes/listening-ports.ts";
import { createPm2Client, type Pm2Client } from "../lib/processes/pm2-client.ts";
import { shareRuns } from "../lib/share-runs.ts";
import { openProcessRecord } from "../lib/processes/process-record.ts";
import type { Core } from "./app.ts";
import { appsFile, type AppsFile } from "./features/apps/app-record.ts";
import { createLostStarter } from "./features/apps/lost-starter.ts";
import { createAppRunner } from "./features/apps/app-runner.ts";
import { createAppService, type AppService } from "./features/apps/app-service.ts";
import { createFolderFacts } from "./features/apps/folder-facts.ts";
import type { EcosystemEntry } from "./features/apps/resolve-spec.ts";
import { mountApps } from "./features/apps/routes.ts";
import { addSampleApp } from "./features/apps/sample-app.ts";
import { createDetectService } from "./features/detect/detect-service.ts";
import { slugOf } from "./features/detect/draw-plan.ts";
import { ecosystemFolder, readEcosystemFile } from "./features/detect/ecosystem-file.ts";
import { mountDetect } from "./features/detect/routes.ts";
import { createProcessService, type ProcessService } from "./features/processes/process-service.ts";
import { watchPm2 } from "./features/processes/pm2-watch.ts";
import { createRecovery } from "./features/processes/recovery.ts";
import { keepMetrics } from "./features/processes/metrics-file.ts";
import { createMetricsRing } from "./features/processes/metrics-ring.ts";
import { createProcessSnapshots, type ProcessSnapshots } from "./features/processes/process-snapshot.ts";
import { appNamespace, appProcessKey, ownerOf } from "./features/processes/process-view.ts";
import { mountProcesses } from "./features/processes/routes.ts";

/** What other features may use of the apps and their processes. */
export interface BuiltApps {
  apps: AppService;
  snapshots: ProcessSnapshots;
  processes: ProcessService;
  clients: Record<Pm2Home, Pm2Client | null>;
}

export interface BuildAppsOptions {
  /** Terminals and commands that run in portos-cos now; `null` when it does not answer. */
  countSessions: () => Promise<number | null>;
  /** Processes the autofixer has stopped for good, by key, with its reason. */
  givenUp: () => ReadonlyMap<string, string>;
  /** PM2 clients; replaced in tests. */
  clients?: Record<Pm2Home, Pm2Client | null>;
}

/** Builds processes, detection and apps, which look at each other through functions only. */
export async function buildApps(
  { context, settings, notifications, errors }: Core,
  options: BuildAppsOptions,
): Promise<BuiltApps> {
  const { env, clock, mount, realtime, secrets } = context;
  const logger = context.logger.child("apps");
  const clients = options.clients ?? createClients(context);
  const ring = createMetricsRing();
  const curves = await keepMetrics({ file: join(env.stateDir, "metrics.json"), ring, now: () => clock.now(), logger });
  context.onStop(() => curves.stop());
  const snapshots = createProcessSnapshots({
    ring,
    givenUp: options.givenUp,
    clients: (["portos", "user"] as const).flatMap((home) => {
      const client = clients[home];
      return client ? [{ home, client }] : [];
    }),
    // Processes of a replaced client are not those of this machine.
    ...(options.clients ? {} : { record: await openProcessRecord({ ...env, now: () => clock.now(), logger }) }),
    clock,
    logger,
  });
  const processes = createProcessService({ snapshots, clients, logger, ownName: "portos-server", ...options });
  const store = await context.openStore<AppsFile>("apps", appsFile);
  // Programs started by an earlier run go on printing what they were given then.
  await createKnownSecrets({ env, logger }).refresh();
  const runner = createAppRunner({
    snapshots,
    clients,
    listeningPorts,
    secrets,
    baseEnvironment: () => childEnvironment(),
    readEcosystem,
    logsDir: join(env.logsDir, "apps"),
    pm2Name: appProcessKey,
    pm2Namespace: appNamespace,
  });
  const apps = createAppService({
    store,
    runner,
    onProcesses: snapshots.onEvent,
    facts: createFolderFacts(clock),
    secrets,
    own: createOwnFolders(env),
    editorTemplate: () => settings.get().editorUrl,
    clock,
    logger,
    slugOf,
  });
  const detect = createDetectService({
    clock,
    logger,
    gitState,
    listeningPorts,
    processes: async () => (await snapshots.refresh()).processes,
    apps: () => apps.list().map(toNeighbour),
    panelPorts: Object.values(env.ports),
    hasProgram: (name) => findProgram(name, env.rootDir, process.env["PATH"]) !== null,
  });

  const watching = createWatchers(snapshots.setWatched);
  const isPm2Up = async (): Promise<boolean> => (await clients.portos?.isUp()) ?? false;
  const recovery = createRecovery({
    env,
    logger,
    isPm2Up,
    countSessions: options.countSessions,
    report: errors.report,
  });
  mountProcesses(mount, realtime, { service: processes, snapshots, recovery, onWatched: watching("processes") });
  context.onStop(watchPm2({ snapshots, notifications, report: errors.report, logger }));
  mountDetect(mount, realtime, { detect, home: homedir(), logger });
  mountApps(mount, realtime, {
    apps,
    // Asked for twice at the same time it is added once.
    addSample: shareRuns(() => addSampleApp({ apps, rootDir: env.rootDir, dataDir: env.dataDir, listeningPorts })),
    gitState,
    onWatched: watching("apps"),
  });

  snapshots.onLost(createLostStarter({ apps, ownerOf, logger }));
  await apps.start();
  snapshots.start();
  context.onStop(() => {
    apps.stop();
    snapshots.stop();
    for (const client of Object.values(clients)) client?.close();
  });
  return { apps, snapshots, processes, clients };
}

function createClients({ env, logger }: Core["context"]): Record<Pm2Home, Pm2Client | null> {
  return {
    portos: createPm2Client({ home: "portos", directory: env.pm2Home, logger: logger.child("pm2") }),
    user:
      env.userPm2Home === null
        ? null
        : createPm2Client({ home: "user", directory: env.userPm2Home, logger: logger.child("pm2/user") }),
  };
}

/** Several feeds look at one source: it is watched while any of them is. */
function createWatchers(setWatched: (isWatched: boolean) => void): (name: string) => (isWatched: boolean) => void {
  const active = new Set<string>();
  return (name) => (isWatched) => {
    if (isWatched) active.add(name);
    else active.delete(name);
    setWatched(active.size > 0);
  };
}

async function readEcosystem(
  folder: FolderReader,
  file: string,
): Promise<{ entries: EcosystemEntry[]; problem: string | null } | null> {
  const content = await readEcosystemFile(folder, file);
  if (content === null) return null;
  const entries = content.processes.map((entry): EcosystemEntry => {
    const inside = ecosystemFolder(folder.root, content, entry.cwd);
    return { ...entry, folder: inside === null ? null : join(folder.root, inside) };
  });
  return { entries, problem: content.problem };
}

function toNeighbour({ id, name, folder, processes }: AppReply): {
  id: string;
  name: string;
  folder: string;
  ports: number[];
} {
  return { id, name, folder, ports: processes.flatMap(({ ports }) => ports) };
}
