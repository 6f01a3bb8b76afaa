import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { startTestApp } from "../../testing/test-app.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { automationsFile, type AutomationsFile } from "./automation-record.ts";
import { createAutomationStore } from "./automation-store.ts";

const folderOf = useTemporaryFolders();
const at = "2026-11-21T12:00:00.000Z";

function oldEntry(id: string, env: unknown) {
  const action = { kind: "command", command: { kind: "shell", line: "date" }, folder: "/", timeLimitMs: 60_000, env };
  const schedule = { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" };
  const times = { createdAt: at, updatedAt: at, scheduledFrom: at };
  const policies = { missedPolicy: { kind: "skip" }, overlapPolicy: "skip" };
  return { id, name: id, schedule, action, isEnabled: false, ...policies, ...times };
}

const plain = { API_TOKEN: "tok-clear-0123456789", DATABASE_URL: "postgres://me:pa55word@db/x", GREETING: "hello" };
const oldFile = {
  version: 1,
  data: {
    pausedAt: null,
    automations: [oldEntry("au-000001", plain), { name: "broken", kept: [1] }, oldEntry("au-000002", { N: 5 })],
    deleted: [{ deletedAt: at, automation: oldEntry("au-000003", { DB_PASSWORD: "deleted-clear-98765" }) }],
  },
};

it("brings variables of an older file over, marks what looks like a secret and keeps entries it does not understand", async () => {
  const file = join(await folderOf(), "automations.json");
  await writeFile(file, JSON.stringify(oldFile));
  const store = await openJsonStore<AutomationsFile>({ ...automationsFile, file, logger: silentLogger });
  const automations = createAutomationStore(store);
  expect(automations.get("au-000001")?.action).toMatchObject({
    environment: [
      { name: "API_TOKEN", value: plain.API_TOKEN, isSecret: true },
      { name: "DATABASE_URL", value: plain.DATABASE_URL, isSecret: true },
      { name: "GREETING", value: "hello", isSecret: false },
    ],
  });
  expect(store.get().automations.slice(1)).toEqual(oldFile.data.automations.slice(1));
  expect(automations.problems().map(({ index }) => index)).toEqual([1, 2]);
  await store.close();
});

it("leaves no secret of an older file in clear anywhere in the data folder", async () => {
  const directory = await folderOf();
  const data = join(directory, "data");
  const output = "oc-0123456789abcdef";
  await mkdir(join(data, "automations/output"), { recursive: true });
  await writeFile(join(data, "automations.json"), JSON.stringify(oldFile));
  await writeFile(join(data, "automations.json.backup"), JSON.stringify(oldFile));
  await writeFile(join(data, `automations/output/${output}.log`), `it printed ${plain.API_TOKEN}\n`);
  const panel = await startTestApp({ directory });
  const { automation } = await panel.call("automations.get", { params: { id: "au-000001" } });
  expect(automation.action).toMatchObject({
    environment: [
      { name: "API_TOKEN", value: null, isSecret: true, last4: "6789" },
      { name: "DATABASE_URL", value: null, isSecret: true },
      { name: "GREETING", value: "hello", isSecret: false, last4: null },
    ],
  });
  const titles = (await panel.call("notifications.list", {})).map(({ title }) => title);
  expect(titles).toContain("Variables of automations are sealed now");
  await panel.call("automations.restore", { params: { id: "au-000003" } });
  await panel.stop();
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = await readFile(join(entry.parentPath, entry.name), "utf8");
    for (const secret of [plain.API_TOKEN, "pa55word", "deleted-clear-98765"]) expect(text).not.toContain(secret);
  }
  const kept = await readFile(join(data, `automations/output/${output}.log`), "utf8");
  expect(kept).toBe("it printed [redacted]\n");
});

function input(environment: object[]) {
  return {
    name: "By hand",
    schedule: { kind: "cron" as const, expression: "0 0 1 1 *", zone: "UTC" },
    action: { kind: "command" as const, command: { kind: "shell" as const, line: "date" }, folder: "/", environment },
  };
}

it("keeps a secret that is not entered again, and says when one has no value", async () => {
  const panel = await startTestApp();
  const create = (environment: object[]) => panel.call("automations.create", { body: input(environment) } as never);
  const secret = { name: "WORD", value: "kept-and-not-shown", isSecret: true };
  const { automation } = await create([secret]);
  const params = { id: automation.id };
  const file = join(panel.env.dataDir, "automations.json");
  const sealed = async () => /"sealed": "([^"]+)"/.exec(await readFile(file, "utf8"))?.[1];
  const before = await sealed();
  expect(before).toMatch(/^[A-Za-z0-9+/=]{20,}$/);
  expect(await readFile(file, "utf8")).not.toContain("kept-and-not-shown");
  expect(JSON.stringify(await panel.call("automations.list", {}))).not.toContain("kept-and-not-shown");

  const body = input([
    { name: "WORD", isSecret: true },
    { name: "OPEN", value: "x" },
  ]);
  await panel.call("automations.update", { params, body } as never);
  expect(await sealed()).toBe(before);
  const open = input([{ name: "WORD", isSecret: false }]);
  await expect(panel.call("automations.update", { params, body: open } as never)).rejects.toMatchObject({
    status: 400,
  });
  await expect(create([{ name: "NEW", isSecret: true }])).rejects.toMatchObject({ status: 400 });
  await expect(create([secret, secret])).rejects.toMatchObject({
    details: { issues: [{ path: "body.action.environment", message: "must name each variable once" }] },
  });
  await expect(create([{ name: "PORTOS_X", value: "1" }])).rejects.toMatchObject({ status: 400 });
  await panel.end();
});

it("seals what is written into the file by hand while the panel runs", async () => {
  const panel = await startTestApp();
  const file = join(panel.env.dataDir, "automations.json");
  const { action, ...entry } = oldEntry("au-000009", {});
  const { env: _, ...command } = action;
  const environment = [{ name: "WORD", value: "typed-into-the-file", isSecret: true }];
  const data = { pausedAt: null, automations: [{ ...entry, action: { ...command, environment } }], deleted: [] };
  await writeFile(file, JSON.stringify({ version: 2, data }));
  await expect.poll(() => readFile(file, "utf8"), { timeout: 10_000 }).toContain('"sealed"');
  expect(await readFile(file, "utf8")).not.toContain("typed-into-the-file");
  await panel.end();
});
