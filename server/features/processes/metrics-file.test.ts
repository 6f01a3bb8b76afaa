import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { keepMetrics } from "./metrics-file.ts";
import { createMetricsRing, stepMs } from "./metrics-ring.ts";

let folder = "";
const start = 1_000 * stepMs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-metrics-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A run of the panel that begins `steps` after the first one. */
async function run(steps: number, everyMs?: number) {
  const ring = createMetricsRing();
  const now = start + steps * stepMs;
  const file = join(folder, "state", "metrics.json");
  const kept = await keepMetrics({ file, ring, now: () => now, logger: silentLogger, ...(everyMs ? { everyMs } : {}) });
  const add = (cpuPercent: number, key = "a") => ring.add(now, [{ key, cpuPercent, memoryBytes: 1000 * cpuPercent }]);
  const series = (key = "a") => ring.read(now, () => true).series[key];
  return { ring, file, kept, add, series };
}

test("the curves go on after a restart, the time away is a gap", async () => {
  const first = await run(0);
  first.add(7.5);
  await first.kept.stop();
  const second = await run(3);
  second.add(9);
  expect(second.series()?.cpuPercent.slice(-5)).toEqual([null, 7.5, null, null, 9]);
  expect(second.series()?.memoryBytes.slice(-5)).toEqual([null, 7500, null, null, 9000]);
  await second.kept.stop();
});

test("a restart within one step keeps what was read in it", async () => {
  const first = await run(0);
  first.add(10);
  await first.kept.stop();
  const second = await run(0);
  second.add(30);
  expect(second.series()?.cpuPercent.at(-1)).toBe(20);
  await second.kept.stop();
});

test("what is older than an hour is gone", async () => {
  const first = await run(0);
  first.add(5);
  await first.kept.stop();
  const later = await run(121);
  later.add(1, "b");
  expect(Object.keys(later.ring.read(start + 121 * stepMs, () => true).series)).toEqual(["b"]);
  await later.kept.stop();
});

test("it is written while it runs, for its user only, so a kill costs a minute", async () => {
  const killed = await run(0, 10);
  killed.add(4);
  await vi.waitFor(async () => {
    expect(await readFile(killed.file, "utf8")).toContain('"a"');
  });
  expect((await stat(killed.file)).mode & 0o777).toBe(0o600);
  const next = await run(1);
  expect(next.series()?.cpuPercent.slice(-2)).toEqual([4, null]);
  await killed.kept.stop();
  await next.kept.stop();
});

test.each([
  ["damaged", "{ half"],
  ["of another shape", '{"stepMs":30000,"until":5}'],
  ["from the future", JSON.stringify({ ...future(), series: { a: { cpuPercent: [1], memoryBytes: [1] } } })],
])("a file that is %s costs the curves and nothing else", async (_, text) => {
  const first = await run(0);
  await first.kept.stop();
  await writeFile(first.file, text);
  const second = await run(1);
  expect(second.series()).toBeUndefined();
  second.add(2);
  await second.kept.stop();
  expect((await run(1)).series()?.cpuPercent.at(-1)).toBe(2);
});

function future() {
  return { stepMs, until: new Date(start + 1_000 * stepMs).toISOString() };
}
