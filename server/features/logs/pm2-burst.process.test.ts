import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { createPm2Client, type Pm2Client } from "../../../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../../../lib/processes/pm2-daemon.ts";
import { createLogBed, texts, type LogBed } from "./testing/log-bed.ts";
import type { Viewer } from "./viewer.ts";

const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
const lineCount = 100_000;
let folder = "";
let home = "";
let client: Pm2Client;
let bed: LogBed;
let viewer: Viewer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pl-"));
  home = join(folder, "pm2");
  client = createPm2Client({ home: "portos", directory: home, logger: silentLogger });
  bed = await createLogBed({ reloadLogs: () => client.reloadLogs() });
  await startPm2Daemon({ directory: home, runtimeDir, cwd: folder });
});

afterEach(async () => {
  await viewer?.close();
  for (const { pmId } of await client.list()) await client.remove(pmId);
  if (await client.isUp()) await client.endDaemon();
  client.close();
  await expect.poll(() => readDaemonPid(home), { timeout: 5_000 }).toBeNull();
  await bed.end();
  await rm(folder, { recursive: true, force: true });
});

test("100 000 lines an app prints at once arrive complete, in order, once, and go on after a rotation", async () => {
  await writeFile(
    join(folder, "burst.js"),
    `let n = 0; const say = () => console.log("line " + n++ + " größer ✓"); while (n < ${String(lineCount)}) say(); setInterval(say, 100);`,
  );
  const logFile = bed.path("apps/blog/web.log");
  await writeFile(logFile, "");
  const seen: string[] = [];
  const started = await bed.service.view(
    { sources: ["portos/blog/web"], tail: 0 },
    {
      onLines(event) {
        seen.push(...texts(event));
        started.viewer.acknowledge(event.sequence);
      },
      onNotice: () => undefined,
    },
  );
  viewer = started.viewer;
  viewer.start();
  await client.start({
    name: "blog/web",
    namespace: "app:blog",
    cwd: folder,
    script: "burst.js",
    args: [],
    env: { PATH: process.env["PATH"] ?? "" },
    logFile,
  });
  await expect.poll(() => seen.length, { timeout: 60_000, interval: 100 }).toBeGreaterThanOrEqual(lineCount);
  await bed.rotate({ maxFileBytes: 65_536 });
  const before = seen.length;
  await expect.poll(() => seen.length, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(before + 20);
  const got = [...seen];
  expect(got).toEqual(got.map((_, number) => `line ${String(number)} größer ✓`));
});
