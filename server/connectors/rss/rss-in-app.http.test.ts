import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { startSite, type WebSite } from "../reading/testing/web-site.ts";

let folder: string;
let site: WebSite;
let app: TestApp;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-feeds-"));
  site = await startSite({});
  app = await startTestApp({ directory: folder });
});

afterEach(async () => {
  await app.stop();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

const execute = (operation: string, params: Record<string, unknown>) =>
  app.call("connectors.execute", { params: { id: "rss", operation }, body: { params } });

const feed = (...ids: number[]) => ({
  headers: { "content-type": "application/rss+xml" },
  body: `<rss version="2.0"><channel><title>News</title>${ids
    .map((id) => `<item><guid isPermaLink="false">${id}</guid><title>Entry ${id}</title></item>`)
    .join("")}</channel></rss>`,
});

test("nothing is asked before feeds are turned on; what was given back stays known over a restart of PortOS", async () => {
  site.pages = { "/feed": feed(1) };
  const url = `${site.origin}/feed`;
  await expect(execute("subscribe", { url })).rejects.toMatchObject({ status: 409 });
  expect(site.visits).toEqual([]);

  await app.call("connectors.enable", { params: { id: "rss" } });
  await app.call("connectors.putConfig", { params: { id: "rss" }, body: { config: { restMinutes: 0 } } });
  const policy = connectorPolicySchema.parse({ insides: [new URL(site.origin).host] });
  await app.call("connectors.putPolicy", { params: { id: "rss" }, body: policy });
  await execute("subscribe", { url });
  site.pages = { "/feed": feed(2, 1) };
  expect(await execute("list-new", {})).toMatchObject({ output: { items: [{ title: "Entry 2" }] } });

  const backup = await app.call("backups.create", {});
  await execute("unsubscribe", { feed: url });
  await app.stop();
  app = await startTestApp({ directory: folder });
  await app.call("backups.restore", { params: { id: backup.id } });
  site.pages = { "/feed": feed(3, 2, 1) };
  await expect
    .poll(async () => (await execute("list-new", {})) as unknown)
    .toMatchObject({ output: { items: [{ title: "Entry 3" }] } });
});
