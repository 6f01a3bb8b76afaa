// What the guard costs per call: guarded calls beside bare axios, in turns, to one server on loopback.
//   node bench/gateway-http.mjs [--save]
import { fork } from "node:child_process";
import { Agent } from "node:http";
import { fileURLToPath, pathToFileURL } from "node:url";

import axios from "axios";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const rounds = 3_000;
const warmUp = 300;
/** The whole gateway, its evidence included, may cost 0.5 ms; the guard is one part of it. */
const goalMs = 0.25;

const server = fork(fileURLToPath(new URL("lib/gateway-server.mjs", import.meta.url)));
const port = await new Promise((resolve) => server.once("message", resolve));
const origin = `http://127.0.0.1:${port}`;
const named = `http://api.localhost:${port}`;
const bundle = await bundleProgram("bench/lib/gateway-parts.ts");
const { createDomainRules, createTrace, guardedRequest, publicGuard } = await import(pathToFileURL(bundle).href);

const rules = createDomainRules({
  allowed: ["127.0.0.1", "*.localhost", ...Array.from({ length: 500 }, (_, at) => `*.allowed-${at}.example`)],
  blocked: Array.from({ length: 500 }, (_, at) => `blocked-${at}.example`),
});
const guard = publicGuard({
  ownPorts: [5554],
  rules,
  targets: [{ address: origin }, { address: named }],
  resolve: () => Promise.resolve(["127.0.0.1"]),
});
const keepAlive = new Agent({ keepAlive: true });
const noKeepAlive = new Agent({ keepAlive: false });
const body = JSON.stringify({ text: "x".repeat(500) });

const bare = (agent, method = "GET", path = "/small") =>
  axios.request({
    url: origin + path,
    method,
    httpAgent: agent,
    proxy: false,
    responseType: "arraybuffer",
    ...(method === "POST" ? { data: body, headers: { "content-type": "application/json" } } : {}),
  });
const guarded = (url, more = {}) =>
  guardedRequest({
    url,
    method: "GET",
    guard,
    timeoutMs: 10_000,
    headersTimeoutMs: 5_000,
    silenceMs: 5_000,
    maxBytes: 1_000_000,
    maxRedirects: 5,
    trace: createTrace(),
    ...more,
  });
const post = { method: "POST", body, headers: { "content-type": "application/json" } };

const ways = [
  { name: "bare axios, kept alive", call: () => bare(keepAlive), times: [] },
  { name: "guarded", call: () => guarded(`${origin}/small`), times: [], beside: 0 },
  { name: "guarded, by name", call: () => guarded(`${named}/small?key=abcdef&page=2`), times: [], beside: 0 },
  { name: "bare axios, gzip", call: () => bare(keepAlive, "GET", "/packed"), times: [] },
  { name: "guarded, gzip", call: () => guarded(`${origin}/packed`), times: [], beside: 3 },
  { name: "bare axios, POST", call: () => bare(keepAlive, "POST"), times: [] },
  { name: "guarded, POST", call: () => guarded(`${origin}/small`, post), times: [], beside: 5 },
  { name: "bare axios, new connection", call: () => bare(noKeepAlive), times: [] },
];

for (let round = 0; round < rounds + warmUp; round += 1) {
  for (const { call, times } of ways) {
    const startedAt = performance.now();
    await call();
    if (round >= warmUp) times.push(performance.now() - startedAt);
  }
}
server.kill();
keepAlive.destroy();

// Calls of one round are neighbours in time: the median of their differences leaves out what else the machine does.
const extraOf = ({ times, beside }) => median(times.map((time, at) => time - ways[beside].times[at]));
report({
  program: "gateway-http",
  title: "a guarded call beside bare axios, loopback",
  columns: ["call", "median ms", "p99 ms", "more than bare, ms (median)"],
  rows: ways.map((way) => [
    way.name,
    format(median(way.times), 3),
    format(quantile(way.times, 0.99), 2),
    way.beside === undefined ? "" : format(extraOf(way), 3),
  ]),
  goals: ways
    .filter(({ name }) => name === "guarded" || name === "guarded, by name" || name === "guarded, POST")
    .map((way) => ({
      text: `${way.name}: at most ${goalMs} ms more than bare axios (${format(extraOf(way), 3)} ms)`,
      isMet: extraOf(way) <= goalMs,
    })),
  notes: [
    `${rounds} calls each, in turns; the guard judges 1 000 rules, pins the address, sets three time-outs, counts and traces.`,
  ],
});
process.exit();
