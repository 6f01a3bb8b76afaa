import { runsFeed } from "../../../contract/features/runs.ts";
import { internalRunsEndpoints } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { createRunsLink } from "../../runs-link.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import type { PanelErrors } from "../notifications/panel-errors.ts";
import { registerAgentsChannel } from "./channel.ts";
import { mountRuns } from "./routes.ts";
import { createRunBus, type RunHooks } from "./run-hooks.ts";
import { endNotice, runKey, runLink } from "./run-notices.ts";
import { createRunRequests, runRequestsFile, type RunRequestsFile } from "./run-requests.ts";
import { createRunService, type RunService } from "./run-service.ts";
import type { RunServiceOptions } from "./run-starter.ts";
import { createRunTracker } from "./run-tracker.ts";

interface Dependencies extends Pick<
  RunServiceOptions,
  "resolveTargets" | "renderTemplate" | "folderOf" | "checkBudget"
> {
  notifications: Pick<NotificationService, "notify" | "settle" | "list">;
  errors: PanelErrors;
}

/** Runs on the API, on the `runs` feed and on the `agents` channel. Hang on to `hooks` before `start()`. */
export async function buildRuns(
  context: AppContext,
  dependencies: Dependencies,
): Promise<{ runs: RunService; hooks: RunHooks; start(): void }> {
  const { env, clock, mount, realtime } = context;
  const { notifications, errors, ...resolvers } = dependencies;
  const logger = context.logger.child("runs");
  const address = `127.0.0.1:${env.ports.cos}`;
  const cos = createInternalClient(internalRunsEndpoints, { baseUrl: `http://${address}`, name: "portos-cos" });
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

  context.onStop(() => {
    tracker.stop();
    stopChannel();
    link.stop();
  });
  return {
    runs,
    hooks: bus,
    start() {
      tracker.start();
      link.start();
    },
  };
}

/** Ends go to the notification centre, failures to the `errors` channel, too. */
function tellUser(hooks: RunHooks, notifications: Dependencies["notifications"], errors: PanelErrors): void {
  hooks.onRunChanged(async (run) => {
    if (isOpenState(run.state)) await notifications.settle(runKey(run.id));
  });
  hooks.onRunEnded(async (run) => {
    const notice = endNotice(run);
    if (notice) await notifications.notify(notice);
  });
  hooks.onRunFailed(({ id, title, state, message }) => {
    errors.report({
      source: `run ${title}`,
      message: message ?? (state === "interrupted" ? "It was interrupted" : "It failed"),
      link: runLink(id),
    });
  });
  hooks.onRunRemoved(async ({ id }) => {
    await notifications.settle(runKey(id));
  });
}
