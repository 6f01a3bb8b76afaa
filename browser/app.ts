import { accessSync, constants, mkdirSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { arch, homedir } from "node:os";
import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import { browserProcessEndpoints, browserSettingsSchema } from "../contract/internal/browser.ts";
import { systemClock } from "../lib/clock.ts";
import { sendJson } from "../lib/endpoint-runner.ts";
import type { Env } from "../lib/env.ts";
import { createGate } from "../lib/gate.ts";
import { bind, createHttpService } from "../lib/http-service.ts";
import { openJsonStore } from "../lib/json-store.ts";
import type { Logger } from "../lib/logger.ts";
import { createRefusalTeller } from "../lib/refusal-teller.ts";
import { createRevision } from "../lib/revision.ts";
import { createBrowserService, type BrowserService } from "./browser-service.ts";
import { createCdpHttp } from "../lib/chrome/cdp-http.ts";
import { chromeArguments } from "./chrome-arguments.ts";
import { createChromeProcess } from "./chrome-process.ts";
import { ChromeSupervisor, type SupervisorTiming } from "./chrome-supervisor.ts";
import { createDeepHealth } from "./deep-health.ts";
import { findChrome } from "./find-chrome.ts";
import { installHelp } from "./install-help.ts";

export interface BrowserAppOptions {
  env: Env;
  logger: Logger;
  /** Shortened by tests. */
  timing?: SupervisorTiming;
  /** Further switches for Chrome. */
  moreArguments?: readonly string[];
}

/** Builds portos-browser: one Chrome, its settings, and the loopback service that answers whatever state Chrome is in. */
export async function createBrowserApp({ env, logger, timing, moreArguments = [] }: BrowserAppOptions) {
  const profileDir = join(env.dataDir, dataFiles.browserProfile.path);
  mkdirSync(env.dataDir, { recursive: true, mode: 0o700 });
  const store = await openJsonStore({
    file: join(env.dataDir, dataFiles.browserConfig.path),
    schema: browserSettingsSchema,
    initial: browserSettingsSchema.parse({}),
    version: 1,
    logger,
  });
  const address = { host: env.cdpHost, port: env.ports.cdp };
  const http = createCdpHttp(address);
  const revision = createRevision();
  const health = createDeepHealth({ http, clock: systemClock, isHeadless: () => store.get().isHeadless });
  const supervisor = new ChromeSupervisor({
    chrome: createChromeProcess({
      http,
      port: address.port,
      profileDir,
      logFile: join(env.logsDir, "chrome.log"),
      logger,
    }),
    health,
    ping: () => http.version(),
    find: () => findChrome(env.chromePath ?? store.get().chromePath, machine),
    arguments: () =>
      chromeArguments({
        settings: store.get(),
        cdpHost: address.host,
        cdpPort: address.port,
        profileDir,
        isRoot: process.getuid?.() === 0,
        more: moreArguments,
      }),
    settings: () => store.get(),
    onChange: () => {
      revision.bump();
    },
    clock: systemClock,
    logger,
    ...(timing ? { timing } : {}),
  });
  const service = createBrowserService({ supervisor, health, http, store, revision, installHelp: helpForThisMachine });
  const refusals = createRefusalTeller({ process: "portos-browser", env, logger });
  const { onProgramRefused } = refusals;
  const gate = createGate({ peers: "loopback", ports: [env.ports.browserHealth], env, logger, onProgramRefused });
  const listener = createHttpService({
    name: "portos-browser",
    host: "127.0.0.1",
    port: env.ports.browserHealth,
    gate,
    logger,
    endpoints: bindService(service),
    health: () => describeHealth(service),
    fallback: (request, response) => answerVersion(service, request, response),
  });

  return {
    service,
    listener,
    async start(): Promise<{ port: number }> {
      const listening = await listener.start();
      supervisor.start();
      return listening;
    },
    async stop(): Promise<void> {
      revision.bump(); // answers everybody who waits for a change
      await listener.stop();
      refusals.stop();
      await supervisor.stop();
      await store.close();
    },
  };
}

const machine = { platform: process.platform, variables: process.env, homeDir: homedir(), isExecutable };

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // missing or not ours to run: the same for a search
  }
}

function helpForThisMachine() {
  let osRelease = "";
  try {
    osRelease = readFileSync("/etc/os-release", "utf8");
  } catch {
    osRelease = ""; // not every system has one
  }
  return installHelp({ platform: process.platform, arch: arch(), osRelease });
}

function bindService(service: BrowserService) {
  return bind(
    "browserProcess",
    browserProcessEndpoints,
  )({
    changes: async ({ query }, { signal }) => {
      await service.revision.wait(query.after, query.waitMs, signal);
      return { revision: service.revision.current(), state: service.state() };
    },
    saveSettings: ({ body }) => service.saveSettings(body),
    start: () => service.start(),
    stop: () => service.stop(),
    restart: () => service.restart(),
    tabs: () => service.tabs(),
    openTab: ({ body }) => service.openTab(body.url),
    activateTab: async ({ params }) => {
      await service.activateTab(params.id);
      return null;
    },
    closeTab: async ({ params }) => {
      await service.closeTab(params.id);
      return null;
    },
    text: ({ params }) => service.text(params.id),
    capture: ({ params }) => service.capture(params.id),
  });
}

/**
 * The process is well when Chrome works, and also when there is none to run: that is a state to show, not a failure to
 * alarm about. A Chrome that should run and does not work is `degraded`.
 */
async function describeHealth(service: BrowserService): Promise<Record<string, unknown>> {
  const { status, reason, version } = service.state();
  const deep = status === "online" ? await service.health.check() : null;
  const isFine = status === "online" ? deep?.isOk === true : status === "stopped" || status === "not_installed";
  return { status: isFine || status === "launching" ? "ok" : "degraded", chrome: status, reason, version, deep };
}

/** `GET /json/version` as Chrome gives it, with the address of its remote control written by us. */
async function answerVersion(
  service: BrowserService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (request.method !== "GET" || request.url?.split("?")[0] !== "/json/version") return false;
  sendJson(response, 200, await service.version());
  return true;
}
