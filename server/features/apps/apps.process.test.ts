import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { App } from "../../../contract/features/apps.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createPm2Client } from "../../../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../../../lib/processes/pm2-daemon.ts";
import { freePort } from "../../../lib/testing/free-port.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
const wait = { timeout: 20_000, interval: 100 };
let directory: string;
let home: string;
let panel: TestApp;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "pa-")));
  home = join(directory, "state/pm2");
  await startPm2Daemon({ directory: home, runtimeDir, cwd: directory });
  panel = await startTestApp({ directory });
});
afterAll(async () => {
  await panel.stop();
  const client = createPm2Client({ home: "portos", directory: home, logger: silentLogger });
  for (const { pmId } of await client.list()) await client.remove(pmId);
  await client.endDaemon();
  client.close();
  await vi.waitFor(
    () => {
      expect(readDaemonPid(home)).toBeNull();
    },
    { timeout: 15_000 },
  );
  await rm(directory, { recursive: true, force: true });
});

async function answers(port: number, path = "/", method = "GET"): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}${path}`, { method })).ok;
  } catch {
    return false;
  }
}

const get = (id: string): Promise<App> => panel.call("apps.get", { params: { id } });

test("the sample app: start, restart, crash, stop, delete, undo", { timeout: 120_000 }, async () => {
  const { id, processes } = await panel.call("apps.createSample", {});
  const port = processes[0]?.ports[0] ?? 0;
  const params = { id };

  expect(await panel.call("apps.start", { params })).toMatchObject({ status: "online", onlineCount: 1 });
  await expect.poll(() => answers(port), wait).toBe(true);
  const log = join(panel.env.logsDir, "apps", id, "web.log");
  await expect.poll(() => readFile(log, "utf8"), wait).toMatch(/\d{4}-\d\d-\d\dT[\d:.]+Z: .*Listening on/);

  const before = (await get(id)).processes[0]?.live;
  await panel.call("apps.restart", { params });
  const after = (await get(id)).processes[0]?.live;
  expect(after?.pmId).toBe(before?.pmId);
  expect(after?.pid).not.toBe(before?.pid);
  await expect.poll(() => answers(port), wait).toBe(true);

  await answers(port, "/crash", "POST");
  await expect.poll(async () => (await get(id)).restarts, wait).toBe(2);
  await expect.poll(() => answers(port), wait).toBe(true);
  expect(await readFile(log, "utf8")).toContain("Crashed on demand");

  expect(await panel.call("apps.stop", { params })).toMatchObject({ status: "stopped" });
  expect(await answers(port)).toBe(false);
  await panel.call("apps.start", { params });
  await expect.poll(() => answers(port), wait).toBe(true);

  await panel.call("apps.remove", { params });
  expect(await answers(port)).toBe(false);
  expect((await panel.call("processes.list", {})).processes).toEqual([]);
  expect(await panel.call("apps.restore", { params })).toMatchObject({ status: "online" });
  await expect.poll(() => answers(port), wait).toBe(true);
  const { series } = await panel.call("processes.metrics", { query: { of: id } });
  expect(Object.keys(series)).toEqual(["hello-app/web"]);
  await panel.call("apps.remove", { params });
});

test("the app goes on while the panel restarts, and is controlled again afterwards", { timeout: 60_000 }, async () => {
  const { id, processes } = await panel.call("apps.createSample", {});
  const port = processes[0]?.ports[0] ?? 0;
  await panel.call("apps.start", { params: { id } });
  const before = (await get(id)).processes[0]?.live?.pid;
  await panel.stop();
  await expect.poll(() => answers(port), wait).toBe(true);
  panel = await startTestApp({ directory });
  await expect.poll(async () => (await get(id)).processes[0]?.live?.pid, wait).toBe(before);
  await panel.call("apps.stop", { params: { id } });
  expect(await answers(port)).toBe(false);
  await panel.call("apps.remove", { params: { id } });
});

test("a process whose port is taken by another ends errored and says which port", { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(join(directory, "taken-"));
  const port = await freePort();
  await writeFile(join(folder, "server.js"), `require("node:http").createServer().listen(${port}, "127.0.0.1");`);
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(port, "127.0.0.1", resolve));
  try {
    const run = { kind: "command" as const, command: ["node", "server.js"] };
    const body = { name: "Taken", folder, processes: [{ name: "web", run }] };
    await panel.call("apps.create", { body });
    await panel.call("apps.start", { params: { id: "taken" } }).catch(() => undefined);
    await expect
      .poll(async () => (await get("taken")).problem, { timeout: 60_000, interval: 200 })
      .toMatchObject({ code: "port_taken", message: `Port ${port} is taken by another program` });
    await expect.poll(async () => (await get("taken")).restarts, wait).toBeGreaterThan(0);
  } finally {
    await new Promise((resolve) => blocker.close(resolve));
    await panel.call("apps.remove", { params: { id: "taken" } });
  }
});

test(
  "a program that goes to the background is told, and what it leaves behind is named as its own",
  { timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(join(directory, "background-"));
    const port = await freePort();
    await writeFile(join(folder, "server.js"), `require("node:http").createServer((q, a) => a.end()).listen(${port});`);
    const spawned = `require("node:child_process").spawn(process.execPath, ["server.js"], { detached: true, stdio: "ignore" })`;
    await writeFile(join(folder, "main.js"), `${spawned}.unref();`);
    const run = { kind: "command" as const, command: ["node", "main.js"] };
    await panel.call("apps.create", {
      body: { name: "Background", folder, processes: [{ name: "web", run, ports: [port] }] },
    });
    const params = { id: "background" };
    await panel.call("apps.start", { params });
    await expect.poll(() => answers(port), wait).toBe(true);
    await expect
      .poll(async () => (await get("background")).problem?.hint, wait)
      .toContain("cannot be looked after: start it in the foreground");
    await panel.call("apps.stop", { params });
    const refused = await panel.call("apps.start", { params }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      message: expect.stringContaining("left behind by an earlier run of it") as string,
    });
    process.kill(Number(/pid (\d+)/.exec(String(refused))?.[1]), "SIGKILL");
    await expect.poll(() => answers(port), wait).toBe(false);
    await panel.call("apps.remove", { params });
  },
);
