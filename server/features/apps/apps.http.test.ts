import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { AppInput, ProcessInput } from "../../../contract/features/apps.ts";
import { createFakePm2, type FakePm2 } from "../../testing/fake-pm2.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

/** As long as what is polled may take. */
const patience = { timeout: 15_000 };

let directory: string;
let project: string;
let panel: TestApp;
let ours: FakePm2;
let theirs: FakePm2;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "portos-apps-")));
  project = join(directory, "blog");
  await mkdir(project);
  ours = createFakePm2("portos");
  theirs = createFakePm2("user");
  await startPanel();
});
afterEach(async () => {
  await panel.stop();
  await rm(directory, { recursive: true, force: true });
});

async function startPanel(): Promise<void> {
  panel = await startTestApp({ directory, pm2Clients: { portos: ours.client, user: theirs.client } });
}

const web: ProcessInput = {
  name: "web",
  run: { kind: "command", command: ["node", "server.js"] },
  cwd: ".",
  ports: [],
  isRestarted: true,
  isStartedWithApp: true,
  maxMemoryBytes: null,
  environment: [],
};

function create(parts: Partial<AppInput> = {}) {
  return panel.call("apps.create", { body: { name: "Blog", folder: project, processes: [web], ...parts } });
}

const params = { id: "blog" };

describe("registering", () => {
  test("no app lies in a folder of PortOS itself, where agents have nothing to do", async () => {
    const issues = [{ path: "body.folder", message: expect.stringContaining("belongs to PortOS itself") as string }];
    const refused = { status: 400, details: { issues } };
    for (const folder of [join(directory, "data"), join(directory, "data/runs")]) {
      await mkdir(folder, { recursive: true });
      await expect(create({ folder })).rejects.toMatchObject(refused);
    }
    expect(await create({ folder: directory })).toMatchObject({ id: "blog" });
    const body = { folder: join(directory, "data") };
    await expect(panel.call("apps.update", { params, body })).rejects.toMatchObject(refused);
  });

  test("an app gets its id from its name, a second one a number, and both survive a restart", async () => {
    expect(await create()).toMatchObject({ id: "blog", status: "stopped", onlineCount: 0, isArchived: false });
    expect(await create()).toMatchObject({ id: "blog-2" });
    await panel.stop();
    await startPanel();
    expect((await panel.call("apps.list", {})).map(({ id }) => id)).toEqual(["blog", "blog-2"]);
  });

  test("100 apps added at once are all there", async () => {
    await Promise.all(Array.from({ length: 100 }, () => create()));
    expect(new Set((await panel.call("apps.list", {})).map(({ id }) => id)).size).toBe(100);
  });

  test.each([
    [{ folder: "/no/such/folder" }, 404, "no folder"],
    [{ folder: "relative" }, 400, "absolute"],
    [{ id: "../etc" }, 400, "letters"],
    [{ processes: [web, web] }, 400, "Two processes"],
    [{ processes: [{ ...web, cwd: "../up" }] }, 400, "inside"],
    [{ processes: [{ ...web, run: { kind: "command" as const, command: ["a\nb"] } }] }, 400, "control"],
    [{ editorTemplate: "javascript:alert(1)//{folder}" }, 400, "link"],
    [{ links: [{ kind: "url" as const, label: "x", url: "file:///etc/passwd" }] }, 400, ""],
  ])("%j is refused with %i", async (parts, status, message) => {
    const failure = await create(parts).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status, message: expect.stringContaining(message) as string });
  });

  test("an app edited into the file by hand appears, a broken one beside it is left out", async () => {
    await create();
    const file = join(panel.env.dataDir, "apps.json");
    const stored = JSON.parse(await readFile(file, "utf8")) as { data: { apps: Record<string, unknown>[] } };
    const [first] = stored.data.apps;
    stored.data.apps.push({ ...first, id: "shop", name: "Shop" }, { id: "broken" });
    await writeFile(file, JSON.stringify(stored));
    await vi.waitFor(async () => {
      expect((await panel.call("apps.list", {})).map(({ id }) => id)).toEqual(["blog", "shop"]);
    }, patience);
  });
});

