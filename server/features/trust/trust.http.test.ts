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

test("lists are changed, checked, kept over a restart and followed when the file is edited", async () => {
  expect((await app.call("trust.get", {})).primary).toEqual([]);
  await app.call("trust.put", { body: { primary: ["Docs.Example.com"] } });
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
  await expect(app.call("trust.put", { body: { external: ["https://x.example/"] } })).rejects.toMatchObject({
    status: 400,
    details: { issues: [{ path: "body.external.0" }] },
  });
});
