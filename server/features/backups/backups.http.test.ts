import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { settingsSchema } from "../../../contract/features/settings.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.end());

const named = (machineName: string) => settingsSchema.parse({ machineName });

describe("backups", () => {
  test("a restore shows first what it would change, then brings the old value back live", async () => {
    await app.call("settings.put", { body: named("before") });
    const backup = await app.call("backups.create", {});
    await app.call("settings.put", { body: named("after") });

    const preview = await app.call("backups.preview", { params: { id: backup.id } });
    expect(preview.changes.filter(({ change }) => change === "changed").map(({ file }) => file)).toEqual([
      "settings.json",
    ]);
    expect((await app.call("settings.get", {})).machineName).toBe("after");

    const restored = await app.call("backups.restore", { params: { id: backup.id } });
    await expect.poll(async () => (await app.call("settings.get", {})).machineName).toBe("before");

    await app.call("backups.restore", { params: { id: restored.safetyBackup } });
    await expect.poll(async () => (await app.call("settings.get", {})).machineName).toBe("after");
  });

  test("the history is never taken back", async () => {
    const backup = await app.call("backups.create", {});
    await app.call("settings.put", { body: named("x") });
    await app.call("backups.restore", { params: { id: backup.id } });
    const { items } = await app.call("history.list", { query: {} });
    expect(items.map(({ action }) => action)).toEqual(["backups.restore", "settings.put", "backups.create"]);
  });

  test("a damaged backup is refused as a whole", async () => {
    await app.call("settings.put", { body: named("kept") });
    const backup = await app.call("backups.create", {});
    const folder = join(app.env.dataDir, "backups");
    const [name = ""] = await readdir(folder);
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, name), bytes.subarray(0, bytes.length - 20));
    // Whoever lists reads only the beginnings: what is damaged further on must not come up after that.
    for (let times = 0; times < 20; times += 1) expect(await app.call("backups.list", {})).toHaveLength(1);
    await expect(app.call("backups.restore", { params: { id: backup.id } })).rejects.toMatchObject({ status: 400 });
    expect((await app.call("settings.get", {})).machineName).toBe("kept");
  });

  test("a download is a gzip attachment, an id with a path in it is refused", async () => {
    const backup = await app.call("backups.create", {});
    const response = await fetch(`${app.base}/api/backups/${backup.id}/download`);
    expect(response.headers.get("content-disposition")).toContain("attachment");
    expect([...new Uint8Array(await response.arrayBuffer()).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect((await fetch(`${app.base}/api/backups/..%2F..%2Fsettings/download`)).status).toBe(400);
    await app.call("backups.remove", { params: { id: backup.id } });
    expect(await app.call("backups.list", {})).toEqual([]);
  });
});
