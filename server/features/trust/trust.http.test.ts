import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { until } from "../../../lib/testing/temporary-folder.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.end());

const none = { "search-result": [], external: [], primary: [], authoritative: [] };

test("lists are changed, checked, kept over a restart and followed when the file is edited", async () => {
  expect((await app.call("trust.get", {})).primary).toEqual([]);
  await app.call("trust.put", { body: { ...none, primary: ["Docs.Example.com"] } });
  const asked = { body: { address: "https://docs.example.com/x" } };
  expect(await app.call("trust.check", asked)).toEqual({ tier: "primary", rule: "docs.example.com" });

  const file = join(app.env.dataDir, "trust.json");
  await app.stop();
  app = await startTestApp({ directory: join(app.env.dataDir, "..") });
  expect(await app.call("trust.check", asked)).toEqual({ tier: "primary", rule: "docs.example.com" });

  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("docs.example.com", "*.example.com"));
  await until(async () => (await app.call("trust.check", asked)).rule === "*.example.com");
});

test("an entry that is no domain is refused with its place", async () => {
  await expect(app.call("trust.put", { body: { ...none, external: ["https://x.example/"] } })).rejects.toMatchObject({
    status: 400,
    details: { issues: [{ path: "body.external.0" }] },
  });
});

test("lists that are not named are not emptied: all of them are said, or nothing is changed", async () => {
  await app.call("trust.put", { body: { ...none, authoritative: ["docs.example.com"] } });
  for (const body of [null, { primary: ["example.com"] }])
    await expect(app.call("trust.put", { body: body as unknown as typeof none })).rejects.toMatchObject({
      status: 400,
    });
  expect((await app.call("trust.get", {})).authoritative).toEqual(["docs.example.com"]);
});
