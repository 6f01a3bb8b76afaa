import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { appInputSchema, processInputSchema } from "../../../contract/features/apps.ts";
import { settingsSchema } from "../../../contract/features/settings.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.end());

const body = settingsSchema.parse({ machineName: "desk" });

describe("history", () => {
  test("a done and a refused action are both there, newest first, reads are not", async () => {
    await app.call("settings.put", { body });
    await app.call("settings.get", {});
    await expect(
      app.call("settings.put", { body: { ...body, editorUrl: "javascript:alert(1)" } }),
    ).rejects.toMatchObject({ status: 400 });
    const { items } = await app.call("history.list", { query: {} });
    expect(items.map(({ action, outcome, code }) => [action, outcome, code])).toEqual([
      ["settings.put", "refused", "invalid_request"],
      ["settings.put", "done", null],
    ]);
    expect(items[0]?.message).toContain("body.editorUrl");
    expect(items[0]?.caller.name).toBe("this machine");
  });

  test("filters by feature, outcome and text, and pages without gaps", async () => {
    for (let index = 0; index < 5; index += 1)
      await app.call("settings.put", { body: { ...body, machineName: `desk ${index}` } });
    await app.call("backups.create", {});
    const filtered = await app.call("history.list", { query: { feature: "backups" } });
    expect(filtered.items.map(({ action }) => action)).toEqual(["backups.create"]);
    expect((await app.call("history.list", { query: { text: "BACK UP" } })).items).toHaveLength(1);
    expect((await app.call("history.list", { query: { outcome: "refused" } })).items).toHaveLength(0);

    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await app.call("history.list", { query: { limit: 2, ...(before ? { before } : {}) } });
      seen.push(...page.items.map(({ id }) => id));
      before = page.next ?? undefined;
    } while (before);
    expect(new Set(seen).size).toBe(6);
    expect(seen).toHaveLength(6);
  });

  test("a password in a refused body does not reach the history", async () => {
    const response = await fetch(`${app.base}/api/settings`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...body, password: "hunter2hunter2" }),
    });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await app.call("history.list", { query: {} }))).not.toContain("hunter2");
  });

  test("a thing is called by the name it had, also once it is deleted, and its actions can be listed alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portos-history-"));
    try {
      const process = processInputSchema.parse({ name: "web", run: { kind: "command", command: ["node", "a.js"] } });
      const input = appInputSchema.parse({ name: "My blog", folder, processes: [process] });
      const { id } = await app.call("apps.create", { body: input });
      await app.call("apps.update", { params: { id }, body: { name: "Our blog" } });
      await expect(app.call("apps.startProcess", { params: { id, process: "wep" } })).rejects.toThrow();
      await app.call("apps.remove", { params: { id } });
      await app.call("apps.restore", { params: { id } });
      const backup = await app.call("backups.create", {});
      await app.call("backups.remove", { params: { id: backup.id } });
      const [removal] = (await app.call("history.list", { query: { subject: backup.id } })).items;
      expect(removal).toMatchObject({
        action: "backups.remove",
        subjectName: expect.stringMatching(/^Backup of 20/) as string,
      });
      const { items } = await app.call("history.list", { query: { subject: id } });
      expect(items.map(({ action, subject, subjectName }) => [action, subject, subjectName])).toEqual([
        ["apps.restore", id, "Our blog"],
        ["apps.remove", id, "Our blog"],
        ["apps.startProcess", id, "Our blog / wep"],
        ["apps.update", id, "My blog"],
        ["apps.create", id, "My blog"],
      ]);
      expect((await app.call("history.list", { query: { text: "OUR BLOG" } })).items).toHaveLength(3);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
