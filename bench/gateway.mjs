// What a call costs that goes all the way through the gateway, evidence on disk included, beside bare axios to the same server
// on loopback, in turns; and what 500 calls at once, again and again, do to memory.
//   node --expose-gc bench/gateway.mjs [--save]
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { Agent } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as afterTurn } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

import axios from "axios";
import { z } from "zod";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const rounds = 3_000;
const warmUp = 300;
const goalMs = 0.5;
const parallel = 500;
const bursts = 40;
/** The first bursts fill pools, caches and compiled code. */
const warmBursts = 10;
const flatMebibytes = 16;

const server = fork(fileURLToPath(new URL("lib/gateway-server.mjs", import.meta.url)));
const port = await new Promise((resolve) => server.once("message", resolve));
const origin = `http://127.0.0.1:${port}`;
const bundle = await bundleProgram("bench/lib/gateway-parts.ts");
const { createTestGateway, defineConnector, defineOperation } = await import(pathToFileURL(bundle).href);

const body = { text: "x".repeat(500) };
const items = z.object({ items: z.array(z.object({ id: z.int(), name: z.string() })) });
const operation = (effect, run) =>
  defineOperation({
    title: effect,
    description: effect,
    effect,
    input: z.object({ text: z.string().optional() }),
    output: items,
    targets: () => [origin],
    examples: [],
    run,
  });
const things = defineConnector({
  id: "things",
  title: "Things",
  description: "Things.",
  config: z.object({ key: z.string() }),
  secrets: ["key"],
  operations: {
    read: operation("read", async (_input, { http }) => (await http.expectOk({ url: `${origin}/small` })).json()),
    write: operation("write", async ({ text }, { http }) =>
      (await http.expectOk({ url: `${origin}/small`, method: "POST", body: { text } })).json(),
    ),
  },
});
const scene = await createTestGateway({
  connectors: [things],
  configs: { things: { key: "a-secret-that-is-looked-for" } },
  insides: [`127.0.0.1:${port}`],
  policy: { approval: "never", perMinute: null, perDay: null },
});

const keepAlive = new Agent({ keepAlive: true });
const bare = (method, path) =>
  axios.request({
    url: origin + path,
    method,
    httpAgent: keepAlive,
    proxy: false,
    ...(method === "POST" ? { data: body } : {}),
  });
const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
const file = await open(join(folder, "row"), "a");
const row = Buffer.alloc(1_200, 0x78);

const ways = [
  { name: "bare axios, GET", call: () => bare("GET", "/small"), times: [] },
  { name: "through the gateway, read", call: () => scene.call("things", "read", {}), times: [], beside: 0 },
  { name: "bare axios, POST", call: () => bare("POST", "/small"), times: [] },
  { name: "through the gateway, write", call: () => scene.call("things", "write", body), times: [], beside: 2 },
  {
    name: "one row to the disk itself (fdatasync)",
    async call() {
      await file.writeFile(row);
      await file.datasync();
    },
    times: [],
  },
];
for (let round = 0; round < rounds + warmUp; round += 1) {
  for (const { call, times } of ways) {
    const startedAt = performance.now();
    await call();
    if (round >= warmUp) times.push(performance.now() - startedAt);
    await afterTurn(); // what is written behind a reply counts for nobody else
  }
}
await file.close();
rmSync(folder, { recursive: true });

const memory = [];
const burstTimes = [];
for (let burst = 0; burst < bursts; burst += 1) {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: parallel }, () => scene.call("things", "read", {})));
  burstTimes.push(performance.now() - startedAt);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  memory.push({ rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 });
}
const proof = await scene.book.verify();
if (!proof.isWhole) throw new Error(proof.broken.message);
await scene.end();
server.kill();
keepAlive.destroy();
rmSync(bundle);

// Calls of one round are neighbours in time: the median of their differences leaves out what else the machine does.
const extraOf = ({ times, beside }) => median(times.map((time, at) => time - ways[beside].times[at]));
const [, read, , write, flush] = ways;
const writeWithout = median(write.times.map((time, at) => time - ways[2].times[at] - flush.times[at]));
const before = memory[warmBursts - 1];
const after = memory.at(-1);
report({
  program: "gateway",
  title: "a whole call, with its evidence, beside bare axios",
  columns: ["call", "median ms", "p99 ms", "more than bare, ms (median)"],
  rows: [
    ...ways.map((way) => [
      way.name,
      format(median(way.times), 3),
      format(quantile(way.times, 0.99), 2),
      way.beside === undefined ? "" : format(extraOf(way), 3),
    ]),
    [`${parallel} reads at once, all done`, format(median(burstTimes), 0), format(quantile(burstTimes, 0.99), 0), ""],
  ],
  goals: [
    {
      text: `a read: at most ${goalMs} ms more than bare axios (${format(extraOf(read), 3)} ms)`,
      isMet: extraOf(read) <= goalMs,
    },
    {
      text: `a write: at most ${goalMs} ms more than bare axios and one flush of the disk, which it waits for by decision (${format(writeWithout, 3)} ms)`,
      isMet: writeWithout <= goalMs,
    },
    {
      text: `memory after ${bursts - warmBursts} more times ${parallel} calls at once: at most ${flatMebibytes} MiB more (RSS ${format(before.rss)} → ${format(after.rss)}, heap ${format(before.heap)} → ${format(after.heap)})`,
      isMet: after.rss - before.rss <= flatMebibytes && after.heap - before.heap <= flatMebibytes,
    },
  ],
  notes: [
    `${rounds} calls each, in turns. ${format(proof.rows)} rows of evidence were written and proved.`,
    `Load of the machine, other programs included, at the end: ${format(loadavg()[0], 1)} on its cores.`,
  ],
});
process.exit();
