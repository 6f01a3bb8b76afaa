import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { browserFeed, screenshotIdSchema } from "../../../contract/features/browser.ts";
import { browserProcessEndpoints } from "../../../contract/internal/browser.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { createBrowserRelay } from "./browser-relay.ts";
import { mountBrowser } from "./routes.ts";
import { createScreenshotStore } from "./screenshot-store.ts";

/** Mounts the browser feature and follows its process. Returns how to stop. */
export function startBrowser({ mount, realtime, env, clock, logger, names }: AppContext): () => void {
  const process = createInternalClient(browserProcessEndpoints, {
    baseUrl: `http://127.0.0.1:${env.ports.browserHealth}`,
    name: "portos-browser",
  });
  const relay = createBrowserRelay({
    process,
    clock,
    logger: logger.child("browser"),
    onChange: (view) => {
      feed.publish(view);
    },
  });
  const feed = createFeed(realtime, browserFeed, { snapshot: () => relay.view(), keep: 50 });
  const directory = join(env.dataDir, dataFiles.screenshots.path);
  const screenshots = createScreenshotStore({ directory, clock });
  mountBrowser(mount, { process, relay, screenshots });
  names.add("browser", async ({ id = "" }) => {
    if (screenshotIdSchema.safeParse(id).success) return screenshots.nameOf(id);
    const tab = (await process.tabs({})).find((open) => open.id === id);
    return tab?.title || tab?.url;
  });
  relay.start();
  return () => {
    relay.stop();
  };
}
