import { appsEndpoints, appsFeed, type App } from "../../../contract/features/apps.ts";
import { reusableReply } from "../../../lib/endpoint-runner.ts";
import type { GitState } from "../../../lib/processes/git.ts";
import type { Mount } from "../../http/mount.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import type { AppService } from "./app-service.ts";
import { iconHeaders } from "./icon-finder.ts";

export interface AppsDependencies {
  apps: AppService;
  addSample: () => Promise<App>;
  gitState: (folder: string) => Promise<GitState | null>;
  /** Told when somebody looks at the apps. */
  onWatched: (isWatched: boolean) => void;
}

/** Mounts the apps and their feed. */
export function mountApps(mount: Mount, realtime: Realtime, dependencies: AppsDependencies): void {
  const { apps, addSample, gitState, onWatched } = dependencies;
  mount(
    "apps",
    appsEndpoints,
  )({
    list: () => reusableReply(apps.list()),
    get: ({ params }) => apps.get(params.id),
    create: ({ body }) => apps.create(body),
    createSample: () => addSample(),
    update: ({ params, body }) => apps.update(params.id, body),
    remove: ({ params }) => apps.remove(params.id),
    restore: ({ params }) => apps.restore(params.id),
    start: ({ params }) => apps.run(params.id, "start"),
    stop: ({ params }) => apps.run(params.id, "stop"),
    restart: ({ params }) => apps.run(params.id, "restart"),
    startProcess: ({ params }) => apps.run(params.id, "start", params.process),
    stopProcess: ({ params }) => apps.run(params.id, "stop", params.process),
    restartProcess: ({ params }) => apps.run(params.id, "restart", params.process),
    git: ({ params }) => gitState(apps.get(params.id).folder),
    async icon({ params }) {
      const icon = await apps.icon(params.id);
      return { headers: iconHeaders(icon), body: icon.bytes };
    },
  });
  const feed = createFeed(realtime, appsFeed, { snapshot: () => apps.list() });
  apps.onEvent(feed.publish);
  feed.onWatched((isWatched) => {
    apps.setWatched(isWatched);
    onWatched(isWatched);
  });
}
