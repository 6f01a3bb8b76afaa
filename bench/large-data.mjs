// portos-server with a long past beside one with none: time to ready, and the first pages over HTTP.
//   npm run build && node bench/large-data.mjs [--save]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = 9;
const pagesPerRound = 40;
const historyRows = 100_000;
const runs = 10_000;
const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
const bundle = await bundleProgram("bench/lib/large-data-parts.ts");
const { dataFiles, freePort, historyEntrySchema, ledgerEntrySchema, openJsonLog, silentLogger } = await import(
  pathToFileURL(bundle).href
);

const day = 86_400_000;
const last = Date.now() - 60_000;
let now = last - 30 * day;
const clock = { now: () => now, monotonic: () => now };

async function fill(directory, schema, size, make) {
  mkdirSync(directory, { recursive: true });
  const log = await openJsonLog({ directory, schema, clock, logger: silentLogger });
  for (let number = 0; number < size; number += 500) {
    now = last - 30 * day + Math.floor((30 * day * number) / size);
    await Promise.all(Array.from({ length: 500 }, (_, at) => log.append(make(number + at))));
  }
  await log.close();
}

const iso = () => new Date(now).toISOString();
const historyRow = (number) => ({
  id: `h${number}`,
  at: iso(),
  correlationId: `h${number}`,
  action: number % 3 === 0 ? "settings.put" : "apps.start",
  summary: "Start an app",
  subject: `app-${number % 50}`,
  outcome: number % 5 === 0 ? "refused" : "done",
  code: null,
  message: null,
  durationMs: 3,
  caller: { name: "this machine", address: "127.0.0.1" },
});
const occurrence = (number, state) => ({
  id: `oc-${number}`,
  automationId: `au-${number % 20}`,
  name: `Automation ${number % 20}`,
  trigger: "schedule",
  who: null,
  action: "command",
  due: iso(),
  dueUntil: null,
  count: 1,
  state,
  reason: null,
  startedAt: iso(),
  endedAt: state === "running" ? null : iso(),
  lateMs: 4,
  durationMs: state === "running" ? null : 900,
  exitCode: state === "running" ? null : 0,
  httpStatus: null,
  outputBytes: 120,
});

const empty = join(folder, "empty");
const long = join(folder, "long");
await fill(join(long, dataFiles.history.path), historyEntrySchema, historyRows, historyRow);
await fill(join(long, dataFiles.occurrences.path), ledgerEntrySchema, 2 * runs, (number) =>
  number % 2 === 0
    ? { type: "claim", number: number + 1, row: occurrence(number, "running") }
    : { type: "finish", number: number + 1, row: occurrence(number - 1, "succeeded") },
);
const state = join(long, dataFiles.automationState.path);
mkdirSync(dirname(state), { recursive: true });
writeFileSync(state, JSON.stringify({ version: 1, data: { number: 2 * runs, open: [], automations: {} } }));

async function startServer(dataDir) {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(process.execPath, ["dist/server.js"], {
    cwd: root,
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      PORTOS_BASE_PORT: String(port),
      PORTOS_DATA_DIR: dataDir,
      PORTOS_STATE_DIR: join(folder, "state"),
      PORTOS_CONFIG_DIR: join(folder, "config"),
      PORTOS_USER_PM2_HOME: "none",
    },
  });
  const base = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${base}/health`).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 5));
  return { base, readyMs: performance.now() - started, child };
}

async function measure(target) {
  const { base, readyMs, child } = await startServer(target.dataDir);
  target.ready.push(readyMs);
  for (const [path, times] of [
    ["/api/history?limit=50", target.history],
    ["/api/occurrences?limit=50", target.runs],
  ]) {
    for (let page = 0; page < pagesPerRound; page += 1) {
      const started = performance.now();
      const response = await fetch(base + path);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      times.push(performance.now() - started);
    }
  }
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
}

const targets = [
  { name: "no past", dataDir: empty, ready: [], history: [], runs: [] },
  {
    name: `${format(historyRows)} history rows, ${format(runs)} runs`,
    dataDir: long,
    ready: [],
    history: [],
    runs: [],
  },
];
for (let round = 0; round < rounds; round += 1) {
  for (const target of round % 2 === 0 ? targets : targets.toReversed()) await measure(target);
}
rmSync(folder, { recursive: true, force: true });
rmSync(bundle);

const ms = (times) => `${format(median(times), 1)} / ${format(quantile(times, 0.99), 1)}`;
const [none, much] = targets;
const slower = median(much.ready) / median(none.ready) - 1;
report({
  program: "large-data",
  title: "portos-server with a long past",
  columns: ["data", "ready, ms (median)", "history page, ms", "runs page, ms"],
  rows: targets.map((target) => [target.name, format(median(target.ready)), ms(target.history), ms(target.runs)]),
  goals: [
    { text: "first page of the history in at most 20 ms, median", isMet: median(much.history) <= 20 },
    { text: "first page of the runs in at most 20 ms, median", isMet: median(much.runs) <= 20 },
    { text: `start time within 10 % (${format(100 * slower, 1)} %)`, isMet: slower <= 0.1 },
  ],
  notes: [`${rounds} starts each, in turns; pages over HTTP, median / p99 of ${rounds * pagesPerRound}.`],
});
