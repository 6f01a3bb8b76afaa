import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { browserProcessEndpoints, browserSettingsSchema, type BrowserState } from "../contract/internal/browser.ts";
import { parseEnv, type Env } from "../lib/env.ts";
import { createInternalClient } from "../lib/internal-client.ts";
import { silentLogger } from "../lib/logger.ts";
import { isProcessAlive } from "../lib/processes/process-info.ts";
import { runCommand } from "../lib/processes/run-command.ts";
import { spawnChild } from "../lib/processes/spawn-child.ts";
import { freePort } from "../lib/testing/free-port.ts";
import { createBrowserApp } from "./app.ts";

/** Pages of the test reach nothing outside, whatever Chrome would like to fetch. */
const moreArguments = ["--component-updater=url-source=http://127.0.0.1:9/", "--gaia-url=http://127.0.0.1:9"];
const timing = {
  pausesMs: [100, 200],
  stableMs: 60_000,
  watchMs: 300,
  deepEveryMs: 60_000,
  suspectBudgetMs: 1_500,
  searchMs: 300,
};

let directory: string;
let env: Env;
let apps: Awaited<ReturnType<typeof createBrowserApp>>[];
let pids: number[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-browser-"));
  env = parseEnv(
    {
      HOME: directory,
      PORTOS_BASE_PORT: String(await freePort()),
      PORTOS_DATA_DIR: join(directory, "data"),
      PORTOS_STATE_DIR: join(directory, "state"),
    },
    directory,
  );
  apps = [];
  pids = [];
});

