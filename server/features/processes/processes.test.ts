import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test, vi } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { createFakePm2, pm2Process } from "../../testing/fake-pm2.ts";
import { diagnoseExit, problemIn } from "./exit-diagnosis.ts";
import { createMetricsRing, stepMs } from "./metrics-ring.ts";
import { createProcessService } from "./process-service.ts";
import { createProcessSnapshots } from "./process-snapshot.ts";
import { keysOf, ownerOf } from "./process-view.ts";
import { shareRuns } from "../../../lib/share-runs.ts";

const user = (pmId: number, name: string) => pm2Process({ home: "user", pmId, name });
const sample = (cpuPercent: number) => [{ key: "a", cpuPercent, memoryBytes: 100 * cpuPercent }];
const clock = { now: () => 1_000_000, monotonic: () => 0 };

async function setUp(sessions: number | null) {
  const fake = createFakePm2("portos");
  for (const name of ["portos-server", "portos-cos", "portos-browser"]) fake.add({ name, namespace: "portos" });
  fake.add({ name: "blog/web", namespace: "app:blog" });
  const snapshots = createProcessSnapshots({
    clients: [{ home: "portos", client: fake.client }],
    clock,
    logger: silentLogger,
  });
  await snapshots.refresh();
  const service = createProcessService({
    snapshots,
    clients: { portos: fake.client, user: null },
    logger: silentLogger,
    countSessions: () => Promise.resolve(sessions),
    ownName: "portos-server",
  });
  return { fake, service };
}

describe("keys and owners", () => {
  test("a name counts only together with the namespace PortOS gave it", () => {
    expect(ownerOf(pm2Process({ name: "portos-server", namespace: "portos" }))).toMatchObject({ kind: "portos" });
    expect(ownerOf(pm2Process({ name: "portos-server", namespace: "default" }))).toEqual({ kind: "other" });
    expect(ownerOf(pm2Process({ name: "portos-server", namespace: "portos", home: "user" }))).toEqual({
      kind: "other",
    });
    expect(ownerOf(pm2Process({ name: "blog/web", namespace: "app:blog" }))).toEqual({
      kind: "app",
      appId: "blog",
      processName: "web",
    });
    expect(ownerOf(pm2Process({ name: "blog/web", namespace: "app:shop" }))).toEqual({ kind: "other" });
  });

  test("names that are not unique get their PM2 id", () => {
    expect(
      keysOf([user(0, "api"), user(1, "api"), user(2, "web"), pm2Process({ name: "blog/web", namespace: "app:blog" })]),
    ).toEqual(["user:api#0", "user:api#1", "user:web", "blog/web"]);
  });
});

describe("the picture", () => {
  test("changes are told once, samples in between, a removed process by its key", async () => {
    const fake = createFakePm2("portos");
    fake.add({ name: "blog/web", namespace: "app:blog" });
    const snapshots = createProcessSnapshots({
      clients: [{ home: "portos", client: fake.client }],
      clock,
      logger: silentLogger,
    });
    const seen: string[] = [];
    snapshots.onEvent((event) => seen.push(event.type));
    await snapshots.refresh();
    await snapshots.refresh();
    fake.processes[0] = { ...pm2Process(), ...fake.processes[0], restarts: 1 };
    await snapshots.refresh();
    fake.processes.length = 0;
    await snapshots.refresh();
    expect(seen).toEqual(["home", "changed", "samples", "samples", "changed", "samples", "removed"]);
  });

  test("a process the autofixer has stopped for good says why, until it is started again", async () => {
    const fake = createFakePm2("portos");
    fake.add({ name: "blog/web", namespace: "app:blog" });
    const snapshots = createProcessSnapshots({
      clients: [{ home: "portos", client: fake.client }],
      clock,
      logger: silentLogger,
      givenUp: () => new Map([["blog/web", "It ended 40 times; stopped."]]),
    });
    const problem = async () => (await snapshots.refresh()).processes[0]?.problem;
    expect(await problem()).toBeNull();
    fake.processes[0] = { ...pm2Process(), ...fake.processes[0], status: "stopped" };
    expect(await problem()).toMatchObject({ code: "given_up", message: "It ended 40 times; stopped." });
  });

  test("a daemon that hangs keeps its processes with the time they were last seen", async () => {
    const fake = createFakePm2("portos");
    fake.add({ name: "a" });
    const snapshots = createProcessSnapshots({
      clients: [{ home: "portos", client: fake.client }],
      clock,
      logger: silentLogger,
    });
    await snapshots.refresh();
    fake.client.list = () => Promise.reject(new Error("hangs"));
    const { processes, homes } = await snapshots.refresh();
    expect(processes).toHaveLength(1);
    expect(homes).toEqual([{ home: "portos", isUp: false, seenAt: new Date(clock.now()).toISOString() }]);
  });

  test("an event that comes while PM2 is being asked leads to another look", async () => {
    const fake = createFakePm2("portos");
    fake.add({ name: "a" });
    const snapshots = createProcessSnapshots({
      clients: [{ home: "portos", client: fake.client }],
      clock,
      logger: silentLogger,
      pollMs: { watched: 60_000, idle: 60_000 },
    });
    const list = fake.client.list;
    const about = { pmId: 0, name: "a", namespace: "default", status: "stopped" as const, restarts: 0, pid: null };
    const [process] = fake.processes;
    fake.client.list = async () => {
      const seen = await list();
      fake.client.list = list;
      fake.processes[0] = { ...pm2Process(), ...process, status: "stopped", pid: null };
      fake.emit({
        kind: "process",
        home: "portos",
        event: "exit",
        isManual: false,
        process: about,
        exitCode: 0,
        detail: null,
        at: 0,
      });
      return seen;
    };
    snapshots.start();
    await vi.waitFor(() => {
      expect(snapshots.current().processes[0]?.status).toBe("stopped");
    });
    snapshots.stop();
  });

  test("questions at the same time share one look, and none gets an answer older than itself", async () => {
    let runs = 0;
    const waiting: (() => void)[] = [];
    const ask = shareRuns(async () => {
      const number = ++runs;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
      return number;
    });
    const first = ask();
    const [second, third] = [ask(), ask()];
    waiting.shift()?.();
    expect(await first).toBe(1);
    await vi.waitFor(() => {
      expect(runs).toBe(2);
    });
    waiting.shift()?.();
    expect(await Promise.all([second, third])).toEqual([2, 2]);
  });
});

