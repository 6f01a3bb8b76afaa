// What runs of agents cost: the way from a request to the first event, fifty runs that talk at once, and long lists.
//   node bench/agents.mjs [--save]
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { WebSocket } from "ws";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { measurePage } from "./lib/agents-page.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const startRepeats = 20;
const loudRuns = 50;
const linesPerRun = 400;
const loudSeconds = 10;
const pageRepeats = 3;
const listRepeats = 130;
const finished = 10_000;
const agent = fileURLToPath(new URL("../cos/agents/testing/fake-cli.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
const workFolder = join(folder, "work");
mkdirSync(workFolder);
const program = await bundleProgram("bench/lib/agents-parts.ts");
let cos = null;
let base = "";
let lastId = 0;

async function startCos() {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    PORTOS_DATA_DIR: join(folder, "data"),
    PORTOS_CONFIG_DIR: join(folder, "config"),
  };
  cos = spawn(process.execPath, [program], { env, stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise((resolve) => cos.stdout.once("data", (data) => resolve(Number(data))));
  base = `127.0.0.1:${port}`;
}

async function stopCos() {
  const gone = new Promise((resolve) => cos.once("exit", resolve));
  cos.stdin.end();
  await gone;
}

async function call(method, path, body) {
  const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const reply = await fetch(`http://${base}${path}`, { method, ...init });
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

const newId = () => `run-bench${String((lastId += 1)).padStart(10, "0")}`;

function start(text, id = newId()) {
  const provider = {
    providerId: "bench",
    providerName: "Bench",
    providerType: "cli",
    model: null,
    reason: "First choice",
  };
  const how = { engine: "headless", agent: "gemini", command: [process.execPath, agent], environment: {} };
  return call("POST", "/api/runs", {
    id,
    title: "Bench",
    source: { kind: "test", id: "bench" },
    groupId: null,
    appId: null,
    permissionMode: "ask-writes",
    budget: {},
    isolation: { kind: "none" },
    taskType: null,
    setup: null,
    prompt: null,
    folder: workFolder,
    text,
    targets: [{ ...provider, ...how, timeoutMs: 120_000, price: null }],
  });
}

async function listen(onMessage) {
  const socket = new WebSocket(`ws://${base}/runs`);
  socket.on("message", (data) => onMessage(JSON.parse(data)));
  await new Promise((resolve) => socket.once("open", resolve));
  return socket;
}

function bareStart() {
  const input = join(folder, "prompt");
  writeFileSync(input, "say hello");
  const stdin = openSync(input, "r");
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [agent], { stdio: [stdin, "pipe", "ignore"] });
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
      if (said.includes("hello")) resolve(performance.now() - began);
    });
    closeSync(stdin);
  });
}

async function engineStart() {
  const id = newId();
  let first = null;
  const ended = new Set();
  const socket = await listen((message) => {
    if (message.kind === "events" && message.id === id && message.events.some(({ body }) => body.kind === "text"))
      first ??= performance.now();
    if (message.kind === "run" && message.run.state === "succeeded") ended.add(message.run.id);
  });
  const began = performance.now();
  await start("say hello", id);
  while (!ended.has(id)) await new Promise((resolve) => setTimeout(resolve, 10));
  socket.close();
  return first - began;
}

function memoryOf(pid) {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) / 1024;
}

async function loud() {
  let received = 0;
  let most = 0;
  const delays = [];
  const ended = new Set();
  const socket = await listen((message) => {
    if (message.kind === "events") {
      received += message.events.filter(({ body }) => body.kind === "tool").length;
      delays.push(Date.now() - Date.parse(message.events.at(-1).at));
    }
    if (message.kind === "run" && message.run.state === "succeeded") ended.add(message.run.id);
  });
  const timer = setInterval(() => {
    most = Math.max(most, memoryOf(cos.pid));
  }, 100);
  const pauseMs = (loudSeconds * 1_000) / (linesPerRun / 100);
  const runs = await Promise.all(Array.from({ length: loudRuns }, () => start(`flood ${linesPerRun} ${pauseMs}`)));
  while (ended.size < loudRuns) await new Promise((resolve) => setTimeout(resolve, 50));
  clearInterval(timer);
  let kept = 0;
  for (const { id } of runs) {
    const { events } = await call("GET", `/api/runs/${id}/events?limit=2000`);
    kept += events.filter(({ body }) => body.kind === "tool").length;
    if (events.some(({ number }, at) => number !== at + 1)) throw new Error(`The events of ${id} have a gap`);
  }
  socket.close();
  return { received, kept, expected: loudRuns * linesPerRun, memory: most, delay: quantile(delays, 0.99) };
}