describe("secrets of the environment", () => {
  const secret = "s3cr3t-value-7788";
  const environment = [
    { name: "API_TOKEN", value: secret, isSecret: true },
    { name: "MODE", value: "dev", isSecret: false },
  ];

  test("are sealed on disk, masked in replies, kept by a masked save, and handed to the process", async () => {
    const created = await create({ processes: [{ ...web, environment }] });
    expect(created.processes[0]?.environment).toEqual([
      { name: "API_TOKEN", value: null, isSecret: true, last4: "7788" },
      { name: "MODE", value: "dev", isSecret: false, last4: null },
    ]);
    const masked = [
      { name: "API_TOKEN", isSecret: true },
      { name: "MODE", value: "prod", isSecret: false },
    ];
    await panel.call("apps.update", { params, body: { processes: [{ ...web, environment: masked }] } });
    expect(await readFile(join(panel.env.dataDir, "apps.json"), "utf8")).not.toContain(secret);
    await panel.call("apps.start", { params });
    expect(ours.specs.get("blog/web")?.env).toMatchObject({ API_TOKEN: secret, MODE: "prod" });
    for (const id of ["apps.list", "processes.list", "history.list"] as const)
      expect(JSON.stringify(await panel.call(id, { query: {} }))).not.toContain(secret);
  });

  test("a secret cannot be turned into an open value without entering it", async () => {
    await create({ processes: [{ ...web, environment }] });
    const open = [{ name: "API_TOKEN", isSecret: false }];
    await expect(
      panel.call("apps.update", { params, body: { processes: [{ ...web, environment: open }] } }),
    ).rejects.toMatchObject({ status: 400 });
  });
});

