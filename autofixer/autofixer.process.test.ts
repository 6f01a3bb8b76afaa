import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { autofixerEndpoints, type Incident } from "../contract/internal/autofixer.ts";
import { parseEnv, type Env } from "../lib/env.ts";
import { createInternalClient } from "../lib/internal-client.ts";
import { silentLogger } from "../lib/logger.ts";
import { createPm2Client, type Pm2Client, type Pm2StartSpec } from "../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../lib/processes/pm2-daemon.ts";
import { runCommand } from "../lib/processes/run-command.ts";
import { freePort } from "../lib/testing/free-port.ts";
import { createAutofixerApp, type AutofixerTiming } from "./app.ts";

const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
const timing: AutofixerTiming = {
  policy: { pausesMs: [200, 400], stableMs: 1_500, loopLimit: 12, settleMs: 800, goneMs: 1_200 },
  lookMs: 1_000,
  flushMs: 150,
};

let folder = "";
let env: Env;
let pm2: Pm2Client;
let autofixer: Awaited<ReturnType<typeof createAutofixerApp>> | null = null;
let client: ReturnType<typeof createInternalClient<typeof autofixerEndpoints>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pa-"));
  env = parseEnv(
    {
      PORTOS_BASE_PORT: String(await freePort()),
      PORTOS_DATA_DIR: join(folder, "data"),
      PORTOS_STATE_DIR: join(folder, "s"),
      PORTOS_USER_PM2_HOME: "none",
    },
    folder,
  );
  pm2 = createPm2Client({ home: "portos", directory: env.pm2Home, logger: silentLogger });
  await startPm2Daemon({ directory: env.pm2Home, runtimeDir, cwd: folder });
  const baseUrl = `http://127.0.0.1:${env.ports.autofixer}`;
  client = createInternalClient(autofixerEndpoints, { baseUrl, name: "portos-autofixer" });
  await startAutofixer();
});

afterEach(async () => {
  await autofixer?.stop();
  for (const { pmId } of await pm2.list()) await pm2.remove(pmId);
  if (await pm2.isUp()) await pm2.endDaemon();
  pm2.close();
  await expect.poll(() => readDaemonPid(env.pm2Home)).toBeNull();
  await rm(folder, { recursive: true, force: true });
});

async function startAutofixer(): Promise<void> {
  autofixer = await createAutofixerApp({ env, logger: silentLogger, timing });
  await autofixer.start();
}

async function run(source: string, more: Partial<Pm2StartSpec> = {}): Promise<void> {
  await writeFile(join(folder, "app.cjs"), source);
  await pm2.start({
    name: "demo/web",
    namespace: "app:demo",
    cwd: folder,
    script: "app.cjs",
    args: [],
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC" },
    logFile: join(folder, "app.log"),
    minUptimeMs: 1_000,
    maxRestarts: 2,
    expBackoffMs: 50,
    ...more,
  });
}

async function incidents(): Promise<Incident[]> {
  return (await client.incidents({ query: {} })).items;
}

async function untilStatus(status: Incident["status"]): Promise<Incident> {
  await expect.poll(async () => (await incidents())[0]?.status, { timeout: 20_000 }).toBe(status);
  const [incident] = await incidents();
  if (!incident) throw new Error("The incident is gone");
  return incident;
}

async function webProcess() {
  const process = (await pm2.list()).find(({ name }) => name === "demo/web");
  if (!process) throw new Error("The process is gone");
  return process;
}

const stayUp = "setInterval(() => {}, 1e6)";

test("a crashing app becomes one incident, is restarted within limits, then given up with a reason", async () => {
  await run("console.log('token=abcdef123456'); console.error('boom'); setTimeout(() => process.exit(3), 60)");
  const incident = await untilStatus("gave-up");
  expect(incident).toMatchObject({
    process: { key: "demo/web", appId: "demo", isOwn: false },
    exit: { code: 3, signal: null },
    nextAttemptAt: null,
    maxAttempts: 2,
  });
  expect(incident.reason).toMatch(/^Restarted 2 times within \d+ s, and it crashed each time \(exit code 3\)\.$/);
  expect(incident.attempts).toHaveLength(2);
  // Each restart of ours is followed by the quick ones of PM2.
  expect(incident.crashes).toBeGreaterThanOrEqual(4);
  expect(await incidents()).toHaveLength(1);

  await expect
    .poll(async () => (await client.incident({ params: { id: incident.id } })).lines.join("\n"))
    .toMatch(/token=\[redacted\]/);
  const { lines } = await client.incident({ params: { id: incident.id } });
  expect(lines.join("\n")).not.toContain("abcdef123456");
  expect(lines.join("\n")).toContain("boom");

  const { restarts } = await webProcess();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect((await webProcess()).restarts).toBe(restarts);

  await client.dismiss({ params: { id: incident.id } });
  await new Promise((resolve) => setTimeout(resolve, 1_300));
  expect((await incidents()).map(({ status }) => status)).toEqual(["dismissed"]);
});

test("attempts are counted over a restart of the autofixer itself", async () => {
  await run("setTimeout(() => process.exit(1), 60)");
  await expect.poll(async () => (await incidents())[0]?.attempts.length, { timeout: 20_000 }).toBe(1);
  await autofixer?.stop();
  await startAutofixer();
  expect((await untilStatus("gave-up")).attempts).toHaveLength(2);
});