async function listTimes() {
  const times = [];
  for (let at = 0; at < listRepeats; at += 1) {
    const began = performance.now();
    await call("GET", "/api/runs?limit=10");
    times.push(performance.now() - began);
  }
  return quantile(times.slice(30), 0.25); // other work on the machine is not of interest
}

/** Finished runs as they stand on disk, made from one that ran. */
function addFinished(count) {
  const runs = join(folder, "data", "runs");
  const model = readFileSync(
    join(
      runs,
      readdirSync(runs).find((name) => name.startsWith("run-")),
      "record.json",
    ),
    "utf8",
  );
  const {
    run: { id: modelId },
  } = JSON.parse(model);
  const rows = [];
  for (let at = 0; at < count; at += 1) {
    const id = newId();
    mkdirSync(join(runs, id));
    writeFileSync(join(runs, id, "record.json"), model.replaceAll(modelId, id));
    rows.push(JSON.stringify({ id, appId: null, groupId: null, providers: ["bench"], text: "bench" }));
  }
  const [file] = readdirSync(join(runs, "index")).filter((name) => name.endsWith(".jsonl"));
  writeFileSync(join(runs, "index", file), `${rows.join("\n")}\n`, { flag: "a" });
}

await startCos();
const idle = memoryOf(cos.pid);
await engineStart(); // loads the engine
const bare = [];
const engine = [];
for (let round = 0; round < startRepeats; round += 1) {
  bare.push(await bareStart());
  engine.push(await engineStart());
}
const flood = await loud();
await stopCos();
await startCos();
const few = await listTimes();
await stopCos();
addFinished(finished);
await startCos();
const many = await listTimes();
await stopCos();
rmSync(folder, { recursive: true, force: true });
rmSync(program);
const alone = await measurePage({ agent, runs: 1, eventsPerRun: linesPerRun, everyMs: 100 });
const pages = [];
for (let round = 0; round < pageRepeats; round += 1)
  pages.push(await measurePage({ agent, runs: loudRuns, eventsPerRun: linesPerRun, everyMs: 100 }));
const slowest = pages.map(({ delays }) => quantile(delays, 0.99)); // one stall of the machine must not decide

const shown = ({ delays }) => `${format(median(delays))} / ${format(quantile(delays, 0.99))}`;
const overhead = median(engine) - median(bare);
report({
  program: "agents",
  title: "runs of agents",
  columns: ["", "measured"],
  rows: [
    ["bare spawn to its first words, ms", format(median(bare))],
    ["request to the first words as an event, ms", format(median(engine))],
    [`${loudRuns} runs, events kept of ${format(flood.expected)}`, format(flood.kept)],
    ["events told over the socket", format(flood.received)],
    ["a hundred lines at once: event written to event told, p99, ms", format(flood.delay)],
    ["line written to line drawn, one run alone, median / p99, ms", shown(alone)],
    ...pages.map((page, round) => [`the same, ${loudRuns} runs, round ${round + 1}, median / p99, ms`, shown(page)]),
    ["portos-cos at rest, MiB", format(idle)],
    ["portos-cos at most, MiB", format(flood.memory)],
    ["page of 10 with about 70 runs, ms", format(few, 2)],
    [`page of 10 with ${format(finished)} more, ms`, format(many, 2)],
  ],
  goals: [
    { text: `at most 50 ms more than a bare spawn (${format(overhead)} ms)`, isMet: overhead <= 50 },
    {
      text: `no event lost of ${loudRuns} runs with ${format(flood.expected / loudSeconds)} events/s together`,
      isMet: flood.kept === flood.expected && flood.received === flood.expected,
    },
    {
      text: `on the screen within 150 ms, p99, of ${loudRuns} runs (median of ${pageRepeats} rounds: ${format(median(slowest))} ms)`,
      isMet: pages.every(({ isWhole }) => isWhole) && median(slowest) <= 150,
    },
    { text: `portos-cos at most 250 MiB (${format(flood.memory)})`, isMet: flood.memory <= 250 },
    { text: `lists as fast with ${format(finished)} runs (${format(many / few, 2)} ×)`, isMet: many <= few * 1.5 + 1 },
  ],
});