describe("running", () => {
  const many = ["db", "api", "web"].map((name) => ({ ...web, name }));

  test("processes start in order, stop in reverse, and only those asked for", async () => {
    await create({ processes: [...many, { ...web, name: "tool", isStartedWithApp: false }] });
    expect(await panel.call("apps.start", { params })).toMatchObject({ status: "online", onlineCount: 3 });
    await panel.call("apps.stop", { params });
    await panel.call("apps.startProcess", { params: { ...params, process: "tool" } });
    expect(ours.calls).toEqual([
      "start blog/db",
      "start blog/api",
      "start blog/web",
      "stop blog/web",
      "stop blog/api",
      "stop blog/db",
      "start blog/tool",
    ]);
  });

  test("what PM2 is told: name, namespace, folder, log file, port and a clean environment", async () => {
    await create({ processes: [{ ...web, ports: [4321], maxMemoryBytes: 64_000_000 }] });
    vi.stubEnv("PORTOS_LOG_LEVEL", "error");
    await panel.call("apps.start", { params });
    vi.unstubAllEnvs();
    const spec = ours.specs.get("blog/web");
    expect(spec).toMatchObject({
      namespace: "app:blog",
      cwd: project,
      args: ["server.js"],
      interpreter: "none",
      logFile: join(panel.env.logsDir, "apps/blog/web.log"),
      maxMemoryBytes: 64_000_000,
    });
    expect(spec?.env["PORT"]).toBe("4321");
    expect(Object.keys(spec?.env ?? {}).filter((name) => /^PORTOS_|^NODE_ENV$|^pm_/.test(name))).toEqual([]);
  });

  test("starting twice at once starts once", async () => {
    await create();
    await Promise.all([panel.call("apps.start", { params }), panel.call("apps.start", { params })]);
    expect(ours.calls).toEqual(["start blog/web"]);
  });

  test("a restart keeps the PM2 process, a changed definition replaces it, a dropped one is removed", async () => {
    await create({ processes: many });
    await panel.call("apps.start", { params });
    ours.calls.length = 0;
    await panel.call("apps.restartProcess", { params: { ...params, process: "api" } });
    const changed = [
      { ...web, name: "db" },
      { ...web, name: "api", environment: [{ name: "A", value: "1" }] },
    ];
    await panel.call("apps.update", { params, body: { processes: changed } });
    await panel.call("apps.restart", { params });
    expect(ours.calls).toEqual([
      "restart blog/api",
      "remove blog/web",
      "restart blog/db",
      "remove blog/api",
      "start blog/api",
    ]);
  });

  test.each([
    [
      { run: { kind: "command" as const, command: ["no-such-program"] } },
      "The program no-such-program is not installed",
    ],
    [{ run: { kind: "command" as const, command: ["./run.sh"] } }, "There is no program ./run.sh"],
    [
      { run: { kind: "npm-script" as const, manager: "npm" as const, script: "dev", arguments: [] } },
      "package.json is missing",
    ],
    [
      { run: { kind: "ecosystem" as const, file: "ecosystem.config.cjs", name: "x" } },
      "There is no ecosystem.config.cjs",
    ],
    [{ cwd: "server" }, "The folder server is missing"],
    [{ run: { kind: "linked" as const, home: "user" as const, name: "gone" } }, "PM2 does not know"],
  ])("%j cannot start and says why", async (parts, message) => {
    await create({ processes: [{ ...web, ...parts }] });
    const failure = await panel.call("apps.start", { params }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 409, message: expect.stringContaining(message) as string });
  });

  test("of several processes the one that cannot start is named", async () => {
    await create({ processes: [web, { ...web, name: "worker", cwd: "server" }] });
    await expect(panel.call("apps.start", { params })).rejects.toMatchObject({
      status: 409,
      message: expect.stringMatching(/^worker cannot start: The folder server is missing/) as string,
    });
  });

  test("a port held by another program is named before anything starts", async () => {
    const port = Number(new URL(panel.base).port);
    await create({ processes: [{ ...web, ports: [port] }] });
    const failure = await panel.call("apps.start", { params }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      status: 409,
      message: expect.stringMatching(`port ${port} is taken by .*pid ${process.pid}`) as string,
    });
    expect(ours.calls).toEqual([]);
  });

  test("a folder that went away is a state of the app, not an error of the list", async () => {
    await create();
    await rm(project, { recursive: true });
    await panel.stop();
    await startPanel();
    await vi.waitFor(async () => {
      expect(await panel.call("apps.get", { params })).toMatchObject({ problem: { code: "folder_missing" } });
    }, patience);
    await expect(panel.call("apps.start", { params })).rejects.toMatchObject({ status: 409 });
  });

  test("without PM2 the list still answers and a start says what to do", async () => {
    await create();
    ours.isUp = false;
    expect(await panel.call("apps.list", {})).toHaveLength(1);
    await expect(panel.call("apps.start", { params })).rejects.toMatchObject({
      status: 503,
      details: { hint: "Run npm start on the machine. What runs goes on until then." },
    });
  });

  test("an app of its ecosystem file starts what the file says, read anew each time", async () => {
    const file = join(project, "ecosystem.config.cjs");
    await writeFile(join(project, "a.js"), "");
    await writeFile(
      file,
      `module.exports = { apps: [{ name: "x", script: "a.js", args: "--one", env: { MODE: "dev" } }] };`,
    );
    await create({ processes: [{ ...web, run: { kind: "ecosystem", file: "ecosystem.config.cjs", name: "x" } }] });
    await panel.call("apps.start", { params });
    expect(ours.specs.get("blog/web")).toMatchObject({ script: "a.js", args: ["--one"], cwd: project });
    expect(ours.specs.get("blog/web")?.env["MODE"]).toBe("dev");
    await writeFile(file, `module.exports = { apps: [{ name: "x", script: pick() }] };`);
    await panel.call("apps.stop", { params });
    await expect(panel.call("apps.start", { params })).rejects.toMatchObject({
      message: expect.stringContaining("pick()") as string,
    });
  });
});

