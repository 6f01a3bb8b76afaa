import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";

import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../logger.ts";
import { createPm2Client, type Pm2Client, type Pm2Event, type Pm2StartSpec } from "./pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "./pm2-daemon.ts";

const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
let folder = "";
let home = "";
let client: Pm2Client;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pp-"));
  home = join(folder, "pm2");
  client = createPm2Client({ home: "portos", directory: home, logger: silentLogger });
});

afterEach(async () => {
  for (const { pmId } of await client.list()) await client.remove(pmId);
  if (await client.isUp()) await client.endDaemon();
  client.close();
  await expect.poll(() => readDaemonPid(home)).toBeNull();
  await rm(folder, { recursive: true, force: true });
});

const up = () => startPm2Daemon({ directory: home, runtimeDir, cwd: folder });

async function script(name: string, source: string): Promise<string> {
  await writeFile(join(folder, name), source);
  return name;
}

function spec(file: string, more: Partial<Pm2StartSpec> = {}): Pm2StartSpec {
  const env = { PATH: process.env["PATH"] ?? "", TZ: "UTC", GREETING: "hello", name: "impostor" };
  const logFile = join(folder, `${file}.log`);
  return {
    name: `demo/${file}`,
    namespace: "app:demo",
    cwd: folder,
    script: file,
    args: ["one", "two words"],
    env,
    logFile,
    ...more,
  };
}

test("without a daemon there is an empty list and nothing is started", async () => {
  expect(await client.list()).toEqual([]);
  expect(await client.isUp()).toBe(false);
  expect(await client.version()).toBeNull();
  await expect(client.stop(0)).rejects.toMatchObject({ code: "unavailable" });
  expect(readDaemonPid(home)).toBeNull();
});

