import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { chromium } from "@playwright/test";

import { createPrivatePortos } from "../../scripts/lib/private-portos.mjs";

const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"];

/**
 * How long what an agent says needs to be on the screen, while `runs` of them talk in a whole PortOS: milliseconds from
 * the moment the program wrote it to the frame that shows it, for all that one open transcript showed.
 */
export async function measurePage({ agent, runs, eventsPerRun, everyMs }) {
  const portos = await createPrivatePortos();
  const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: flags });
  try {
    await allow(portos, agent, runs);
    const prompt = `wait 12000\npace ${eventsPerRun} ${everyMs}`;
    const ids = await Promise.all(Array.from({ length: runs }, () => start(portos, prompt)));
    // A first visit keeps the whole panel for offline use a while after it: not what is measured.
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
    await page.goto(`${portos.url}/agents/${ids[0]}`);
    await page.evaluate(watch);
    await ended(portos, new Set(ids));
    await sleep(500);
    const { delays, last } = await page.evaluate(() => globalThis.shown);
    return { delays, isWhole: last === eventsPerRun };
  } finally {
    await browser.close();
    await portos.stop();
  }
}

/** In the page: the numbers a program wrote, each when the first frame with it is drawn. */
function watch() {
  const shown = { delays: [], last: 0 };
  const seen = new Set();
  new MutationObserver((changes) => {
    const added = changes.flatMap(({ addedNodes, target, type }) =>
      type === "childList" ? [...addedNodes] : [target],
    );
    const stamps = [];
    for (const node of added)
      for (const [, stamp, number] of node.textContent.matchAll(/at-(\d{13})-(\d+)/g)) {
        if (seen.has(number)) continue;
        seen.add(number);
        shown.last = Math.max(shown.last, Number(number));
        stamps.push(Number(stamp));
      }
    if (stamps.length > 0)
      requestAnimationFrame(() => {
        shown.delays.push(...stamps.map((stamp) => Date.now() - stamp));
      });
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
  globalThis.shown = shown;
}

async function allow(portos, agent, runs) {
  const { settings } = await call(portos, "GET", "/api/chief");
  const limits = { total: runs, perApp: runs, perProvider: runs };
  await call(portos, "PUT", "/api/chief", { ...settings, limits });
  const input = { type: "cli", name: "Bench", agent: "gemini", command: [process.execPath, agent] };
  await call(portos, "POST", "/api/providers", { id: "bench", input });
  await call(portos, "POST", "/api/providers/bench/enable");
}

async function start(portos, text) {
  const body = { prompt: { kind: "text", text }, choices: [{ providerId: "bench" }], folder: portos.folder };
  const reply = await call(portos, "POST", "/api/runs", body);
  return reply.runs[0].id;
}

/** Asked in one call every two seconds: the questions must not be what is measured. */
async function ended(portos, open) {
  while (open.size > 0) {
    await sleep(2_000);
    for (const { id, state } of (await call(portos, "GET", "/api/runs?limit=100")).items) {
      if (state === "failed" || state === "interrupted") throw new Error(`The run ${id} is ${state}`);
      if (state === "succeeded") open.delete(id);
    }
  }
}

async function call({ url }, method, path, body) {
  const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const reply = await fetch(new URL(path, url), { method, ...init });
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}
