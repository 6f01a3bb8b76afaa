import { runsFeed, type Run } from "../../../contract/features/runs.ts";
import { internalRunsEndpoints } from "../../../contract/internal/runs.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { createRunsLink, type RunsLink } from "../../runs-link.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import type { PanelErrors } from "../notifications/panel-errors.ts";
import type { LendTools } from "../mcp/run-lender.ts";
import { registerAgentsChannel } from "./channel.ts";
import { lendingTools } from "./lend-tools.ts";
import { mountRuns } from "./routes.ts";
import { createRunBus, type RunHooks } from "./run-hooks.ts";
import { createRunRequests, runRequestsFile, type RunRequestsFile } from "./run-requests.ts";
import { createRunService, type RunService } from "./run-service.ts";
import type { RunServiceOptions } from "./run-starter.ts";
import { newRunId } from "./run-input.ts";
import { startRunSupplier } from "./run-supplier.ts";
import { tellUser } from "./tell-user.ts";
import { createRunTracker, type RunTracker } from "./run-tracker.ts";

interface Dependencies extends Pick<
  RunServiceOptions,
  "resolveTargets" | "renderTemplate" | "folderOf" | "setupOf" | "checkBudget" | "checkAllowed"
> {
  notifications: Pick<NotificationService, "notify" | "settle" | "list">;
  errors: PanelErrors;
  /** What runs get of PortOS to work with. */
  lend: LendTools;
}

export interface BuiltRuns {
  runs: RunService;
  hooks: RunHooks;
  /** Runs that have not ended, each with whom it asks; see `RunTracker`. */
  open(): { runs: { run: Run; providerId: string | null }[]; isComplete: boolean };
  onComplete: RunTracker["onComplete"];
  /** A run as it was heard of last. */
  known(id: string): Run | undefined;
  /** Says how many may run at once; said again whenever portos-cos comes back. */
  setLimits(limits: { total: number; perApp: number; perProvider: number }): void;
  newId(): string;
  /** What portos-cos tells. */
  link: Pick<RunsLink, "onMessage" | "onState">;
  start(): void;
}

/** Runs on the API, on the `runs` feed and on the `agents` channel. Hang on to `hooks` before `start()`. */
export async function buildRuns(context: AppContext, dependencies: Dependencies): Promise<BuiltRuns> {
  const { env, clock, mount, realtime } = context;
  const { notifications, errors, lend, ...resolvers } = dependencies;
  const logger = context.logger.child("runs");
  const address = `127.0.0.1:${env.ports.cos}`;
  const client = createInternalClient(internalRunsEndpoints, { baseUrl: `http://${address}`, name: "portos-cos" });
  const cos = lendingTools(client, lend, logger);
  const link = createRunsLink({ url: `ws://${address}`, logger });
  const bus = createRunBus(logger);
  const requests = createRunRequests(await context.openStore<RunRequestsFile>("runRequests", runRequestsFile));
  const feed = createFeed(realtime, runsFeed, { snapshot: () => tracker.snapshot() });
  const tracker = createRunTracker({ cos, link, requests, bus, publish: feed.publish, clock, logger });
  const runs = createRunService({ ...resolvers, cos, tracker, requests, bus, clock });

  mountRuns(mount, runs);
  const stopChannel = registerAgentsChannel(realtime, { link, logger, events: (id, query) => runs.events(id, query) });
  context.names.add("runs", async ({ id = "" }) => (await runs.get(id)).title);
  tellUser(bus, notifications, errors);

  const stopSupplying = startRunSupplier({ ...resolvers, cos, link, requests, hear: tracker.hear, logger });
  context.onStop(() => {
    tracker.stop();
    stopChannel();
    stopSupplying();
    link.stop();
  });
  let limits: Parameters<BuiltRuns["setLimits"]>[0] | null = null;
  const sendLimits = (): void => {
    if (limits === null || !link.isUp) return;
    cos.limits({ body: limits }).catch((error: unknown) => {
      logger.warn("portos-cos could not be told how many runs may go on", { problem: String(error) });
    });
  };
  link.onState(sendLimits);

  return {
    runs,
    hooks: bus,
    open() {
      const open = tracker.open();
      const known = open.runs.map((run) => ({
        run,
        providerId: run.attempts.at(-1)?.providerId ?? requests.get(run.id)?.choice?.providerId ?? null,
      }));
      return { runs: known, isComplete: open.isComplete };
    },
    onComplete: tracker.onComplete,
    known: (id) => tracker.known.get(id),
    setLimits(next) {
      limits = next;
      sendLimits();
    },
    newId: () => newRunId(clock.now()),
    link,
    start() {
      tracker.start();
      link.start();
    },
  };
}
