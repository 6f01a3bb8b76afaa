// Logs through a real PortOS: the first screen of a large file, the way of a line from an app to the socket, a burst, and
// a browser tab that has seen a million lines.
//   node bench/logs.mjs [--save]
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { chromium } from "@playwright/test";
import { io } from "socket.io-client";

import { build } from "../scripts/build.mjs";
import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { createPrivatePortos } from "../scripts/lib/private-portos.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const gigabyte = 1024 ** 3;
const bigBytes = 2 * gigabyte;
const burstLines = 100_000;
const million = 1_000_000;
const liveSeconds = 20;

await build();
const { createPm2Client, silentLogger } = await import(
  pathToFileURL(await bundleProgram("bench/lib/logs-parts.ts")).href
);
const portos = await createPrivatePortos({ env: { PORTOS_CHROME: "none" } });
const logsDir = join(portos.stateDir, "logs/apps/bench");
mkdirSync(logsDir, { recursive: true });
const pm2 = createPm2Client({ home: "portos", directory: join(portos.stateDir, "pm2"), logger: silentLogger });
const sockets = [];

/** Starts a program under the PM2 of this PortOS, as an app would be. */
async function startProgram(name, source, logFile = join(logsDir, `${name}.log`)) {
  writeFileSync(join(portos.folder, `${name}.cjs`), source);
  await pm2.start({
    name: `bench/${name}`,
    namespace: "app:bench",
    cwd: portos.folder,
    script: `${name}.cjs`,
    args: [],
    env: { PATH: process.env.PATH },
    logFile,
    autorestart: false,
  });
}

async function post(path, body) {
  const response = await fetch(new URL(path, portos.url), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** A viewer of one log; `onLine` gets each text with its time of arrival. */
async function follow(name, onLine) {
  const socket = io(portos.url, { transports: ["websocket"] });
  sockets.push(socket);
  const notices = [];
  socket.on("logs:notice", ({ notice }) => notices.push(notice.kind));
  socket.on("logs:lines", ({ subscription, sequence, lines }) => {
    const now = performance.timeOrigin + performance.now();
    for (const { text } of lines) onLine(text, now);
    socket.emit("logs:acknowledge", { subscription, sequence });
  });
  await socket.emitWithAck("logs:subscribe", { sources: [`portos/bench/${name}`], tail: 0 });
  return notices;
}

function writeBigFile(file) {
  const handle = openSync(file, "w");
  const lines = Array.from(
    { length: 8_000 },
    (_, n) =>
      `2026-11-21T00:00:00.000Z: ℹ️  info  [http] GET /api/posts/${n} status=200 durationMs=${n % 90} user=${n * 7}\n`,
  );
  const block = Buffer.from(lines.join(""));
  for (let written = 0; written < bigBytes; written += block.length) writeSync(handle, block);
  closeSync(handle);
}

async function measureBigFile() {
  // Outside the folder that is rotated, as a log of the user's own PM2 would be.
  const file = join(portos.folder, "big.log");
  writeBigFile(file);
  await startProgram("big", "setInterval(() => {}, 60_000);", file);
  for (let known = false; !known; await sleep(100))
    known = (await (await fetch(new URL("/api/logs/sources", portos.url))).json()).some(
      ({ id }) => id === "portos/bench/big",
    );
  const body = { sources: ["portos/bench/big"], limit: 500 };
  const [ours, peer] = [[], []];
  for (let round = 0; round < 50; round++) {
    let started = performance.now();
    await post("/api/logs/lines", body);
    ours.push(performance.now() - started);
    started = performance.now();
    execFileSync("tail", ["-n", "500", file]);
    peer.push(performance.now() - started);
  }
  const searchStarted = performance.now();
  let before;
  let scanned = 0;
  do {
    const filter = { text: "no such text anywhere", isCaseSensitive: true };
    const reply = await post("/api/logs/search", { sources: body.sources, filter, ...(before ? { before } : {}) });
    before = reply.before;
    scanned += reply.scannedBytes;
  } while (before);
  const searchSeconds = (performance.now() - searchStarted) / 1_000;
  rmSync(file);
  return { ours, peer, searchSpeed: scanned / 1024 ** 2 / searchSeconds };
}

async function measureLive() {
  const delays = [];
  writeFileSync(join(logsDir, "live.log"), "");
  const notices = await follow("live", (text, now) => delays.push(now - Number(text.split(" ")[1])));
  await startProgram(
    "live",
    `let n = 0; const end = Date.now() + ${liveSeconds * 1_000}; const started = Date.now();
    setInterval(() => { if (Date.now() > end) process.exit(0);
      const due = Date.now() - started;
      while (n < due) { console.log(n + " " + (performance.timeOrigin + performance.now()) + " " + "x".repeat(80)); n += 1; } }, 2);`,
  );
  await sleep(liveSeconds * 1_000 + 2_000);
  return { delays, notices };
}

async function measureBurst() {
  const seen = [];
  writeFileSync(join(logsDir, "burst.log"), "");
  await follow("burst", (text) => seen.push(text));
  const started = performance.now();
  await startProgram("burst", `for (let n = 0; n < ${burstLines}; n++) console.log("line " + n + " größer");`);
  for (let waited = 0; seen.length < burstLines && waited < 60_000; waited += 20) await sleep(20);
  const seconds = (performance.now() - started) / 1_000;
  await sleep(500);
  return { seconds, isExact: seen.length === burstLines && seen.every((text, n) => text === `line ${n} größer`) };
}

function privateMegabytes(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)[1]);
  return (kilobytes("Private_Clean") + kilobytes("Private_Dirty")) / 1024;
}

