// Terminals through both processes, as a browser tab has them, beside bare node-pty in the same run.
//   node bench/terminal.mjs [--save]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { report } from "./lib/report.mjs";
import { Tab, cpuMs, now, prompt, residentMiB, startPanel } from "./lib/terminal-panel.mjs";

const folder = mkdtempSync(join(tmpdir(), "portos-terminal-"));
const fixture = join(folder, "log");
const megabytes = 64;
const rounds = 5;

const percentile = (values, p) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil((p / 100) * values.length) - 1)];
const median = (values) => percentile(values, 50);
const fixed = (value, digits = 1) => (value === null ? "–" : value.toFixed(digits));

/** A coloured log of 64 MB, the same every time. */
function writeFixture() {
  let seed = 7;
  const random = (below) => (seed = (seed * 16_807) % 2_147_483_647) % below;
  const lines = [];
  for (let size = 0; size < megabytes * 1e6;) {
    const line = `\x1b[${30 + random(8)}m2026-11-21T10:${random(60)} level=${random(5)}\x1b[0m ${"request handled ".repeat(1 + random(6))}${random(1e9)}\n`;
    lines.push(line);
    size += line.length;
  }
  writeFileSync(fixture, lines.join(""));
}

async function barePty() {
  const pty = createRequire(import.meta.url)("node-pty");
  const rates = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = now();
    let bytes = 0;
    const cpuBefore = process.cpuUsage();
    const end = await new Promise((resolve) => {
      const terminal = pty.spawn("cat", [fixture], { cols: 120, rows: 40, encoding: null });
      terminal.onData((data) => {
        bytes += data.length;
        if (bytes >= megabytes * 1e6) resolve(now());
      });
    });
    const { user, system } = process.cpuUsage(cpuBefore);
    rates.push({ rate: bytes / 1e3 / (end - startedAt), cpu: (user + system) / 1e3 / (bytes / 1e6) });
    await sleep(300);
  }
  return { rate: median(rates.map(({ rate }) => rate)), cpu: median(rates.map(({ cpu }) => cpu)) };
}

async function throughput(panel) {
  const tab = await Tab.open(panel.url);
  const results = [];
  const total = () => cpuMs(panel.pids.cos) + cpuMs(panel.pids.server);
  for (let round = 0; round < rounds; round += 1) {
    const [startedAt, bytes, cpu] = [now(), tab.bytes, total()];
    const done = tab.wait("e_n_d\r\n", 120_000);
    tab.type(`cat ${fixture}; echo 'e_'n_d\r`);
    const endedAt = await done;
    const moved = tab.bytes - bytes;
    results.push({ rate: moved / 1e3 / (endedAt - startedAt), cpu: (total() - cpu) / (moved / 1e6) });
    await sleep(300);
  }
  await tab.end();
  return { rate: median(results.map(({ rate }) => rate)), cpu: median(results.map(({ cpu }) => cpu)) };
}

async function echoes(tab, count) {
  const times = [];
  for (let key = 0; key < count; key += 1) {
    const letter = String.fromCodePoint(97 + (key % 26));
    const seen = tab.wait(letter, 10_000);
    const startedAt = now();
    tab.type(letter);
    times.push((await seen) - startedAt);
    await sleep(5 + (key % 10));
  }
  return times;
}

async function echoOn(tab) {
  const ready = tab.wait("echo_on\r\n", 10_000);
  tab.type("stty -icanon echo; echo 'echo'_on; exec cat > /dev/null\r");
  await ready;
  await sleep(150);
  await echoes(tab, 20);
}

async function echo(panel) {
  const tab = await Tab.open(panel.url);
  await echoOn(tab);
  const idle = await echoes(tab, 300);
  const flood = await Tab.open(panel.url, { rate: 20e6 });
  flood.type("yes the quick brown fox jumps over the lazy dog 0123456789\r");
  await sleep(1000);
  const busy = await echoes(tab, 300);
  flood.type("\x03");
  await flood.end();
  await tab.end();
  return { idle, busy };
}

async function stalled(panel) {
  const resident = () => residentMiB(panel.pids.cos) + residentMiB(panel.pids.server);
  const other = await Tab.open(panel.url);
  await echoOn(other);
  const tab = await Tab.open(panel.url);
  const before = resident();
  tab.type("yes the quick brown fox jumps over the lazy dog 0123456789\r");
  await sleep(300);
  tab.rate = 0;
  await sleep(1000);
  const [held, most] = [tab.bytes, [before]];
  const times = [];
  for (const until = now() + 9000; now() < until;) {
    times.push(...(await echoes(other, 20)));
    most.push(resident());
  }
  const result = { growth: Math.max(...most) - before, others: percentile(times, 95), after: tab.bytes - held };
  await tab.end();
  await other.end();
  return result;
}

async function interrupt(panel, rate) {
  const times = [];
  for (let round = 0; round < 5; round += 1) {
    const tab = await Tab.open(panel.url, { rate });
    tab.type("yes the quick brown fox jumps over the lazy dog 0123456789\r");
    await sleep(2000);
    const shown = tab.wait(prompt, 30_000);
    const startedAt = now();
    tab.type("\x03");
    times.push((await shown) - startedAt);
    await tab.end();
  }
  return times;
}

