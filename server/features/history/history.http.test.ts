import { afterEach, beforeEach, describe, expect, test } from "vitest";

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
});
