import { processesEndpoints, processesFeed } from "../../../contract/features/processes.ts";
import type { Mount } from "../../http/mount.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import type { ProcessService } from "./process-service.ts";
import type { Recovery } from "./recovery.ts";
import type { ProcessSnapshots } from "./process-snapshot.ts";

/** Mounts the processes of both PM2 homes and their feed. `onWatched` is told when somebody looks at it. */
export function mountProcesses(
  mount: Mount,
  realtime: Realtime,
  dependencies: {
    service: ProcessService;
    snapshots: ProcessSnapshots;
    recovery: Recovery;
    onWatched: (isWatched: boolean) => void;
  },
): void {
  const { service, snapshots, recovery, onWatched } = dependencies;
  mount(
    "processes",
    processesEndpoints,
  )({
    list: () => snapshots.current(),
    metrics: ({ query: { of } }) =>
      snapshots.metrics((key) => of === undefined || key === of || key.startsWith(`${of}/`)),
    restartEffect: ({ params }) => service.restartEffect(params.key),
    recover: ({ body }) => recovery.recover(body),
    start: ({ params }) => service.start(params.key),
    stop: ({ params }) => service.stop(params.key),
    restart: ({ params }) => service.restart(params.key),
  });
  const feed = createFeed(realtime, processesFeed, { snapshot: () => snapshots.current() });
  feed.onWatched(onWatched);
  snapshots.onEvent((event) => {
    // Samples are worth nothing to those who were not there.
    if (event.type !== "samples" || feed.isWatched()) feed.publish(event);
  });
}
