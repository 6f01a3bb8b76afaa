// Pages of a long history beside those of a short one, and what opening it costs.
//   node bench/history.mjs [--save]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const sizes = [100, 10_000, 100_000];
const repeats = 200;
const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
const bundle = await bundleProgram("bench/lib/store-parts.ts");
const { openJsonLog, silentLogger, row } = await import(pathToFileURL(bundle).href);
let now = Date.UTC(2026, 0, 1);
const clock = { now: () => now, monotonic: () => now };
const outcomes = ["done", "done", "done", "refused", "failed"];

const entry = (number) => ({
  at: new Date(now).toISOString(),
  who: "user",
  action: number % 1_000 === 0 ? "apps.remove" : "apps.start",
  outcome: outcomes[number % outcomes.length],
  details: { app: `app-${number % 50}`, correlation: `c${number}`, note: "x".repeat(120) },
});

async function fill(directory, size) {
  const log = await openJsonLog({ directory, schema: row, clock, logger: silentLogger });
  const started = performance.now();
  for (let number = 0; number < size; number += 500) {
    now += (30 * 864e5 * 500) / size; // spread over thirty days
    await Promise.all(Array.from({ length: Math.min(500, size) }, (_, at) => log.append(entry(number + at))));
  }
  const perSecond = size / ((performance.now() - started) / 1_000);
  await log.close();
  return perSecond;
}

async function timed(times, work) {
  const started = performance.now();
  await work();
  times.push(performance.now() - started);
}

const logs = [];
for (const size of sizes) {
  const directory = join(folder, String(size));
  logs.push({ size, directory, perSecond: await fill(directory, size), open: [], first: [], filtered: [], deep: [] });
}
for (let round = 0; round < repeats; round += 1) {
  for (const times of logs) {
    const options = { directory: times.directory, schema: row, clock, logger: silentLogger };
    let log;
    await timed(times.open, async () => {
      log = await openJsonLog(options);
    });
    await timed(times.first, () => log.page({ limit: 50 }));
    await timed(times.filtered, () => log.page({ limit: 50, match: ({ outcome }) => outcome === "failed" }));
    const next = (await log.page({ limit: 50 })).next;
    if (next !== null) await timed(times.deep, () => log.page({ limit: 50, before: next }));
    await log.close();
  }
}
rmSync(folder, { recursive: true });
rmSync(bundle);

const ms = (times) => (times.length === 0 ? "–" : `${format(median(times), 2)} / ${format(quantile(times, 0.99), 2)}`);
const large = logs.at(-1);
report({
  program: "history",
  title: "a page of 50 rows, by length of the history",
  columns: ["rows", "append, rows/s", "open, ms", "first page, ms", "next page, ms", "one row in five, ms"],
  rows: logs.map((log) => [
    format(log.size),
    format(log.perSecond),
    ...[log.open, log.first, log.deep, log.filtered].map(ms),
  ]),
  goals: [
    { text: "first page of 100 000 rows in at most 20 ms, p99", isMet: quantile(large.first, 0.99) <= 20 },
    {
      text: "opening 100 000 rows costs at most 1 ms more than opening 100",
      isMet: median(large.open) - median(logs[0].open) <= 1,
    },
  ],
  notes: [`Median / p99 of ${repeats} rounds; appends are durable, 500 at a time.`],
});
