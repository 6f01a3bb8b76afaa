import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { ProcessInput } from "../../../contract/features/apps.ts";
import { createFakePm2, type FakePm2 } from "../../testing/fake-pm2.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let directory: string;
let project: string;
let panel: TestApp;
let ours: FakePm2;
const params = { id: "blog" };

const web: ProcessInput = {
  name: "web",
  run: { kind: "command", command: ["node", "server.js"] },
  cwd: ".",
  ports: [],
  isRestarted: true,
  isStartedWithApp: true,
  maxMemoryBytes: null,
  environment: [{ name: "API_WORD", value: "a word nobody may see", isSecret: true }],
};

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "portos-changes-")));
  project = join(directory, "blog");
  await mkdir(project);
  ours = createFakePm2("portos");
  await startPanel();
  await panel.call("apps.create", { body: { name: "Blog", folder: project, processes: [web] } });
});
afterEach(async () => {
  await panel.stop();
  await rm(directory, { recursive: true, force: true });
});

async function startPanel(): Promise<void> {
  panel = await startTestApp({ directory, pm2Clients: { portos: ours.client, user: null } });
}

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

test("changes made at the same time do not undo each other", async () => {
  const wanted = { name: "Weblog", description: "words", group: "mine" };
  await Promise.all(
    Object.entries(wanted).map(([field, value]) => panel.call("apps.update", { params, body: { [field]: value } })),
  );
  expect(await panel.call("apps.get", { params })).toMatchObject(wanted);
});

test("a start that comes after the deletion starts nothing", async () => {
  const removed = panel.call("apps.remove", { params });
  const started = outcome(panel.call("apps.start", { params }));
  await removed;
  expect(await started).toMatchObject({ status: 404 });
  expect(await ours.client.list()).toEqual([]);
});

test("a change that comes after the deletion does not bring the app back", async () => {
  const removed = panel.call("apps.remove", { params });
  await outcome(panel.call("apps.update", { params, body: { folder: directory } }));
  await removed;
  expect(await panel.call("apps.list", {})).toEqual([]);
});

test("an addition that is refused leaves the undo of the deleted app of that name", async () => {
  await panel.call("apps.remove", { params });
  const body = { name: "Blog", folder: "/no/such/folder", processes: [] };
  expect(await outcome(panel.call("apps.create", { body }))).toMatchObject({ status: 404 });
  expect(await panel.call("apps.restore", { params })).toMatchObject({ id: "blog" });
});

test("PortOS's own processes cannot be stopped or restarted as a part of an app", async () => {
  ours.add({ name: "portos-server", namespace: "portos" });
  const linked = { ...web, run: { kind: "linked" as const, home: "portos" as const, name: "portos-server" } };
  await panel.call("apps.update", { params, body: { processes: [linked] } });
  for (const call of ["apps.stop", "apps.restart"] as const)
    expect(await outcome(panel.call(call, { params }))).toMatchObject({ status: 409 });
  expect(ours.calls).toEqual([]);
});

test("a process folder that a link leads out of the app's folder is refused when saved and when started", async () => {
  const elsewhere = join(directory, "elsewhere");
  await Promise.all([mkdir(elsewhere), mkdir(join(project, "real"))]);
  await symlink(elsewhere, join(project, "out"));
  await symlink("real", join(project, "alias"));
  const later = { ...web, name: "later", cwd: "later" };
  const change = (processes: ProcessInput[]) => panel.call("apps.update", { params, body: { processes } });
  const refused = {
    status: 400,
    details: { issues: [{ path: "body.processes.1.cwd", message: "leads out of the app's folder by a link" }] },
  };
  const out = [web, { ...web, name: "out", cwd: "out" }];
  await expect(change(out)).rejects.toMatchObject(refused);
  const other = { name: "Other", folder: project, processes: out };
  await expect(panel.call("apps.create", { body: other })).rejects.toMatchObject(refused);

  await change([{ ...web, cwd: "alias" }, later]);
  await panel.call("apps.startProcess", { params: { ...params, process: "web" } });
  expect(ours.specs.get("blog/web")?.cwd).toBe(join(project, "real"));
  await symlink(elsewhere, join(project, "later"));
  await expect(panel.call("apps.startProcess", { params: { ...params, process: "later" } })).rejects.toMatchObject({
    status: 409,
    details: { message: "later cannot start: cwd: later is a link that leads out of the app's folder" },
  });
  // What stands in the record already does not keep the rest from being changed.
  expect(await panel.call("apps.update", { params, body: { description: "x" } })).toMatchObject({ description: "x" });
});
