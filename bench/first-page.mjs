// Bytes of JavaScript and CSS that really cross the wire when Home is opened for the first time.
//   npm run build && node bench/first-page.mjs [--save]
// Starts portos-server from dist/ on free ports with an empty data folder, opens Home in Chromium with an empty cache,
// waits until everything the page loads by itself has come, and adds up what was transferred. Exit code 1 over the limit.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "@playwright/test";

import { format, report } from "./lib/report.mjs";

const limitBytes = 180_000;
const settleMs = 4000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const chromiumPath = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find(existsSync);
const flags = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--no-first-run",
  "--component-updater=url-source=http://127.0.0.1:9/",
];

const scratch = await mkdtemp(join(tmpdir(), "portos-first-page-"));
const basePort = await freeBlock();
const server = spawn(process.execPath, ["dist/server.js"], {
  cwd: root,
  env: {
    PATH: process.env.PATH,
    HOME: scratch,
    HOST: "127.0.0.1",
    PORTOS_BASE_PORT: String(basePort),
    PORTOS_DATA_DIR: join(scratch, "data"),
    PORTOS_STATE_DIR: join(scratch, "state"),
    PORTOS_CONFIG_DIR: join(scratch, "config"),
    PORTOS_USER_PM2_HOME: "none",
    PORTOS_LOG_LEVEL: "error",
  },
  stdio: ["ignore", "ignore", "inherit"],
});
try {
  const origin = `http://127.0.0.1:${String(basePort)}`;
  await untilHealthy(origin);
  summarize(await openHome(origin));
} finally {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  if (server.exitCode === null && server.kill("SIGTERM")) await ended;
  await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function openHome(origin) {
  const browser = await chromium.launch({ ...(chromiumPath ? { executablePath: chromiumPath } : {}), args: flags });
  try {
    // The worker fetches for later visits; this counts what the first page waits for and loads by itself.
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    const types = new Map();
    const resources = [];
    session.on("Network.responseReceived", ({ requestId, response, type }) => {
      const encoding = Object.entries(response.headers).find(
        ([name]) => name.toLowerCase() === "content-encoding",
      )?.[1];
      types.set(requestId, { type, url: response.url, encoding: encoding ?? "none" });
    });
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const resource = types.get(requestId);
      if (resource !== undefined) resources.push({ ...resource, bytes: encodedDataLength });
    });
    await page.goto(`${origin}/`, { waitUntil: "load" });
    await page.getByRole("navigation", { name: "Main" }).first().waitFor();
    await page.waitForTimeout(settleMs);
    return resources;
  } finally {
    await browser.close();
  }
}

function kilobytes(bytes) {
  return format(bytes / 1000, 1);
}

function summarize(resources) {
  const counted = resources
    .filter(({ type }) => type === "Script" || type === "Stylesheet")
    .toSorted((a, b) => b.bytes - a.bytes);
  const sum = (...types) => resources.reduce((bytes, one) => bytes + (types.includes(one.type) ? one.bytes : 0), 0);
  const total = sum("Script", "Stylesheet");
  report({
    program: "first-page",
    title: "JavaScript and CSS transferred when Home is opened with an empty cache",
    columns: ["file", "coding", "kB on the wire"],
    rows: [
      ...counted.map(({ url, encoding, bytes }) => [plainName(url), encoding, kilobytes(bytes)]),
      ["JavaScript", "", kilobytes(sum("Script"))],
      ["CSS", "", kilobytes(sum("Stylesheet"))],
      ["together", "", kilobytes(total)],
    ],
    goals: [{ text: `at most ${format(limitBytes / 1000)} kB (${kilobytes(total)} kB)`, isMet: total <= limitBytes }],
    notes: [
      `Response headers are counted, so are parts loaded after the first paint; fonts (${kilobytes(sum("Font"))} kB) are not.`,
    ],
  });
}

/** "assets/index-Df3k2.js" without the digest, so that the table changes only when sizes do. */
function plainName(url) {
  return new URL(url).pathname.slice(1).replace(/-[\w-]{8}(?=\.\w+$)/, "");
}

async function untilHealthy(origin) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isUp = await fetch(`${origin}/api/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return;
    if (server.exitCode !== null) throw new Error("portos-server ended; run npm run build first");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("portos-server did not become healthy within 10 s");
}

/** First of seven free ports in a row. */
async function freeBlock() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 25_000);
    const ports = Array.from({ length: 7 }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
  throw new Error("No seven free ports in a row");
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
