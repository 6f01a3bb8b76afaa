import { browserEndpoints } from "../../../contract/features/browser.ts";
import type { BrowserState } from "../../../contract/internal/browser.ts";
import type { Mount } from "../../http/mount.ts";
import type { BrowserProcess } from "./browser-relay.ts";
import type { BrowserView } from "../../../contract/features/browser.ts";
import type { ScreenshotStore } from "./screenshot-store.ts";

export interface BrowserRouteParts {
  process: BrowserProcess;
  relay: { view(): BrowserView; heard(state: BrowserState): void };
  screenshots: ScreenshotStore;
}

/** Chrome may have to end and to start before a command is answered. */
const commandTimeoutMs = 45_000;
const captureTimeoutMs = 15_000;

/** Endpoints of the browser: state and commands go to its process, screenshots stay here. */
export function mountBrowser(mount: Mount, { process, relay, screenshots }: BrowserRouteParts): void {
  const slow = { timeoutMs: commandTimeoutMs };

  async function command(answer: Promise<BrowserState>): Promise<BrowserState> {
    const state = await answer;
    relay.heard(state);
    return state;
  }

  mount(
    "browser",
    browserEndpoints,
  )({
    view: () => relay.view(),
    saveSettings: ({ body }) => command(process.saveSettings({ body }, slow)),
    start: () => command(process.start({}, slow)),
    stop: () => command(process.stop({}, slow)),
    restart: () => command(process.restart({}, slow)),
    tabs: () => process.tabs({}),
    openTab: ({ body }) => process.openTab({ body }),
    activateTab: ({ params }) => process.activateTab({ params }),
    closeTab: ({ params }) => process.closeTab({ params }),
    takeScreenshot: async ({ params }) => {
      const { png, ...where } = await process.capture({ params }, { timeoutMs: captureTimeoutMs });
      return screenshots.save({ ...where, png: Buffer.from(png, "base64") });
    },
    screenshots: ({ query }) => screenshots.page(query.before, query.limit),
    image: async ({ params, query }) => {
      const { screenshot, png } = await screenshots.image(params.id);
      const kind = query.download === undefined ? "inline" : "attachment";
      return {
        headers: {
          "Content-Type": "image/png",
          "Content-Length": String(png.length),
          "Content-Disposition": `${kind}; filename="screenshot-${screenshot.id}.png"`,
          "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
          "X-Content-Type-Options": "nosniff",
          "Cache-Control": "private, max-age=86400, immutable",
        },
        body: png,
      };
    },
    deleteScreenshot: ({ params }) => screenshots.remove(params.id),
    restoreScreenshot: ({ params }) => screenshots.restore(params.id),
  });
}