test("a process runs with its own folder, arguments, environment and one log in UTC", async () => {
  const daemonPid = await up();
  expect(readDaemonPid(home)).toBe(daemonPid);
  process.kill(daemonPid, "SIGUSR1"); // Node would open its debugger
  process.env["LEAKED_FROM_CALLER"] = "1";
  const file = await script(
    "show.cjs",
    "console.log(process.cwd(), process.argv.slice(2).join('|'), process.env.GREETING, process.env.LEAKED_FROM_CALLER);" +
      "console.error('to stderr'); setInterval(() => {}, 1e6)",
  );
  await client.start(spec(file));
  delete process.env["LEAKED_FROM_CALLER"];
  const [found] = await client.list();
  expect(found).toMatchObject({
    name: "demo/show.cjs",
    namespace: "app:demo",
    status: "online",
    cwd: folder,
    exitCode: null,
  });
  expect(found?.pid).toBeGreaterThan(1);
  const log = join(folder, "show.cjs.log");
  await expect.poll(() => readFile(log, "utf8")).toContain("to stderr");
  const lines = (await readFile(log, "utf8")).trimEnd().split("\n").toSorted();
  const time = String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: `;
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`${time}.*one\\|two words hello undefined$`)),
    expect.stringMatching(new RegExp(`${time}to stderr$`)),
  ]);
  expect(Math.abs(Date.parse(lines[0]?.slice(0, 24) ?? "") - Date.now())).toBeLessThan(60_000);
  expect(await readFile(join(home, "pm2.log"), "utf8")).not.toMatch(/debugger|inspector/i);
});

test("start waits for the ready message and a restart replaces the process", async () => {
  await up();
  const file = await script("slow.cjs", "setTimeout(() => process.send('ready'), 400); setInterval(() => {}, 1e6)");
  const started = Date.now();
  await client.start(spec(file, { waitReady: true, listenTimeoutMs: 5_000 }));
  expect(Date.now() - started).toBeGreaterThanOrEqual(390);
  const [before] = await client.list();
  await client.restart(before?.pmId ?? -1);
  const [after] = await client.list();
  expect(after?.pid).not.toBe(before?.pid);
  expect(after?.restarts).toBe(1);
  await client.stop(after?.pmId ?? -1);
  expect((await client.list())[0]).toMatchObject({ status: "stopped", pid: null, memoryBytes: 0 });
  await client.restart(after?.pmId ?? -1);
  expect((await client.list())[0]?.status).toBe("online");
});

test("the bus tells output and a crash, gives up after too many, and survives a new daemon", async () => {
  const events: Pm2Event[] = [];
  const stop = client.onEvent((event) => events.push(event));
  const kinds = () => events.flatMap((event) => (event.kind === "process" ? [event.event] : [event.kind]));
  await up();
  await expect.poll(kinds).toContain("link");
  const file = await script("crash.cjs", "console.log('about to fall'); setTimeout(() => process.exit(7), 50)");
  await client.start(spec(file, { expBackoffMs: 20, maxRestarts: 3, minUptimeMs: 2_000 }));
  await expect.poll(kinds, { timeout: 20_000 }).toContain("restart overlimit");
  expect(events).toContainEqual(
    expect.objectContaining({ kind: "log", stream: "out", data: expect.stringContaining("about to fall") as string }),
  );
  expect(events).toContainEqual(
    expect.objectContaining({ kind: "process", event: "exit", isManual: false, exitCode: 7 }),
  );
  const [given] = await client.list();
  expect(given).toMatchObject({ status: "errored", pid: null, exitCode: 7 });

  await client.remove(given?.pmId ?? -1);
  await client.endDaemon();
  await expect.poll(() => events.at(-1)).toMatchObject({ kind: "link", isUp: false });
  await expect.poll(() => readDaemonPid(home)).toBeNull();
  await up();
  await expect.poll(() => events.at(-1)).toMatchObject({ kind: "link", isUp: true });
  expect(await client.version()).toMatch(/^\d+\.\d+\.\d+$/);
  stop();
});

test("a process that waits for its back-off can be stopped and restarted", async () => {
  await up();
  const file = await script("flaky.cjs", "process.exit(1)");
  await client.start(spec(file, { expBackoffMs: 5_000 }));
  await expect.poll(async () => (await client.list())[0]?.status).toBe("waiting");
  const pmId = (await client.list())[0]?.pmId ?? -1;
  await client.restart(pmId);
  await client.stop(pmId);
  expect((await client.list())[0]?.status).toBe("stopped");
});

test("logs go on in a new file after a rotation", async () => {
  await up();
  const file = await script("tick.cjs", "let n = 0; setInterval(() => console.log('tick', ++n), 20)");
  await client.start(spec(file));
  const log = join(folder, "tick.cjs.log");
  await expect.poll(() => readFile(log, "utf8").catch(() => "")).toContain("tick 5");
  await rename(log, `${log}.1`);
  await client.reloadLogs();
  await expect.poll(() => readFile(log, "utf8").catch(() => "")).toContain("tick");
  const numbers =
    (await readFile(`${log}.1`, "utf8")).concat(await readFile(log, "utf8")).match(/(?<=tick )\d+/g) ?? [];
  expect(numbers).toEqual(numbers.map((_, index) => String(index + 1)));
});

test("a missing script or program is refused before PM2 hears of it", async () => {
  await up();
  await expect(client.start(spec("nowhere.cjs"))).rejects.toMatchObject({ code: "invalid_request" });
  await expect(client.start(spec("no-such-tool", { interpreter: "none" }))).rejects.toMatchObject({
    code: "invalid_request",
  });
  await expect(client.start(spec("a.py", { interpreter: "no-python" }))).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(await client.list()).toEqual([]);
});

test("a program without interpreter is found in the search path of its environment", async () => {
  await up();
  await client.start(spec("sleep", { interpreter: "none", args: ["600"] }));
  expect((await client.list())[0]).toMatchObject({ status: "online", interpreter: "none" });
});

test("a home whose path is too long is refused before anything is made", async () => {
  const directory = join(folder, "x".repeat(100));
  await expect(startPm2Daemon({ directory, runtimeDir, cwd: folder })).rejects.toMatchObject({
    code: "invalid_request",
  });
});

test("the user's daemon is never ended", async () => {
  const user = createPm2Client({ home: "user", directory: home, logger: silentLogger });
  await expect(user.endDaemon()).rejects.toMatchObject({ code: "forbidden" });
  user.close();
});