describe("metrics", () => {
  test("samples of a step are averaged, gaps are null, an hour is kept", () => {
    const ring = createMetricsRing();
    ring.add(0, sample(10));
    ring.add(1_000, sample(30));
    ring.add(3 * stepMs, sample(5));
    const { series, until } = ring.read(3 * stepMs, () => true);
    expect(series["a"]?.cpuPercent).toHaveLength(120);
    expect(series["a"]?.cpuPercent.slice(-5)).toEqual([null, 20, null, null, 5]);
    expect(series["a"]?.memoryBytes.slice(-1)).toEqual([500]);
    expect(until).toBe(new Date(4 * stepMs).toISOString());
    expect(ring.read(130 * stepMs, () => true).series["a"]?.cpuPercent.every((value) => value === null)).toBe(true);
    ring.add(400 * stepMs, [{ key: "b", cpuPercent: 1, memoryBytes: 1 }]);
    expect(Object.keys(ring.read(400 * stepMs, () => true).series)).toEqual(["b"]);
  });
});

describe("why a process ended", () => {
  test.each([
    ["Error: listen EADDRINUSE: address already in use :::3000", "port_taken", "3000"],
    ["Error: listen EADDRINUSE: address already in use 127.0.0.1:8081", "port_taken", "8081"],
    ["OSError: [Errno 98] Address already in use", "port_taken", "Its port"],
    ["Error: Cannot find module 'express'", "module_missing", "express"],
    ["ModuleNotFoundError: No module named 'flask'", "module_missing", "flask"],
    ["sh: 1: vite: not found", "program_missing", "vite"],
    ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "out_of_memory", "memory"],
    ["Error: EACCES: permission denied, open '/x'", "permission_denied", "EACCES"],
  ])("%s", (line, code, word) => {
    const problem = problemIn(`some line\n${line}\n    at foo (file.js:12:34)\n`);
    expect(problem?.code).toBe(code);
    expect(problem?.message).toContain(word);
  });

  test("an ordinary log says nothing; the exit code of an errored process does", async () => {
    expect(problemIn("listening on port 3000\nGET / 200\n")).toBeNull();
    const folder = await mkdtemp(join(tmpdir(), "diagnosis-"));
    const outLog = join(folder, "out.log");
    await writeFile(outLog, "\u001b[31mhello\u001b[0m\n");
    expect(await diagnoseExit(pm2Process({ status: "online" }))).toBeNull();
    const problem = await diagnoseExit(pm2Process({ status: "errored", exitCode: 3, unstableRestarts: 10, outLog }));
    expect(problem).toMatchObject({ code: "crash_loop", message: "It ended 10 times in a row with exit code 3" });
    await writeFile(outLog, "\u001b[31mError: listen EADDRINUSE: address already in use :::4000\u001b[0m\n");
    const error =
      "Error: listen EADDRINUSE: address already in use :::4000\n    at x (net.js:1:2)\n  code: 'EADDRINUSE',\n";
    await writeFile(outLog, error.replaceAll(/^/gm, "2026-01-01T10:11:12.345Z: "));
    expect(await diagnoseExit(pm2Process({ status: "errored", outLog }))).toMatchObject({
      code: "port_taken",
      message: "Port 4000 is taken by another program",
    });
    await rm(folder, { recursive: true });
  });
});

describe("control", () => {
  test("a restart of the server itself is acknowledged before it is carried out", async () => {
    const { fake, service } = await setUp(0);
    const deed = await service.restart("portos-server");
    expect(deed.isDone).toBe(false);
    expect(fake.calls).toEqual([]);
    await vi.waitFor(() => {
      expect(fake.calls).toEqual(["restart portos-server"]);
    });
  });

  test("PortOS's own processes are restarted, never stopped", async () => {
    const { fake, service } = await setUp(0);
    await service.restart("portos-browser");
    await expect(service.stop("portos-browser")).rejects.toMatchObject({ code: "conflict" });
    await service.stop("blog/web");
    await expect(service.stop("nobody")).rejects.toMatchObject({ code: "not_found" });
    expect(fake.calls).toEqual(["restart portos-browser", "stop blog/web"]);
  });

  test.each([
    [0, null],
    [1, "1 running terminal or command ends."],
    [3, "3 running terminals and commands end."],
    [null, "Every running terminal and command ends."],
  ])("restarting portos-cos with %s sessions warns: %s", async (sessions, message) => {
    const { service } = await setUp(sessions);
    expect(await service.restartEffect("portos-cos")).toMatchObject({ message, sessionsEnded: sessions ?? 0 });
  });

  test("only a restart of the server takes the panel away", async () => {
    const { service } = await setUp(0);
    expect(await service.restartEffect("portos-server")).toMatchObject({ isPanelAway: true });
    expect(await service.restartEffect("blog/web")).toMatchObject({ isPanelAway: false, message: null });
  });
});