async function measureTab() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
  const args = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--enable-precise-memory-info",
  ];
  const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args });
  try {
    writeFileSync(join(logsDir, "million.log"), "");
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${portos.url}/logs?process=portos/bench/million`);
    await page.getByText("Nothing printed yet").waitFor();
    await page.evaluate(() => {
      const gaps = [];
      let last = performance.now();
      const tick = (now) => {
        gaps.push(now - last);
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
      globalThis.frameGaps = gaps;
    });
    // First at the pace of a busy app, for the frames; then as fast as a tab may have to take it.
    await startProgram(
      "million",
      `let n = 0; const started = Date.now();
      const timer = setInterval(() => {
        const seconds = (Date.now() - started) / 1000;
        const due = Math.min(${million}, seconds < 10 ? seconds * 1000 : 10000 + (seconds - 10) * 25000);
        while (n < due) { console.log("line " + n + " " + "some text that makes it as long as most lines are ".repeat(2)); n += 1; }
        if (n >= ${million}) clearInterval(timer); }, 5);`,
    );
    await sleep(9_500);
    const gaps = await page.evaluate(() => globalThis.frameGaps.slice(60));
    await page.getByText(`line ${million - 1} `).waitFor({ timeout: 180_000 });
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await (await page.context().newCDPSession(page)).send("HeapProfiler.collectGarbage");
    const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => privateMegabytes(id));
    const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 1024 ** 2);
    return { memory: Math.max(...renderers), heap, gaps };
  } finally {
    await browser.close();
  }
}

try {
  const big = await measureBigFile();
  const live = await measureLive();
  const burst = await measureBurst();
  const tab = await measureTab();
  const screen = quantile(big.ours, 0.99);
  const delay = quantile(live.delays, 0.99);
  report({
    program: "logs",
    title: "files, live tail, burst, browser tab",
    columns: ["what", "median", "p99", "goal"],
    rows: [
      ["first screen (500 lines) of a 2 GB file, HTTP, ms", format(median(big.ours), 1), format(screen, 1), "50"],
      ["the same by `tail -n 500`, ms", format(median(big.peer), 1), format(quantile(big.peer, 0.99), 1), ""],
      ["search of the 2 GB file for text that is not there, MB/s", format(big.searchSpeed), "", ""],
      [
        `line printed → socket, ${format(live.delays.length)} lines at 1 000/s, ms`,
        format(median(live.delays), 1),
        format(delay, 1),
        "100",
      ],
      ["burst of 100 000 lines, printed → all received, s", format(burst.seconds, 2), "", ""],
      ["gap between frames at 1 000 lines/s, ms", format(median(tab.gaps), 1), format(quantile(tab.gaps, 0.99), 1), ""],
      ["browser tab after 1 000 000 lines, private memory, MB", format(tab.memory), "", "150"],
      ["of that, JavaScript heap, MB", format(tab.heap), "", ""],
    ],
    goals: [
      { text: `first screen of a 2 GB file in under 50 ms, p99 (${format(screen, 1)} ms)`, isMet: screen < 50 },
      {
        text: `line printed → socket in at most 100 ms, p99 (${format(delay, 1)} ms)`,
        isMet: delay <= 100 && live.delays.length >= liveSeconds * 990 && live.notices.length === 0,
      },
      { text: "100 000 lines in a burst complete, in order, once", isMet: burst.isExact },
      { text: `a tab under 150 MB after a million lines (${format(tab.memory)} MB)`, isMet: tab.memory < 150 },
    ],
    notes: [
      "Everything goes through PM2, its log file, portos-server and a real socket; the burst includes starting its process.",
    ],
  });
} finally {
  for (const socket of sockets) socket.disconnect();
  for (const { pmId, namespace } of await pm2.list()) if (namespace === "app:bench") await pm2.remove(pmId);
  pm2.close();
  await portos.stop();
}
