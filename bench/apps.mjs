// GET /api/apps with 50 apps, and a bare Express handler that sends the same bytes.
//   node bench/apps.mjs [--save]
import { mkdir } from "node:fs/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import autocannon from "autocannon";
import express from "express";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, report } from "./lib/report.mjs";

const count = 50;
const rounds = 15;
const seconds = 1;
const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
const bundle = await bundleProgram("bench/lib/apps-parts.ts");
const { createFakePm2, startTestApp } = await import(pathToFileURL(bundle).href);

/** The real server with fifty apps of two processes each, all of them online. */
async function startPanel() {
  const pm2 = createFakePm2("portos");
  const panel = await startTestApp({ directory: folder, pm2Clients: { portos: pm2.client, user: null } });
  for (let number = 1; number <= count; number += 1) {
    const project = join(folder, `project-${number}`);
    await mkdir(project);
    const processes = ["web", "worker"].map((name) => ({
      name,
      run: { kind: "command", command: ["node", `${name}.js`] },
      environment: [{ name: "LOG_LEVEL", value: "debug" }],
    }));
    const app = await panel.call("apps.create", { body: { name: `Project ${number}`, folder: project, processes } });
    await panel.call("apps.start", { params: { id: app.id } });
  }
  return panel;
}

function startBare(text) {
  const app = express();
  app.disable("x-powered-by");
  app.get("/api/apps", (_request, response) => {
    response.type("json").send(text);
  });
  return new Promise((resolve) => {
    const server = createServer(app).listen(0, "127.0.0.1", () => resolve(server));
  });
}

async function perSecond(url) {
  const { requests, errors, non2xx } = await autocannon({ url, connections: 10, duration: seconds, workers: 1 });
  if (errors + non2xx > 0) throw new Error(`${errors + non2xx} requests failed`);
  return requests.average;
}

const panel = await startPanel();
const ours = `${panel.base}/api/apps`;
const text = await (await fetch(ours)).text();
const server = await startBare(text);
const bare = `http://127.0.0.1:${server.address().port}/api/apps`;
const rates = { ours: [], bare: [] };
await Promise.all([perSecond(ours), perSecond(bare)]);
for (let round = 0; round < rounds; round += 1) {
  rates.bare.push(await perSecond(bare));
  rates.ours.push(await perSecond(ours));
}
server.close();
await panel.end();
rmSync(folder, { recursive: true, force: true });
rmSync(bundle);

const [own, peer] = [median(rates.ours), median(rates.bare)];
// Whatever else the machine does hits both of a pair alike.
const ratio = median(rates.ours.map((rate, round) => rate / rates.bare[round]));
report({
  program: "apps",
  title: `GET /api/apps with ${count} apps, requests per second`,
  columns: [
    `${format(text.length / 1000)} kB, 10 connections, median of ${rounds} × ${seconds} s`,
    "requests/s",
    "× bare",
  ],
  rows: [
    ["bare Express handler, same bytes", format(peer), "1.00"],
    ["PortOS", format(own), ratio.toFixed(2)],
  ],
  goals: [{ text: `at least 0.5 × the bare handler (${ratio.toFixed(2)} ×)`, isMet: ratio >= 0.5 }],
  notes: [
    "The whole way of a request: gate, security headers, correlation id, caller, history rules. No child process.",
    "PortOS and the bare handler share one process, the client has a thread of its own; they are loaded in turn, one second each; × is the median of the pairs.",
  ],
});
process.exit();
