import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
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
  bed = await createLogBed({ reloadLogs: () => client.reloadLogs(), restMs: 500 });
  await startPm2Daemon({ directory: home, runtimeDir, cwd: folder });
});

afterEach(async () => {
  await viewer?.close();
  for (const { pmId } of await client.list()) await client.remove(pmId);
  if (await client.isUp()) await client.endDaemon();
  client.close();
  await expect.poll(() => readDaemonPid(home)).toBeNull();
  await bed.end();
  await rm(folder, { recursive: true, force: true });
});

/** Follows the log of `blog/web` from its start and runs the program under PM2. Grows while lines arrive. */
async function runAndFollow(program: string): Promise<string[]> {
  await writeFile(join(folder, "web.js"), program);
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
    script: "web.js",
    args: [],
    env: { PATH: process.env["PATH"] ?? "" },
    logFile,
    autorestart: false,
  });
  return seen;
}

const rotate = async (): Promise<string[]> => (await bed.rotate({ maxFileBytes: 65_536 })).rotated;
const untilSeen = (seen: string[], count: number): Promise<void> =>
  expect.poll(() => seen.length, { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(count);

test("100 000 lines an app prints at once arrive complete, in order, once, while its log is rotated", async () => {
  const seen = await runAndFollow(
    `let n = 0; const say = () => console.log("line " + n++ + " größer ✓"); while (n < ${String(lineCount)}) say(); setInterval(say, 100);`,
  );
  await untilSeen(seen, 3_000);
  expect(await rotate()).toEqual(["web.log"]);
  for (const count of [20_000, 40_000, 60_000, 80_000]) {
    await untilSeen(seen, count);
    await rotate();
  }
  await untilSeen(seen, lineCount + 20);
  const got = [...seen];
  expect(got).toEqual(got.map((_, number) => `line ${String(number)} größer ✓`));
});

test("standard error written during a rotation and the last words before a crash arrive", async () => {
  // console.log hands on what the pipe has no room for when there is time: never, in a program that crashes.
  const seen = await runAndFollow(`
    const { existsSync, writeSync } = require("node:fs");
    let last = Infinity;
    for (let n = 0; n <= last; n++) {
      writeSync(1, "out " + n + "\\n");
      writeSync(2, "err " + n + "\\n");
      if (last === Infinity && n % 1000 === 0 && existsSync("rotated")) last = n + 5000;
    }
    throw new Error("the end");`);
  await untilSeen(seen, 6_000);
  expect(await rotate()).toEqual(["web.log"]);
  await writeFile(join(folder, "rotated"), "");
  await expect.poll(() => seen.includes("Error: the end"), { timeout: 30_000 }).toBe(true);
  const out = seen.filter((text) => text.startsWith("out "));
  expect(out.length % 1_000).toBe(1);
  expect(out).toEqual(out.map((_, number) => `out ${String(number)}`));
  expect(seen.filter((text) => text.startsWith("err "))).toEqual(out.map((_, number) => `err ${String(number)}`));
  const { mode } = await stat(bed.path("apps/blog/web.log"));
  expect(mode & 0o777).toBe(0o600);
});