describe("deleting", () => {
  test("ends its processes at once, and Undo brings app and processes back", async () => {
    await create();
    await panel.call("apps.start", { params });
    const { undoUntil } = await panel.call("apps.remove", { params });
    expect(Date.parse(undoUntil)).toBeGreaterThan(Date.now());
    expect(await panel.call("apps.list", {})).toEqual([]);
    await expect(panel.call("apps.get", { params })).rejects.toMatchObject({ status: 404 });
    expect(await panel.call("apps.restore", { params })).toMatchObject({ status: "online" });
    expect(ours.calls).toEqual(["start blog/web", "remove blog/web", "start blog/web"]);
  });

  test("Undo still works after a restart of the panel, and the id is free for a new app at once", async () => {
    await create();
    await panel.call("apps.remove", { params });
    await panel.stop();
    await startPanel();
    expect(await panel.call("apps.restore", { params })).toMatchObject({ id: "blog" });
    await panel.call("apps.remove", { params });
    expect(await create({ id: "blog", name: "New" })).toMatchObject({ name: "New" });
    expect(await panel.call("apps.list", {})).toHaveLength(1);
  });

  test("archiving takes an app out of PM2 and keeps it from starting", async () => {
    await create();
    await panel.call("apps.start", { params });
    await panel.call("apps.update", { params, body: { isArchived: true } });
    expect(ours.processes).toEqual([]);
    await expect(panel.call("apps.start", { params })).rejects.toMatchObject({ status: 409 });
  });
});

describe("the user's own PM2", () => {
  test("its processes are listed, linked to an app, controlled, and left alone when the app is deleted", async () => {
    theirs.add({ name: "legacy", cwd: project });
    await create({ processes: [{ ...web, run: { kind: "linked", home: "user", name: "legacy" } }] });
    expect(await panel.call("apps.start", { params })).toMatchObject({ status: "online" });
    await panel.call("apps.stop", { params });
    await panel.call("apps.start", { params });
    await panel.call("apps.remove", { params });
    expect(theirs.calls).toEqual(["stop legacy", "restart legacy"]);
    expect(ours.calls).toEqual([]);
  });
});

describe("live", () => {
  test("the feed begins with all apps and tells each change once", async () => {
    await create();
    const { emit, next } = await panel.connect();
    const reply = await emit("apps:subscribe", {});
    expect(reply).toMatchObject({ ok: true, data: { snapshot: [{ id: "blog" }] } });
    const changed = next("apps:event", (payload) => JSON.stringify(payload).includes(`"status":"online"`));
    await panel.call("apps.start", { params });
    expect(await changed).toMatchObject({ event: { type: "changed", app: { id: "blog", onlineCount: 1 } } });
    const removed = next("apps:event", (payload) => JSON.stringify(payload).includes(`"removed"`));
    await panel.call("apps.remove", { params });
    expect(await removed).toMatchObject({ event: { type: "removed", id: "blog" } });
  });

  test("a crash seen on the bus reaches the list without anybody asking PM2", async () => {
    await create();
    await panel.call("apps.start", { params });
    const [process] = ours.processes;
    ours.processes[0] = {
      ...(process ?? ours.add({})),
      status: "errored",
      pid: null,
      exitCode: 1,
      unstableRestarts: 9,
    };
    const { pmId, name, namespace, restarts } = ours.processes[0];
    const about = { pmId, name, namespace, restarts, status: "errored" as const, pid: null };
    ours.emit({
      kind: "process",
      home: "portos",
      event: "exit",
      isManual: false,
      process: about,
      exitCode: 1,
      detail: null,
      at: 0,
    });
    await vi.waitFor(async () => {
      expect(await panel.call("apps.get", { params })).toMatchObject({
        status: "errored",
        problem: { code: "crash_loop", message: "It ended 9 times in a row with exit code 1" },
      });
    }, patience);
  });
});
