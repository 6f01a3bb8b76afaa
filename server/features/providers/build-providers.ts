import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { providersFeed } from "../../../contract/features/providers.ts";
import type { RunChoice } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { timeText } from "../../time-text.ts";
import { createProgramFinder } from "./agent-programs.ts";
import { keepKeysSealed } from "./key-keeper.ts";
import { followProviders } from "./provider-follower.ts";
import { type ProviderHealthFile, providerHealthFile } from "./health-memory.ts";
import { createProviderHealths, type ProviderHealths } from "./provider-health.ts";
import { createProbe } from "./provider-probe.ts";
import { type ProvidersFile, providersFile } from "./provider-record.ts";
import { createProviderService, type ProviderService } from "./provider-service.ts";
import { type ProviderStanding, standingOf } from "./provider-standing.ts";
import { createProviderStore } from "./provider-store.ts";
import { resolveTargets } from "./resolve-targets.ts";
import { mountProviders } from "./routes.ts";

const staleMs = 5 * 60_000;
const firstLookMs = 3_000;

/** What other features get of providers. */
export interface Providers {
  service: ProviderService;
  /** Whom to ask for a run, in order, secrets in the clear; see `resolveTargets`. */
  resolveTargets(choice: RunChoice): Promise<RunTarget[]>;
  /** What became of an attempt with a provider; sets it, or the model that was asked, limited, down or up. */
  noteOutcome: ProviderHealths["noteOutcome"];
  /** How each of them stands, as last seen. */
  standing(): ProviderStanding[];
  /** Told after each change of a provider or of its health. */
  onChange(listener: () => void): void;
  /** Looks at APIs that are on. Nothing leaves the machine before. */
  start(): void;
}

/** Opens the files, mounts endpoints and feed. While `panic` is on nobody is looked at. */
export async function buildProviders(
  context: AppContext,
  { panic }: { panic: { isOn(): boolean; check(): void } },
): Promise<Providers> {
  const { clock, env, mount, realtime, secrets } = context;
  const logger = context.logger.child("providers");
  const zone = machineZone();
  const programs = createProgramFinder({ variables: process.env, cwd: env.rootDir });
  const file = await context.openStore<ProvidersFile>("providers", providersFile);
  const stopSealing = await keepKeysSealed({
    store: file,
    file: join(env.dataDir, dataFiles.providers.path),
    secrets,
    logger,
  });
  const store = createProviderStore(file);
  const feed = createFeed(realtime, providersFeed, { snapshot: () => service.list() });
  const listeners: (() => void)[] = [];
  const publish: typeof feed.publish = (event) => {
    feed.publish(event);
    for (const listener of listeners) listener();
  };
  const healths = createProviderHealths({
    store: await context.openStore<ProviderHealthFile>("providerHealth", providerHealthFile),
    probe: createProbe({ ownPorts: Object.values(env.ports), secrets, programs, clock, zone }),
    find: store.find,
    isClosed: panic.isOn,
    clock,
    zone,
    logger,
    publish: (health) => {
      publish({ kind: "health", health });
    },
  });
  const resolving = {
    find: store.find,
    healthOf: healths.of,
    secrets,
    programs,
    now: () => clock.now(),
    timeText: (at: number) => timeText(at, clock.now(), zone),
  };
  const service: ProviderService = createProviderService({
    store,
    healths,
    secrets,
    resolving,
    clock,
    checkAllowed: panic.check,
  });
  const stopFollowing = followProviders({ store, healths, secrets, publish });
  mountProviders(mount, service, programs);
  context.names.add("providers", ({ id = "" }) => store.find(id)?.name);

  const refresh = (): void => {
    healths.refresh(store.all(), staleMs);
  };
  let watching: NodeJS.Timeout | undefined;
  feed.onWatched((isWatched) => {
    clearInterval(watching);
    if (!isWatched) return;
    refresh();
    watching = setInterval(refresh, staleMs);
  });
  let first: NodeJS.Timeout | undefined;
  context.onStop(() => {
    clearTimeout(first);
    clearInterval(watching);
    healths.stop();
    stopFollowing();
    stopSealing();
  });
  return {
    service,
    resolveTargets: (choice) => resolveTargets(choice, resolving),
    noteOutcome: (id, ...outcome) => {
      if (store.find(id) !== null) healths.noteOutcome(id, ...outcome);
    },
    standing: () => store.all().map((record) => standingOf(record, resolving)),
    onChange: (listener) => void listeners.push(listener),
    start() {
      healths.start();
      first = setTimeout(refresh, firstLookMs);
    },
  };
}
