// How late 10 000 automations are started, each claimed in the ledger on disk before it starts, and what waiting costs.
//   node bench/scheduler.mjs [--save]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { Cron } from "croner";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, quantile, report } from "./lib/report.mjs";

const schedules = 10_000;
const leadMs = 8_000;
const windowSeconds = 30;
const idleSeconds = 20;
const bundle = await bundleProgram("bench/lib/scheduler-parts.ts");
const { startScheduler } = await import(pathToFileURL(bundle).href);

const yearly = () => ({ kind: "cron", expression: "0 0 1 1 *", zone: "Europe/Berlin" });

/** One due time each, at a whole second from `firstAt` on, spread evenly over `seconds`. */
function dueTimes(firstAt, seconds) {
  return Array.from({ length: schedules }, (_, at) => firstAt + Math.floor((at * seconds) / schedules) * 1_000);
}

function cronAt(time) {
  const at = new Date(time);
  const fields = [at.getUTCSeconds(), at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1];
  return `${fields.join(" ")} *`;
}

const firstDue = () => Math.ceil((Date.now() + leadMs) / 1_000) * 1_000;

function cpuSince(before, seconds) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e4 / seconds;
}

async function ours(seconds) {
  const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
  const times = dueTimes(firstDue(), seconds);
  const running = await startScheduler(
    folder,
    times.map((time) => ({ kind: "cron", expression: cronAt(time), zone: "UTC" })),
  );
  await sleep(times[0] - Date.now() - 500);
  const before = process.cpuUsage();
  await sleep(times.at(-1) - Date.now() + 4_000);
  const cpu = cpuSince(before, seconds + 4.5);
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
  return { late: running.lateMs, cpu };
}

/** croner with its own timers and nothing else: no ledger, no disk. */
async function peer(seconds) {
  const late = [];
  const times = dueTimes(firstDue(), seconds);
  const jobs = times.map((time) => new Cron(cronAt(time), { timezone: "UTC" }, () => late.push(Date.now() - time)));
  await sleep(times[0] - Date.now() - 500);
  const before = process.cpuUsage();
  await sleep(times.at(-1) - Date.now() + 4_000);
  const cpu = cpuSince(before, seconds + 4.5);
  for (const job of jobs) job.stop();
  return { late, cpu };
}

async function idle() {
  const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
  const empty = process.cpuUsage();
  await sleep(5_000);
  const bare = cpuSince(empty, 5);
  const running = await startScheduler(folder, Array.from({ length: schedules }, yearly));
  await sleep(3_000);
  const before = process.cpuUsage();
  await sleep(idleSeconds * 1_000);
  const cpu = cpuSince(before, idleSeconds);
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
  return { cpu, bare };
}

function row(name, { late, cpu }) {
  const figure = (share) => format(quantile(late, share));
  return [name, format(late.length), figure(0.5), figure(0.99), format(Math.max(...late)), format(cpu, 1)];
}

try {
  const waiting = await idle();
  const spread = await ours(windowSeconds);
  const spreadPeer = await peer(windowSeconds);
  const burst = await ours(1);
  const burstPeer = await peer(1);
  const p99 = quantile(spread.late, 0.99);
  report({
    program: "scheduler",
    title: "lateness of 10 000 automations, in ms",
    columns: ["due times", "started", "p50", "p99", "worst", "CPU, %"],
    rows: [
      [`none for ${idleSeconds} s`, "0", "–", "–", "–", format(waiting.cpu, 2)],
      row(`over ${windowSeconds} s, claimed on disk`, spread),
      row(`over ${windowSeconds} s, croner alone`, spreadPeer),
      row("all in one second, claimed on disk", burst),
      row("all in one second, croner alone", burstPeer),
    ],
    goals: [
      {
        text: `10 000 due over ${windowSeconds} s: all started, p99 at most 100 ms late (${format(p99)} ms)`,
        isMet: spread.late.length === schedules && p99 <= 100,
      },
      {
        text: `waiting with 10 000 schedules takes at most 1 % of one core (${format(waiting.cpu, 2)} %)`,
        isMet: waiting.cpu <= 1,
      },
    ],
    notes: [
      "Late: from the due time to the start of the action, after its claim was flushed to disk. Croner alone writes nothing.",
      `${format(schedules / windowSeconds)} due times come at each whole second of the window.`,
    ],
  });
} finally {
  rmSync(bundle, { force: true });
}