async function reconnect(panel) {
  const times = [];
  for (let round = 0; round < 5; round += 1) {
    const tab = await Tab.open(panel.url);
    tab.type("(sleep 0.3; echo while_away) &\r");
    await sleep(100);
    Reflect.get(tab.socket.io.engine.transport.ws, "_socket").resetAndDestroy();
    await sleep(800);
    const startedAt = now();
    const first = tab.wait("while_away", 10_000);
    await tab.connect(tab.next);
    times.push((await first) - startedAt);
    if (tab.reply.mode !== "resume") throw new Error("nothing was missed, yet it was repainted");
    await tab.end();
  }
  return times;
}

async function many(panel) {
  const count = 20;
  const warm = await Tab.open(panel.url);
  await warm.end();
  await sleep(1500);
  const resident = () => residentMiB(panel.pids.cos) + residentMiB(panel.pids.server);
  const before = resident();
  const tabs = [];
  for (let index = 0; index < count; index += 1) tabs.push(await Tab.open(panel.url));
  await sleep(2000);
  const idle = ((resident() - before) / count) * 1024;
  const startedAt = now();
  const ends = await Promise.all(
    tabs.map(async (tab) => {
      const end = tab.wait("e_n_d\r\n", 120_000);
      tab.type(`head -c 4194304 ${fixture}; echo; echo 'e_'n_d\r`);
      return (await end) - startedAt;
    }),
  );
  await sleep(2000);
  const heavy = (resident() - before) / count;
  for (const tab of tabs) await tab.end();
  return { idle, heavy, fairness: Math.min(...ends) / Math.max(...ends) };
}

const load = loadavg()[0];
writeFixture();
const bare = await barePty();
const panel = await startPanel();
let result;
try {
  const [fast, keys, still, ten, one, back, twenty] = [
    await throughput(panel),
    await echo(panel),
    await stalled(panel),
    await interrupt(panel, 10e6),
    await interrupt(panel, 1e6),
    await reconnect(panel),
    await many(panel),
  ];
  result = { fast, keys, still, ten, one, back, twenty };
} finally {
  await panel.stop();
  rmSync(folder, { recursive: true, force: true });
}

const { fast, keys, still, ten, one, back, twenty } = result;
const ratio = fast.rate / bare.rate;
const rows = [
  [
    "throughput of 64 MB, × bare",
    `${fixed(bare.rate)} MB/s`,
    `${fixed(fast.rate)} MB/s, ${fixed(ratio, 2)} ×`,
    "≥ 0.6 ×",
    ratio >= 0.6,
  ],
  ["CPU per MB, both processes", `${fixed(bare.cpu)} ms`, `${fixed(fast.cpu)} ms`, "≤ 12 ms", fast.cpu <= 12],
  [
    "echo, idle, p50 / p99",
    "–",
    `${fixed(median(keys.idle))} / ${fixed(percentile(keys.idle, 99))} ms`,
    "≤ 2 / 6 ms",
    median(keys.idle) <= 2 && percentile(keys.idle, 99) <= 6,
  ],
  [
    "echo while another floods, p99",
    "–",
    `${fixed(percentile(keys.busy, 99))} ms`,
    "≤ 15 ms",
    percentile(keys.busy, 99) <= 15,
  ],
  ["reader stalled for 10 s: memory", "–", `${fixed(still.growth)} MiB more`, "≤ 30 MiB", still.growth <= 30],
  ["reader stalled: program held back", "–", `${fixed(still.after / 1000)} kB came`, "held", still.after < 1e6],
  ["reader stalled: others' echo, p95", "–", `${fixed(still.others)} ms`, "≤ 10 ms", still.others <= 10],
  ["Ctrl-C → prompt, reader of 10 MB/s", "–", `${fixed(median(ten))} ms`, "≤ 150 ms", median(ten) <= 150],
  ["Ctrl-C → prompt, reader of 1 MB/s", "–", `${fixed(median(one))} ms`, "≤ 150 ms", median(one) <= 150],
  ["first text after a TCP reset", "–", `${fixed(median(back))} ms`, "≤ 100 ms", median(back) <= 100],
  ["20 sessions: memory each, idle", "–", `${fixed(twenty.idle, 0)} KiB`, "≤ 150 KiB", twenty.idle <= 150],
  ["20 sessions: memory each, after 4 MiB", "–", `${fixed(twenty.heavy, 2)} MiB`, "≤ 3 MiB", twenty.heavy <= 3],
  ["20 sessions: fairness", "–", fixed(twenty.fairness, 2), "≥ 0.95", twenty.fairness >= 0.95],
];
report({
  program: "terminal",
  title: "a shell through portos-cos and portos-server, as a browser tab has it",
  columns: ["", "bare node-pty", "PortOS", "goal"],
  rows: rows.map((row) => row.slice(0, 4)),
  goals: rows.map(([text, , value, goal, isMet]) => ({ text: `${text}: ${value} (${goal})`, isMet })),
  notes: [
    "A coloured log; medians of 5; 300 keys per echo figure. The tab acknowledges what it has processed, as the page does.",
    "Bare node-pty: the same file read in one process, no network.",
    `Load of the machine before the run: ${fixed(load)} on ${cpus().length} cores; above 0.5 the times and rates say little.`,
    "Memory is resident memory of both processes together; the shells themselves are not counted.",
  ],
});
process.exit();
