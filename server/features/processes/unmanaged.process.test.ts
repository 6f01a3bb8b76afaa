import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { listeningPorts } from "../../../lib/processes/listening-ports.ts";
import { createPm2Client } from "../../../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../../../lib/processes/pm2-daemon.ts";
import { isProcessAlive } from "../../../lib/processes/process-info.ts";
import { freePort } from "../../../lib/testing/free-port.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
const wait = { timeout: 20_000, interval: 100 };
let directory: string;
let home: string;
let panel: TestApp;
let port: number;
/** Every process that has run, so that none is left behind whatever a test does. */
const seen = new Set<number>();

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "pu-")));
  home = join(directory, "state/pm2");
});
beforeEach(async () => {
  await startDaemon();
  panel = await startTestApp({ directory });
  port = await freePort();
});
afterEach(async () => {
  for (const { id } of await panel.call("apps.list", {})) await panel.call("apps.remove", { params: { id } });
  await panel.stop();
  for (const pid of seen) if (await isProcessAlive(pid)) process.kill(pid, "SIGKILL");
  const client = createPm2Client({ home: "portos", directory: home, logger: silentLogger });
  for (const { pmId } of await client.list()) await client.remove(pmId);
  await client.endDaemon();
  client.close();
  await expect.poll(() => readDaemonPid(home), wait).toBeNull();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const startDaemon = () => startPm2Daemon({ directory: home, runtimeDir, cwd: directory });

async function killDaemon(): Promise<void> {
  const pid = readDaemonPid(home);
  if (pid !== null) process.kill(pid, "SIGKILL");
  await expect.poll(() => readDaemonPid(home), wait).toBeNull();
}

/** An app whose process leaves the listening to a child of its own, and writes nothing. */
async function addApp(name: string): Promise<string> {
  const folder = await mkdtemp(join(directory, "app-"));
  await writeFile(join(folder, "server.js"), `require("node:http").createServer((q, a) => a.end()).listen(${port});`);
  await writeFile(
    join(folder, "main.js"),
    `require("node:child_process").spawn(process.execPath, ["server.js"], { stdio: "ignore" }); setInterval(() => {}, 1e6);`,
  );
  const run = { kind: "command" as const, command: ["node", "main.js"] };
  const { id } = await panel.call("apps.create", {
    body: { name, folder, processes: [{ name: "web", run, ports: [port] }] },
  });
  await panel.call("apps.start", { params: { id } });
  await expect.poll(listener, wait).not.toBeNull();
  await livePid(id);
  return id;
}

async function listener(): Promise<number | null> {
  const pid = (await listeningPorts()).find((entry) => entry.port === port)?.pid ?? null;
  if (pid !== null) seen.add(pid);
  return pid;
}

const live = async (id: string) => (await panel.call("apps.get", { params: { id } })).processes[0]?.live ?? null;

async function livePid(id: string): Promise<number> {
  const pid = (await live(id))?.pid ?? 0;
  if (pid > 0) seen.add(pid);
  return pid;
}

const titles = async () => (await panel.call("notifications.list", {})).map(({ title }) => title);

test("PM2 killed: told at once, the app is recognised, nothing of it ends for a start that cannot be", async () => {
  const id = await addApp("Told");
  const [pid, child] = [await livePid(id), await listener()];
  await killDaemon();
  await expect.poll(titles, wait).toContain("PM2, the process manager, is gone or does not answer");
  await expect.poll(async () => (await live(id))?.unmanagedSince, wait).toMatch(/^\d{4}-/);
  const app = await panel.call("apps.get", { params: { id } });
  expect(app).toMatchObject({
    status: "online",
    problem: { code: "unmanaged", hint: "Restart it to manage it again." },
  });
  expect(app.processes[0]?.live?.pid).toBe(pid);
  await expect(panel.call("apps.restart", { params: { id } })).rejects.toThrow("PM2 of PortOS is not running");
  expect([await listener(), await isProcessAlive(pid)]).toEqual([child, true]);
});

test("PM2 back: the app still runs outside, one restart ends its whole tree and it runs exactly once", async () => {
  const id = await addApp("Once");
  const [pid, child] = [await livePid(id), await listener()];
  await killDaemon();
  await panel.stop(); // as npm start replaces the panel, too
  await startDaemon();
  panel = await startTestApp({ directory });
  await expect.poll(async () => (await live(id))?.unmanagedSince, wait).toMatch(/^\d{4}-/);
  await expect.poll(titles, wait).toContain("One process of your apps runs outside PortOS' management");
  expect(await livePid(id)).toBe(pid);

  await panel.call("apps.restart", { params: { id } });
  await expect.poll(listener, wait).not.toBe(child);
  await expect.poll(listener, wait).not.toBeNull();
  expect(await isProcessAlive(pid)).toBe(false);
  expect(await isProcessAlive(child ?? 0)).toBe(false);
  expect(await live(id)).toMatchObject({ status: "online", unmanagedSince: null, problem: null });
  expect(await livePid(id)).not.toBe(pid);
  const { processes } = await panel.call("processes.list", {});
  expect(processes.filter(({ name }) => name === `${id}/web`)).toHaveLength(1);
  await expect.poll(titles, wait).not.toContain("One process of your apps runs outside PortOS' management");
});

test("a stop and a deletion reach it without PM2, and neither is undone when PM2 is back", async () => {
  const id = await addApp("Stopped");
  await killDaemon();
  await expect.poll(async () => (await live(id))?.unmanagedSince, wait).toMatch(/^\d{4}-/);
  expect(await panel.call("apps.stop", { params: { id } })).toMatchObject({ status: "stopped" });
  expect(await listener()).toBeNull();
  await startDaemon();
  await expect.poll(async () => (await panel.call("processes.list", {})).homes[0]?.isUp, wait).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await listener()).toBeNull();
});

test("what ended while PM2 was gone is started again when it is back", async () => {
  const id = await addApp("Again");
  const [pid, child] = [await livePid(id), (await listener()) ?? 0];
  await killDaemon();
  await expect.poll(async () => (await live(id))?.unmanagedSince, wait).toMatch(/^\d{4}-/);
  for (const one of [pid, child]) process.kill(one, "SIGKILL");
  await expect.poll(listener, wait).toBeNull();
  await panel.call("processes.list", {});
  await startDaemon();
  await expect.poll(listener, wait).not.toBeNull();
  await expect.poll(() => live(id), wait).toMatchObject({ status: "online", unmanagedSince: null });
  await livePid(id);
});

test("what a recorded process left behind when it ended itself is ended before a new one is started", async () => {
  const id = await addApp("Left");
  const [pid, child] = [await livePid(id), (await listener()) ?? 0];
  await killDaemon();
  await expect.poll(async () => (await live(id))?.unmanagedSince, wait).toMatch(/^\d{4}-/);
  process.kill(pid, "SIGKILL");
  await startDaemon();
  await expect.poll(async () => (await panel.call("processes.list", {})).homes[0]?.isUp, wait).toBe(true);
  expect(await isProcessAlive(child)).toBe(true);
  await panel.call("apps.restart", { params: { id } });
  await expect.poll(listener, wait).not.toBeNull();
  expect(await isProcessAlive(child)).toBe(false);
  await livePid(id);
});