test("an app that runs again is recovered, also when the user asked for the restart", async () => {
  await run("process.exit(1)");
  const { id } = await untilStatus("gave-up");
  await writeFile(join(folder, "app.cjs"), stayUp);
  expect(await client.retry({ params: { id } })).toMatchObject({ status: "open", attempts: [] });
  const incident = await untilStatus("recovered");
  expect(incident).toMatchObject({ id });
  expect(incident.reason).toMatch(/^Runs again without a crash for \d+ s/);
  await expect(client.retry({ params: { id } })).rejects.toMatchObject({ code: "conflict" });
});

test("a killed process is an incident with its signal, a stopped or restarted one is none", async () => {
  await run(stayUp);
  await pm2.restart((await webProcess()).pmId);
  await pm2.stop((await webProcess()).pmId);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(await incidents()).toEqual([]);
  expect((await webProcess()).status).toBe("stopped");

  await pm2.restart((await webProcess()).pmId);
  process.kill((await webProcess()).pid ?? 0, "SIGKILL");
  const incident = await untilStatus("recovered");
  expect(incident).toMatchObject({ exit: { code: null, signal: "SIGKILL" }, crashes: 1, attempts: [] });
});

test("what the user stops while it is being repaired stays stopped", async () => {
  await run("setTimeout(() => process.exit(1), 100)", { maxRestarts: 10 });
  await untilStatus("open");
  await pm2.stop((await webProcess()).pmId);
  expect((await untilStatus("stopped")).reason).toBe("Stopped by you.");
  expect((await webProcess()).status).toBe("stopped");
});

test("an app that PM2 would restart for ever is stopped", async () => {
  await run("setTimeout(() => process.exit(1), 20)", { maxRestarts: 1_000, minUptimeMs: 0, expBackoffMs: 1 });
  const incident = await untilStatus("gave-up");
  expect(incident.reason).toContain("stopped, so that it does not go on for ever");
  await expect.poll(async () => (await webProcess()).status).toBe("stopped");
});

test("an incident tells what changed in git since the process last ran well", async () => {
  const git = (...args: string[]) =>
    runCommand("git", ["-c", "user.name=Ada", "-c", "user.email=ada@localhost", "-C", folder, ...args], {
      timeoutMs: 10_000,
    });
  await writeFile(join(folder, ".gitignore"), "s/\ndata/\n*.log\n");
  await writeFile(join(folder, "old.txt"), "dirty before the start");
  await utimes(join(folder, "old.txt"), new Date(0), new Date(0));
  await writeFile(join(folder, "app.cjs"), stayUp);
  await git("init", "-q");
  await git("add", "app.cjs", ".gitignore");
  await git("commit", "-q", "-m", "feat: works");
  await run(stayUp);
  const book = join(env.dataDir, "incidents/state.json");
  await expect
    .poll(() => runCommand("cat", [book], { timeoutMs: 5_000 }).then(({ stdout }) => stdout))
    .toContain('"commit"');

  await writeFile(join(folder, "app.cjs"), "process.exit(1)");
  await git("commit", "-q", "-a", "-m", "feat: breaks everything");
  await writeFile(join(folder, "new.txt"), "edited while it ran");
  process.kill((await webProcess()).pid ?? 0, "SIGKILL");
  await expect.poll(async () => (await incidents())[0]?.changes ?? null).not.toBeNull();
  const changes = (await incidents())[0]?.changes;
  expect(changes?.commits).toEqual([expect.stringMatching(/^[0-9a-f]{7,} feat: breaks everything$/)]);
  expect(changes?.ranWell?.commit).not.toBe(changes?.head);
  expect(changes?.files).toEqual([
    { path: "new.txt", isEditedSince: true },
    { path: "old.txt", isEditedSince: false },
  ]);
});

test("it lists processes, shows their last lines, and starts and stops them by name", async () => {
  await run(`console.log("hello"); ${stayUp}`);
  const { items, homes } = await client.processes({});
  expect(homes).toEqual([{ home: "portos", isUp: true }]);
  expect(items).toMatchObject([{ key: "demo/web", kind: "app", status: "online" }]);
  const params = { home: "portos", pmId: items[0]?.pmId ?? -1 } as const;
  await expect.poll(async () => (await client.log({ params, query: {} })).lines.join("\n")).toContain("hello");
  await expect(
    client.act({ params: { ...params, action: "stop" }, body: { name: "other/web" } }),
  ).rejects.toMatchObject({ code: "conflict" });
  expect(await client.act({ params: { ...params, action: "stop" }, body: { name: "demo/web" } })).toEqual({
    isDone: true,
  });
  expect((await webProcess()).status).toBe("stopped");
  await client.act({ params: { ...params, action: "start" }, body: { name: "demo/web" } });
  expect((await webProcess()).status).toBe("online");
});

test("without PM2 it answers, says so, and settles nothing", async () => {
  await run("process.exit(1)");
  await untilStatus("gave-up");
  const daemonPid = readDaemonPid(env.pm2Home);
  process.kill(daemonPid ?? 0, "SIGKILL");
  await expect.poll(() => readDaemonPid(env.pm2Home)).toBeNull();
  const health = (await (await fetch(`http://127.0.0.1:${env.ports.autofixer}/health`)).json()) as unknown;
  expect(health).toMatchObject({ status: "ok", pm2: "down", incidents: 1 });
  expect(await client.processes({})).toMatchObject({ homes: [{ home: "portos", isUp: false }], items: [] });
  await new Promise((resolve) => setTimeout(resolve, 1_300));
  expect((await incidents()).map(({ status }) => status)).toEqual(["gave-up"]);
});