afterEach(async () => {
  for (const app of apps) await app.stop();
  for (const pid of pids) if (await isProcessAlive(pid)) process.kill(pid, "SIGKILL");
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

async function start(overrides: Partial<Env> = {}) {
  const app = await createBrowserApp({ env: { ...env, ...overrides }, logger: silentLogger, timing, moreArguments });
  apps.push(app);
  await app.start();
  const baseUrl = `http://127.0.0.1:${env.ports.browserHealth}`;
  return { app, baseUrl, client: createInternalClient(browserProcessEndpoints, { baseUrl, name: "portos-browser" }) };
}

async function until(app: { service: { state(): BrowserState } }, status: BrowserState["status"], more = () => true) {
  await expect.poll(() => (more() ? app.service.state().status : "other"), { timeout: 40_000 }).toBe(status);
  const state = app.service.state();
  if (state.pid !== null) pids.push(state.pid);
  return state;
}

describe("with a real Chrome", () => {
  test("it starts, proves its health, opens tabs and takes pictures of them", async () => {
    const site = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end("<title>Hello</title><body style='background:red'>Words<p hidden>unseen");
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const siteAddress = site.address();
    const url = `http://127.0.0.1:${typeof siteAddress === "object" ? (siteAddress?.port ?? 0) : 0}/`;
    try {
      const { app, client, baseUrl } = await start();
      const state = await until(app, "online");
      expect(state).toMatchObject({ isAdopted: false, restarts: 0 });
      expect(state.version).toMatch(/^(?:Headless)?Chrom/);

      const health = await fetch(`${baseUrl}/health`);
      expect([health.status, await health.json()]).toMatchObject([200, { status: "ok", deep: { isOk: true } }]);

      const version = (await (await fetch(`${baseUrl}/json/version`)).json()) as { webSocketDebuggerUrl: string };
      expect(version.webSocketDebuggerUrl).toMatch(
        new RegExp(`^ws://127\\.0\\.0\\.1:${env.ports.cdp}/devtools/browser/[\\w-]+$`),
      );

      const tab = await client.openTab({ body: { url } });
      await expect
        .poll(async () => (await client.tabs({})).map(({ title }) => title))
        .toEqual(expect.arrayContaining(["Hello", "about:blank"]));
      const read = await client.text({ params: { id: tab.id } });
      expect(read).toMatchObject({ title: "Hello", url, isCut: false });
      expect(read.text.trim()).toBe("Words");
      const picture = await client.capture({ params: { id: tab.id } });
      expect(picture).toMatchObject({ title: "Hello", url });
      expect(Buffer.from(picture.png, "base64").subarray(1, 4).toString()).toBe("PNG");
      expect(picture.width).toBeGreaterThan(500);

      await client.closeTab({ params: { id: tab.id } });
      await expect.poll(async () => (await client.tabs({})).length).toBe(1);
      await expect(client.closeTab({ params: { id: tab.id } })).rejects.toMatchObject({ code: "not_found" });
      await expect(client.openTab({ body: { url: "file:///etc/passwd" } })).rejects.toMatchObject({
        code: "invalid_request",
      });
    } finally {
      site.close();
    }
  });

  test("a Chrome that hangs is noticed and started anew", async () => {
    const { app } = await start();
    const before = await until(app, "online");
    process.kill(before.pid ?? 0, "SIGSTOP");
    const after = await until(app, "online", () => app.service.state().restarts === 1);
    expect(after.pid).not.toBe(before.pid);
    expect(after.lastRestart?.reason).toMatch(/^Chrome hung: /);
    expect(await isProcessAlive(before.pid ?? 0)).toBe(false);
  });

  test("a Chrome that is killed is started anew, again and again, then given up until the user asks", async () => {
    const { app, client } = await start();
    const killed = new Set<number>();
    for (const restarts of [0, 1, 2]) {
      const { pid } = await until(app, "online", () => app.service.state().restarts === restarts);
      killed.add(pid ?? 0);
      process.kill(pid ?? 0, "SIGKILL");
    }
    expect(killed.size).toBe(3);
    const state = await until(app, "errored");
    expect(state.reason).toBe("Chrome was ended by SIGKILL (tried 3 times)");
    const health = await fetch(`http://127.0.0.1:${env.ports.browserHealth}/health`);
    expect(health.status).toBe(503);
    expect(await client.restart({})).toMatchObject({ status: "online" });
    await until(app, "online");
  });

  test("a Chrome left behind by `kill -9` of the process is taken over, or ended when the settings changed", async () => {
    const root = join(import.meta.dirname, "..");
    const built = await runCommand(process.execPath, ["scripts/build.mjs", "browser"], {
      cwd: root,
      timeoutMs: 60_000,
    });
    expect(built.stderr + built.stdout).not.toMatch(/error/i);
    const run = () =>
      spawnChild(process.execPath, ["dist/browser.js"], {
        cwd: root,
        logFile: join(directory, "process.log"),
        env: {
          PORTOS_BASE_PORT: String(env.ports.server),
          PORTOS_DATA_DIR: env.dataDir,
          PORTOS_STATE_DIR: env.stateDir,
        },
      });
    const client = createInternalClient(browserProcessEndpoints, {
      baseUrl: `http://127.0.0.1:${env.ports.browserHealth}`,
      name: "portos-browser",
    });
    const online = async (): Promise<BrowserState> => {
      const ask = () =>
        client.changes({ query: {} }).then(
          ({ state }) => state,
          () => null,
        );
      await expect.poll(async () => (await ask())?.status, { timeout: 40_000 }).toBe("online");
      const { state } = await client.changes({ query: {} });
      pids.push(state.pid ?? 0);
      return state;
    };

    const first = await run();
    const { pid } = await online();
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    expect(await isProcessAlive(pid ?? 0)).toBe(true);

    const second = await run();
    pids.push(second.pid);
    expect(await online()).toMatchObject({ pid, isAdopted: true });
    process.kill(second.pid, "SIGKILL");
    await second.exited;

    const { data, ...rest } = {
      data: browserSettingsSchema.parse({ windowSize: { width: 640, height: 480 } }),
      version: 1,
    };
    await writeFile(join(env.dataDir, "browser-config.json"), JSON.stringify({ ...rest, data }));
    const third = await run();
    pids.push(third.pid);
    const state = await online();
    expect(state).toMatchObject({ isAdopted: false, settings: { windowSize: { width: 640 } } });
    expect(state.pid).not.toBe(pid);
    expect(await isProcessAlive(pid ?? 0)).toBe(false);
    process.kill(third.pid, "SIGTERM");
    expect(await third.exited).toEqual({ code: 0, signal: null });
    expect(await isProcessAlive(state.pid ?? 0)).toBe(false);
  });

  test("stopping it is remembered over a restart of the process", async () => {
    const first = await start();
    const { pid } = await until(first.app, "online");
    expect(await first.client.stop({})).toMatchObject({ status: "stopped", pid: null });
    expect(await isProcessAlive(pid ?? 0)).toBe(false);
    await first.app.stop();
    apps = [];
    const second = await start();
    await until(second.app, "stopped");
    await expect(second.client.tabs({})).rejects.toMatchObject({ code: "unavailable" });
    expect(await second.client.start({})).toMatchObject({ status: "online" });
    await until(second.app, "online");
  });
});

test("without Chrome the process is healthy, says how to install it, and finds it once it is there", async () => {
  const { app, baseUrl } = await start({ chromePath: "none" });
  const state = await until(app, "not_installed");
  expect(state.install?.steps.length).toBeGreaterThan(0);
  expect((await fetch(`${baseUrl}/health`)).status).toBe(200);
  expect((await fetch(`${baseUrl}/json/version`)).status).toBe(503);
});

test("a program that is no Chrome is given up with its own words as the reason", async () => {
  const program = join(directory, "chrome");
  await writeFile(program, "#!/bin/sh\necho 'error while loading shared libraries: libnss3.so' >&2\nexit 127\n");
  await chmod(program, 0o755);
  const { app } = await start({ chromePath: program });
  const state = await until(app, "errored");
  expect(state.reason).toBe(
    "Chrome ended with exit code 127: error while loading shared libraries: libnss3.so (tried 3 times)",
  );
});

test("a foreign program on Chrome's port is named and left alone", async () => {
  const other = createServer((_, response) => response.end("not chrome"));
  await new Promise<void>((resolve) => other.listen(env.ports.cdp, "127.0.0.1", resolve));
  try {
    const { app } = await start();
    expect((await until(app, "errored")).reason).toBe(`Port ${env.ports.cdp} is used by another program`);
  } finally {
    other.close();
  }
});
