import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { redact } from "../../../lib/redact.ts";
import { sealElsewhere } from "../../../lib/testing/sealed-secret.ts";
import { createFakePm2 } from "../../testing/fake-pm2.ts";
import { startTestApp } from "../../testing/test-app.ts";

test("secrets stored by an earlier run are redacted before anything is answered", async () => {
  const directory = await mkdtemp(join(tmpdir(), "portos-secrets-"));
  const value = await sealElsewhere(join(directory, "config"), "what the last run stored");
  const environment = [{ name: "WORD", value, isSecret: true }];
  const run = { kind: "command", command: ["node"] };
  const at = "2026-11-20T00:00:00.000Z";
  const app = { id: "blog", name: "Blog", folder: directory, processes: [{ name: "web", run, environment }] };
  await mkdir(join(directory, "data"));
  const file = { version: 1, data: { apps: [{ ...app, createdAt: at, updatedAt: at }] } };
  await writeFile(join(directory, "data/apps.json"), JSON.stringify(file));
  const panel = await startTestApp({ directory, pm2Clients: { portos: createFakePm2("portos").client, user: null } });
  expect((await panel.call("apps.list", {})).map(({ id }) => id)).toEqual(["blog"]);
  expect(redact("it prints what the last run stored")).toBe("it prints [redacted]");
  await panel.stop();
  await rm(directory, { recursive: true, force: true });
});
