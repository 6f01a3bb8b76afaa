import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { autofixerEndpoints } from "../../contract/internal/autofixer.ts";
import { parseEnv, type Env } from "../../lib/env.ts";
import { createInternalClient } from "../../lib/internal-client.ts";
import { silentLogger } from "../../lib/logger.ts";
import { createPm2Client, type Pm2Client } from "../../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../../lib/processes/pm2-daemon.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { createAutofixerApp } from "../app.ts";
import { createAutofixerUi } from "./app.ts";

const rootDir = join(import.meta.dirname, "../..");
const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));

let folder = "";
let env: Env;
let pm2: Pm2Client;
let ui: Awaited<ReturnType<typeof createAutofixerUi>>;
let origin = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pu-"));
  env = parseEnv(
    {
      HOST: "127.0.0.1",
      PORTOS_BASE_PORT: String(await freePort()),
      PORTOS_DATA_DIR: join(folder, "data"),
      PORTOS_STATE_DIR: join(folder, "s"),
      PORTOS_USER_PM2_HOME: "none",
    },
    rootDir,
  );
  await mkdir(env.stateDir, { recursive: true });
  pm2 = createPm2Client({ home: "portos", directory: env.pm2Home, logger: silentLogger });
  ui = await createAutofixerUi({ env, logger: silentLogger });
  await ui.start();
  origin = `http://127.0.0.1:${env.ports.autofixerUi}`;
});

afterEach(async () => {
  await ui.stop();
  for (const { pmId } of await pm2.list()) await pm2.remove(pmId);
  if (await pm2.isUp()) await pm2.endDaemon();
  pm2.close();
  await expect.poll(() => readDaemonPid(env.pm2Home)).toBeNull();
  await rm(folder, { recursive: true, force: true });
});

async function startApp(): Promise<void> {
  await startPm2Daemon({ directory: env.pm2Home, runtimeDir, cwd: folder });
  await writeFile(join(folder, "app.cjs"), "console.log('hello'); setInterval(() => {}, 1e6)");
  await pm2.start({
    name: "demo/web",
    namespace: "app:demo",
    cwd: folder,
    script: "app.cjs",
    args: [],
    env: { PATH: process.env["PATH"] ?? "" },
    logFile: join(folder, "app.log"),
  });
}

test("the whole page weighs less than 20 kB and runs nothing but its own files", async () => {
  let bytes = 0;
  for (const path of ["/", "/style.css", "/app.mjs", "/icon.svg"]) {
    const response = await fetch(origin + path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const text = await response.text();
    bytes += Buffer.byteLength(text);
    expect(text).not.toMatch(/<script>|<style|\sstyle=|\son\w+="/);
    if (path === "/") expect(text).toContain(`name="panel-port" content="${env.ports.server}"`);
  }
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(20_000);
});

test("strangers, foreign pages and forms get nothing", async () => {
  const post = (headers: Record<string, string>, body = '{"name":"x"}') =>
    fetch(`${origin}/api/autofixer/processes/portos/0/restart`, { method: "POST", headers, body });
  const json = { "Content-Type": "application/json" };
  expect((await post({ ...json, Origin: "https://evil.example" })).status).toBe(403);
  expect((await post({ ...json, "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  expect((await post({ "Content-Type": "text/plain" })).status).toBe(415);
  expect((await fetch(`${origin}/../../package.json`)).status).toBe(404);
});

test("without the autofixer it lists, shows the log, stops and starts by asking PM2 itself", async () => {
  await startApp();
  const client = createInternalClient(autofixerEndpoints, { baseUrl: origin, name: "portos-autofixer-ui" });
  const list = await client.processes({});
  expect(list).toMatchObject({
    isAutofixerUp: false,
    homes: [{ home: "portos", isUp: true }],
    items: [{ key: "demo/web", status: "online" }],
  });
  const params = { home: "portos", pmId: list.items[0]?.pmId ?? -1 } as const;
  await expect.poll(async () => (await client.log({ params, query: {} })).lines.join("")).toContain("hello");
  await client.act({ params: { ...params, action: "stop" }, body: { name: "demo/web" } });
  expect((await client.processes({})).items[0]?.status).toBe("stopped");
  await client.act({ params: { ...params, action: "start" }, body: { name: "demo/web" } });
  expect((await client.processes({})).items[0]?.status).toBe("online");
  await expect(client.incidents({ query: {} })).rejects.toMatchObject({ code: "unavailable" });
});

test("with the autofixer its incidents come through", async () => {
  await startApp();
  const autofixer = await createAutofixerApp({ env, logger: silentLogger });
  await autofixer.start();
  try {
    const client = createInternalClient(autofixerEndpoints, { baseUrl: origin, name: "portos-autofixer-ui" });
    expect(await client.processes({})).toMatchObject({ isAutofixerUp: true, items: [{ key: "demo/web" }] });
    expect(await client.incidents({ query: {} })).toEqual({ items: [], next: null });
  } finally {
    await autofixer.stop();
  }
});

test("without PM2 it still answers", async () => {
  const client = createInternalClient(autofixerEndpoints, { baseUrl: origin, name: "portos-autofixer-ui" });
  expect(await client.processes({})).toEqual({
    isAutofixerUp: false,
    homes: [{ home: "portos", isUp: false }],
    items: [],
  });
});
