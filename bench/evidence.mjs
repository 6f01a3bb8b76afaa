// What evidence costs at its beginning and behind a million rows: writing, pages, filters, counting, proving; and what an
// outbox of 100 000 messages costs in memory. A bare append with fsync is measured beside it, in the same rounds.
//   node bench/evidence.mjs [--save] [--folder=<folder on the disk to measure>] [--rows=<number>]
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, quantile, report } from "./lib/report.mjs";

const option = (name, usual) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? usual;
const rows = Number(option("rows", "1000000"));
const folder = mkdtempSync(join(option("folder", tmpdir()), "portos-bench-"));
const bundle = await bundleProgram("bench/lib/evidence-parts.ts");
const parts = await import(pathToFileURL(bundle).href);
const { openJsonLog, openEvidenceBook, verifyChain, silentLogger: logger } = parts;
let now = Date.UTC(2026, 0, 1);
const clock = { now: () => now, monotonic: () => performance.now() };
const rounds = 300;

async function openBook(name) {
  const directory = join(folder, name);
  const log = await openJsonLog({
    directory,
    schema: parts.evidenceRowSchema,
    isChain: true,
    index: parts.indexEvidence,
    maxFileBytes: 32 * 1024 * 1024,
    clock,
    logger,
  });
  return { log, directory, book: await openEvidenceBook({ log, directory, clock, logger }) };
}

function record(book, number) {
  const connector = number % 10_000 === 17 ? "rare" : ["slack", "rss", "web-fetch", "s3"][number % 4];
  return parts.sampleRecord(book.newId(), {
    connector,
    at: new Date(now).toISOString(),
    correlationId: number.toString(16).padStart(12, "0"),
    request: { channel: `C${number % 50}`, text: "x".repeat(120) },
    durationMs: number % 900,
  });
}

async function timed(times, work) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  times.push(performance.now() - started);
  const used = process.cpuUsage(cpu);
  (times.cpu ??= []).push((used.user + used.system) / 1_000);
}

async function fill({ book, log }) {
  const started = performance.now();
  for (let number = 0; number < rows; number += 2_000) {
    now += (30 * 864e5 * 2_000) / rows; // spread over thirty days
    await Promise.all(
      Array.from({ length: 2_000 }, (_, at) => log.append({ ...record(book, number + at), kind: "call" })),
    );
  }
  return rows / ((performance.now() - started) / 1_000);
}

const small = await openBook("small");
const large = await openBook("large");
for (let number = 0; number < 100; number += 1) await small.book.append(record(small.book, number));
const perSecond = await fill(large);

const bareFile = await open(join(folder, "bare"), "a", 0o600);
const bare = [];
const logs = [small, large].map((log) => ({ ...log, one: [], call: [], first: [], rare: [], id: [], count: [] }));
const line = Buffer.from(`${JSON.stringify(record(small.book, 1))}\n`);
for (let round = 0; round < rounds; round += 1) {
  await timed(bare, async () => {
    await bareFile.writeFile(line);
    await bareFile.datasync();
  });
  // In turn: what comes second finds the disk as the first has left it.
  for (const log of round % 2 === 0 ? logs : logs.toReversed()) {
    const { book } = log;
    await timed(log.one, () => book.append(record(book, round)));
    const call = record(book, round);
    await timed(log.call, async () => {
      await book.begin(parts.sampleIntent(call.id, { effect: "read" }));
      await book.append(call);
    });
    await timed(log.first, () => book.page({ limit: 50 }));
    if (round % 10 > 1) continue;
    await timed(log.rare, () => book.page({ limit: 50, connector: "rare" }));
    await timed(log.id, () => book.page({ limit: 1, correlationId: "000000000005" }));
    await timed(log.count, () => book.statistics({}));
  }
}
await bareFile.close();

const proofs = [];
for (let round = 0; round < 3; round += 1) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const proof = await verifyChain({ disk: parts.systemDisk, directory: large.directory });
  if (!proof.isWhole) throw new Error(proof.broken.message);
  const used = process.cpuUsage(cpu);
  proofs.push({
    wall: proof.rows / ((performance.now() - started) / 1_000),
    cpu: proof.rows / ((used.user + used.system) / 1e6),
  });
}
for (const { log } of logs) await log.close();
const outbox = await measureOutbox();
rmSync(folder, { recursive: true });
rmSync(bundle);

async function measureOutbox() {
  const log = await openJsonLog({
    directory: join(folder, "outbox"),
    schema: parts.outboxRowSchema,
    maxFileBytes: 8 * 2 ** 20,
    clock,
    logger,
  });
  const box = await parts.openOutbox({ log, clock, logger });
  const input = { text: "x".repeat(1_000) };
  const caller = { kind: "system", name: "Bench" };
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  for (let number = 0; number < 100_000; number += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, at) =>
        box.accept({
          connector: "slack",
          operation: "send-message",
          input,
          caller,
          correlationId: "bench",
          idempotencyKey: `${number + at}`,
          orderingKey: `k${at}`,
        }),
      ),
    );
  const accepted = 100_000 / ((performance.now() - started) / 1_000);
  globalThis.gc?.();
  const mebibytes = (process.memoryUsage().rss - before) / 2 ** 20;
  await box.stop();
  const again = performance.now();
  await parts.openOutbox({ log, clock, logger });
  const reopened = performance.now() - again;
  await log.close();
  return { accepted, mebibytes, reopened };
}

const ms = (times) =>
  `${format(median(times), 2)} / ${format(quantile(times, 0.99), 2)} / ${format(median(times.cpu), 2)}`;
const [few, many] = logs;
const best = proofs.toSorted((one, other) => other.wall - one.wall)[0];
const ratio = median(many.one) / median(few.one);
const cpuRatio = median(many.one.cpu) / median(few.one.cpu);
report({
  program: "evidence",
  title: "records of calls, by number of rows",
  columns: ["ms, median / p99 / median of CPU", "100 rows", `${format(rows)} rows`],
  rows: [
    ["bare append + fdatasync of one row", ms(bare), ms(bare)],
    ["one record", ms(few.one), ms(many.one)],
    ["one call: about to leave, ended", ms(few.call), ms(many.call)],
    ["first page of 50", ms(few.first), ms(many.first)],
    ["page of one connector, one row in 10 000", ms(few.rare), ms(many.rare)],
    ["the oldest call by its correlation id", ms(few.id), ms(many.id)],
    ["statistics over everything", ms(few.count), ms(many.count)],
  ],
  goals: [
    {
      text: `a record at ${format(rows)} rows costs what it costs at 100 (${format(ratio, 2)} × by the clock, ${format(cpuRatio, 2)} × CPU)`,
      isMet: ratio <= 1.25,
    },
    { text: "first page in at most 20 ms, median", isMet: median(many.first) <= 20 },
    {
      text: `at least 200 000 rows/s proved (${format(best.wall)} by the clock, ${format(best.cpu)} per second of CPU)`,
      isMet: best.wall >= 200_000,
    },
  ],
  notes: [
    `Load of the machine, other programs included, at the end: ${format(loadavg()[0], 1)} on its cores.`,
    `${format(perSecond)} records/s written durably, 2 000 at a time.`,
    `Outbox: 100 000 messages of 1 kB accepted at ${format(outbox.accepted)}/s, ${format(outbox.mebibytes)} MiB of memory; read again in ${format(outbox.reopened)} ms.`,
  ],
});
