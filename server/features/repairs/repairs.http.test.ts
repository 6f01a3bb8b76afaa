import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let directory = "";
let panel: TestApp;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-repairs-"));
  panel = await startTestApp({ directory });
});

afterEach(async () => {
  await panel.stop();
  await rm(directory, { recursive: true, force: true });
});

const incident = "mabcdefg-0123abcd";

test("agents may do nothing about crashes until that is turned on, and what is chosen is on disk", async () => {
  const { settings, paused } = await panel.call("repairs.settings", {});
  expect({ settings, paused }).toMatchObject({ settings: { level: "off", apps: {}, maxFailures: 3 }, paused: [] });
  await panel.call("repairs.putSettings", { body: { ...settings, level: "propose", maxFailures: 2 } });
  await panel.call("repairs.setAppLevel", { params: { app: "blog" }, body: { level: "apply" } });
  await panel.call("repairs.setAppLevel", { params: { app: "shop" }, body: { level: "approve" } });
  await panel.call("repairs.setAppLevel", { params: { app: "shop" }, body: { level: null } });
  await panel.stop();
  expect(await readFile(join(directory, "data/repairs/state.json"), "utf8")).toContain('"blog": "apply"');
  panel = await startTestApp({ directory });
  expect((await panel.call("repairs.settings", {})).settings).toMatchObject({
    level: "propose",
    apps: { blog: "apply" },
    maxFailures: 2,
  });
});

test("a wrong level is refused, and every page hears of a change", async () => {
  const { settings } = await panel.call("repairs.settings", {});
  await expect(panel.call("repairs.putSettings", { body: { ...settings, maxFailures: 0 } })).rejects.toMatchObject({
    status: 400,
    details: { issues: [{ path: "body.maxFailures" }] },
  });
  const socket = await panel.connect();
  expect(await socket.emit("repairs:subscribe", {})).toMatchObject({
    ok: true,
    data: { snapshot: { repairs: [], settings: { settings: { level: "off" } } } },
  });
  const heard = socket.next("repairs:event");
  await panel.call("repairs.setAppLevel", { params: { app: "blog" }, body: { level: "propose" } });
  expect(await heard).toMatchObject({
    event: { kind: "settings", settings: { settings: { apps: { blog: "propose" } } } },
  });
});

test("without the autofixer no agent is asked, and what is not there is not found", async () => {
  await expect(panel.call("repairs.ask", { params: { incident }, body: { isAnyway: false } })).rejects.toMatchObject({
    status: 503,
  });
  await expect(panel.call("repairs.outlook", { params: { incident } })).rejects.toMatchObject({ status: 503 });
  const id = "repair-000000000001";
  await expect(panel.call("repairs.get", { params: { id } })).rejects.toMatchObject({ status: 404 });
  await expect(panel.call("repairs.revert", { params: { id } })).rejects.toMatchObject({ status: 404 });
  await expect(panel.call("repairs.apply", { params: { id }, body: { tree: "t" } })).rejects.toMatchObject({
    status: 404,
  });
  expect(await panel.call("repairs.list", { query: { incident } })).toEqual({ items: [], next: null });
});
