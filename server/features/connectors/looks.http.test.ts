import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const params = { id: "webhook-out" };
let folder: string;
let app: TestApp;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-looks-"));
  app = await startTestApp({ directory: folder });
  await app.call("connectors.putConfig", { params, body: { config: { url: "http://127.0.0.1:1/hook" } } });
  await app.call("connectors.enable", { params });
});
afterEach(async () => {
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

const check = () => app.call("connectors.check", { params });

test("who may not call may not look either, and that says nothing of the other side", async () => {
  const body = connectorPolicySchema.parse({ callers: ["automation"] });
  await app.call("connectors.putPolicy", { params, body });
  const refused = { status: 403, details: { reason: "refused_by_policy" } };
  await expect(check()).rejects.toMatchObject(refused);
  await expect(app.call("connectors.doctor", { params })).rejects.toMatchObject(refused);
  expect((await app.call("connectors.get", { params })).health).toBeNull();
});

test("looks have a limit, and take nothing from that of calls", async () => {
  for (let look = 0; look < 20; look += 1) await check();
  await expect(check()).rejects.toMatchObject({ status: 429, details: { reason: "rate_limited" } });
  const { health, used } = await app.call("connectors.get", { params });
  expect(health?.isHealthy).toBeNull();
  expect(used).toEqual({ lastMinute: 0, today: 0 });
});
