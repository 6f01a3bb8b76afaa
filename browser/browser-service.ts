import {
  browserSettingsSchema,
  type BrowserSettings,
  type BrowserState,
  type BrowserTab,
  type InstallHelp,
} from "../contract/internal/browser.ts";
import { AppError } from "../lib/app-error.ts";
import type { JsonStore } from "../lib/json-store.ts";
import type { Revision } from "../lib/revision.ts";
import type { CdpHttp } from "../lib/chrome/cdp-http.ts";
import { withBrowserClient } from "../lib/chrome/cdp-session.ts";
import type { ChromeSupervisor } from "./chrome-supervisor.ts";
import type { DeepHealthCheck } from "./deep-health.ts";
import { createUserTabs } from "./user-tabs.ts";

export interface BrowserServiceOptions {
  supervisor: ChromeSupervisor;
  health: DeepHealthCheck;
  http: CdpHttp;
  store: JsonStore<BrowserSettings>;
  revision: Revision;
  installHelp(): InstallHelp;
}

const captureTimeoutMs = 10_000;
/** A page that was opened this very moment has nothing to draw yet. */
const captureTries = 5;
const captureRetryMs = 200;
const mostTextCharacters = 200_000;

/** What the outside may ask of the browser process. */
export function createBrowserService(options: BrowserServiceOptions) {
  const { supervisor, health, http, store, revision } = options;

  function state(): BrowserState {
    const running = supervisor.running();
    const progress = supervisor.progress();
    return {
      ...progress,
      version: running?.version ?? null,
      pid: running?.pid ?? null,
      isHeadless: store.get().isHeadless,
      isAdopted: running?.isAdopted ?? false,
      health: health.last(),
      install: progress.status === "not_installed" ? options.installHelp() : null,
      settings: store.get(),
    };
  }

  /** What Chrome was last told to follow; a settings file that says something else was changed by hand. */
  let applied = JSON.stringify(store.get());
  store.subscribe((settings) => {
    if (JSON.stringify(settings) === applied) return;
    applied = JSON.stringify(settings);
    void supervisor.apply("The settings file changed");
  });

  async function save(settings: BrowserSettings, reason: string): Promise<BrowserState> {
    applied = JSON.stringify(settings);
    await store.update(() => ({ next: settings, result: undefined }));
    await supervisor.apply(reason);
    return state();
  }

  function needChrome(): void {
    if (supervisor.running()) return;
    const { status, reason } = supervisor.progress();
    throw new AppError("unavailable", `Chrome is not running (${status.replace("_", " ")})`, {
      hint: reason ?? "Start it on the System page.",
    });
  }

  const userTabs = createUserTabs(http, health);
  async function tabs(): Promise<BrowserTab[]> {
    needChrome();
    return userTabs.list();
  }

  /** To read from: a page that might be another's is none. */
  async function needOwnTab(id: string): Promise<BrowserTab> {
    needChrome();
    return found(await userTabs.sure(), id);
  }

  return {
    state,
    revision,
    health,
    tabs,
    version: () => http.version(),
    saveSettings: (settings: BrowserSettings) => save(browserSettingsSchema.parse(settings), "The settings changed"),
    start: () => save({ ...store.get(), isEnabled: true }, "Started by you"),
    stop: () => save({ ...store.get(), isEnabled: false }, "Stopped by you"),
    async restart(): Promise<BrowserState> {
      if (!store.get().isEnabled) return save({ ...store.get(), isEnabled: true }, "Started by you");
      await supervisor.apply("Restarted by you");
      return state();
    },
    async openTab(url: string): Promise<BrowserTab> {
      needChrome();
      return http.open(url);
    },
    async activateTab(id: string): Promise<void> {
      found(await tabs(), id);
      await http.activate(id);
    },
    async closeTab(id: string): Promise<void> {
      const open = await tabs();
      found(open, id);
      // With a window, Chrome ends with its last tab.
      if (open.length === 1) await http.open("about:blank");
      await http.close(id);
    },
    async text(id: string) {
      const { title, url } = await needOwnTab(id);
      const whole = await textOfTab(http, id);
      return { title, url, text: whole.slice(0, mostTextCharacters), isCut: whole.length > mostTextCharacters };
    },
    async capture(id: string) {
      const tab = await needOwnTab(id);
      const png = await captureTab(http, id);
      const size = pngSize(png);
      return { title: tab.title, url: tab.url, ...size, png };
    },
  };
}

export type BrowserService = ReturnType<typeof createBrowserService>;

function found(tabs: readonly BrowserTab[], id: string): BrowserTab {
  const tab = tabs.find((candidate) => candidate.id === id);
  if (!tab) throw new AppError("not_found", "That tab is not open any more");
  return tab;
}

async function captureTab(http: CdpHttp, targetId: string): Promise<string> {
  return withBrowserClient(http, captureTimeoutMs, async (client) => {
    const { sessionId } = await client.send("Target.attachToTarget", { targetId, flatten: true });
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await client.send("Page.captureScreenshot", { format: "png" }, sessionId)).data;
      } catch (cause) {
        if (attempt === captureTries)
          throw new AppError("upstream_failed", "Chrome could not draw this tab", {
            cause,
            hint: "Wait until the page has loaded, or bring the tab to the front.",
          });
        await new Promise((resolve) => setTimeout(resolve, captureRetryMs));
      }
    }
  });
}

/** In a world of its own, so that no script of the page has a hand in it. */
async function textOfTab(http: CdpHttp, targetId: string): Promise<string> {
  return withBrowserClient(http, captureTimeoutMs, async (client) => {
    const { sessionId } = await client.send("Target.attachToTarget", { targetId, flatten: true });
    const { frameTree } = await client.send("Page.getFrameTree", undefined, sessionId);
    const world = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id }, sessionId);
    const { result } = await client.send(
      "Runtime.evaluate",
      {
        expression: `(document.body?.innerText ?? "").slice(0, ${mostTextCharacters + 1})`,
        contextId: world.executionContextId,
        returnByValue: true,
      },
      sessionId,
    );
    return typeof result.value === "string" ? result.value : "";
  });
}

/** Width and height are the first two numbers of a PNG's first chunk (RFC 2083, 4.1.1). */
function pngSize(base64: string): { width: number; height: number } {
  const head = Buffer.from(base64.slice(0, 32), "base64");
  if (head.length < 24) throw new AppError("upstream_failed", "Chrome drew nothing");
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}
