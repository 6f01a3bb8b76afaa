import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { EvidenceView } from "../../../../contract/features/evidence.ts";
import { systemClock, type Clock } from "../../../../lib/clock.ts";
import { systemDisk, type Disk } from "../../../../lib/durable-file.ts";
import { openJsonLog, type OpenJsonLog } from "../../../../lib/json-log.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { registerSecret } from "../../../../lib/redact.ts";
import { createFaultyDisk } from "../../../../lib/testing/faulty-disk.ts";
import { useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import { openEvidenceBook, type EvidenceBook } from "./evidence-book.ts";
import { evidenceRowSchema, indexEvidence, type EvidenceRow } from "./evidence-row.ts";
import { sampleIntent, sampleRecord } from "./testing/sample-record.ts";

const newFolder = useTemporaryFolders();

interface Opened {
  book: EvidenceBook;
  log: OpenJsonLog<EvidenceRow>;
  close(): Promise<void>;
}

async function open(
  directory: string,
  { disk = systemDisk, clock = systemClock }: { disk?: Disk; clock?: Clock } = {},
) {
  const log = await openJsonLog<EvidenceRow>({
    directory,
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
    clock,
    logger: silentLogger,
    disk,
  });
  const book = await openEvidenceBook({ log, directory, clock, logger: silentLogger });
  const close = async (): Promise<void> => {
    await book.stop();
    await log.close();
  };
  return { book, log, close } satisfies Opened;
}

async function stored(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl"));
  return (await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")))).join("");
}

async function everything(book: EvidenceBook): Promise<EvidenceView[]> {
  const found: EvidenceView[] = [];
  for await (const view of book.all({})) found.push(view);
  return found;
}

describe("evidence", () => {
  test("a call is one record, under way until it has ended, and can be found by its id", async () => {
    const { book, close } = await open(await newFolder());
    const id = book.newId();
    await book.begin(sampleIntent(id));
    expect(await book.page({ limit: 10 })).toMatchObject({ items: [], underWay: [{ id }] });
    await expect(book.get(id)).rejects.toMatchObject({ code: "not_found", message: /not ended/ });
    await book.append(sampleRecord(id));
    const { items, underWay } = await book.page({ limit: 10 });
    expect([items.length, underWay.length]).toEqual([1, 0]);
    expect(await book.get(id)).toEqual(items[0]);
    expect(items[0]).toMatchObject({ ...sampleRecord(id), isSealed: true, n: 3 });
    await expect(book.get(book.newId())).rejects.toMatchObject({ code: "not_found" });
    expect(await book.verify()).toMatchObject({ isWhole: true, rows: 3 });
    await close();
  });

  test("who asks waits for ends that are being written", async () => {
    const { book, close } = await open(await newFolder());
    for (const read of [
      async (id: string) => expect(await book.get(id)).toMatchObject({ id }),
      async (id: string) => expect((await book.page({ limit: 1 })).items).toMatchObject([{ id }]),
      async () => expect((await book.statistics({})).total.calls).toBe(3),
      async () => expect(await book.verify()).toMatchObject({ isWhole: true, rows: 5 }),
    ]) {
      const id = book.newId();
      const ending = book.append(sampleRecord(id));
      await read(id);
      await ending;
    }
    await close();
  });

  test("ids of later calls sort behind those of earlier ones", async () => {
    let now = Date.UTC(2026, 0, 1);
    const { book, close } = await open(await newFolder(), { clock: { now: () => now, monotonic: () => now } });
    const ids = Array.from({ length: 50 }, () => {
      now += 1_000;
      return book.newId();
    });
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(50);
    await close();
  });

  test("filters by every field, and by time, and says nothing of calls that are under way", async () => {
    const { book, close } = await open(await newFolder());
    const records = [
      sampleRecord(book.newId()),
      sampleRecord(book.newId(), { connector: "rss", operation: "fetch-feed", effect: "read" }),
      sampleRecord(book.newId(), {
        outcome: "refused",
        code: "offline",
        caller: { kind: "agent", name: "run", id: "r1" },
      }),
      sampleRecord(book.newId(), { correlationId: "ffffffffffff", delivery: { id: "d1", attempt: 2 } }),
      sampleRecord(book.newId(), { at: "2026-11-21T00:00:00.000Z", request: { to: "Zoë" } }),
    ];
    for (const record of records) await book.append(record);
    await book.begin(sampleIntent(book.newId()));
    const find = async (filter: Parameters<EvidenceBook["all"]>[0]): Promise<number[]> => {
      const { items } = await book.page({ ...filter, limit: 50 });
      return items.map((item) => records.findIndex(({ id }) => id === item.id)).toSorted((a, b) => a - b);
    };
    expect(await find({})).toEqual([0, 1, 2, 3, 4]);
    expect(await find({ connector: "rss" })).toEqual([1]);
    expect(await find({ operation: "fetch-feed" })).toEqual([1]);
    expect(await find({ effect: "read" })).toEqual([1]);
    expect(await find({ outcome: "refused" })).toEqual([2]);
    expect(await find({ code: "offline" })).toEqual([2]);
    expect(await find({ caller: "agent" })).toEqual([2]);
    expect(await find({ callerId: "r1" })).toEqual([2]);
    expect(await find({ correlationId: "ffffffffffff" })).toEqual([3]);
    expect(await find({ deliveryId: "d1" })).toEqual([3]);
    expect(await find({ from: "2026-11-21T00:00:00Z" })).toEqual([4]);
    expect(await find({ to: "2026-11-20T23:59:59Z" })).toEqual([0, 1, 2, 3]);
    expect(await find({ text: "zoë" })).toEqual([4]);
    const { searched } = await book.page({ text: "nowhere to be found", limit: 5 });
    expect(searched).toEqual({ rows: expect.any(Number) as number, to: null });
    expect(searched.rows).toBeGreaterThan(0);
    const [newest] = (await book.page({ limit: 1 })).items;
    expect((await book.page({ limit: 1 })).searched).toEqual({ rows: 2, to: newest?.at });
    expect(await find({ connector: "select" })).toEqual([]);
    await close();
  });

  test("counts by connector, day, caller and reason", async () => {
    const { book, close } = await open(await newFolder());
    for (const durationMs of [10, 20, 40, 900]) await book.append(sampleRecord(book.newId(), { durationMs }));
    await book.append(sampleRecord(book.newId(), { connector: "a:b", outcome: "failed", code: "timeout" }));
    await book.append(sampleRecord(book.newId(), { outcome: "refused", code: "offline", bytesIn: 0, bytesOut: 0 }));
    await book.begin(sampleIntent(book.newId()));
    const { total, connectors, days, callers, codes } = await book.statistics({});
    expect(total).toEqual({ calls: 6, done: 4, refused: 1, failed: 1, unknown: 0 });
    expect(connectors[0]).toMatchObject({
      connector: "slack",
      calls: 5,
      done: 4,
      refused: 1,
      bytesIn: 3200,
      bytesOut: 480,
    });
    expect(connectors[1]).toMatchObject({ connector: "a:b", calls: 1, failed: 1 });
    expect(connectors[0]?.medianMs).toBeGreaterThanOrEqual(20);
    expect(connectors[0]?.medianMs).toBeLessThanOrEqual(29);
    expect(connectors[0]?.slowMs).toBeGreaterThanOrEqual(900);
    expect(days).toMatchObject([{ day: "2026-11-20", calls: 6 }]);
    expect(callers).toEqual([{ caller: "person", calls: 6 }]);
    expect(codes.toSorted((a, b) => (a.code < b.code ? -1 : 1))).toEqual([
      { code: "offline", calls: 1 },
      { code: "timeout", calls: 1 },
    ]);
    expect((await book.statistics({ from: "2026-12-01T00:00:00Z" })).total.calls).toBe(0);
    await close();
  });

  test("no secret reaches the disk: known ones in any spelling, shapes of tokens, fields and parameters named so", async () => {
    const secret = "pä55 wörd/+?=x";
    registerSecret(secret);
    const directory = await newFolder();
    const { book, close } = await open(directory);
    const id = book.newId();
    const spellings = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
    const url = `https://u:hunter22@slack.example/?token=abcdef123&q=${encodeURIComponent(secret)}`;
    const changes = {
      targets: [url],
      caller: { kind: "person" as const, name: `Zoë ${secret}` },
    };
    await book.begin(sampleIntent(id, changes));
    await book.append(
      sampleRecord(id, {
        ...changes,
        request: {
          text: spellings.join(" "),
          [secret]: 1,
          password: { nested: "hunter22" },
          headers: { Authorization: ["Bearer hunter22hunter22"] },
          list: ["ghp_0123456789abcdefghijABCDEFGHIJ"],
          harmless: "select * from token_prices",
        },
        message: `It said ${secret}`,
        path: [{ step: "policy", verdict: "stop", code: "x", reason: secret, hint: secret, ms: 0 }],
        redirects: [{ status: 302, to: url }],
        reply: { sha256: "0".repeat(64), bytes: 1, excerpt: `…${secret}…` },
      }),
    );
    const text = await stored(directory);
    for (const part of [...spellings, "hunter22", "abcdef123", "ghp_0123"]) expect(text).not.toContain(part);
    expect(text).toContain("select * from token_prices");
    expect(text).toContain("[redacted]");
    await close();
  });

  test("large arguments are kept as their beginning and hash", async () => {
    const { book, close } = await open(await newFolder());
    const id = book.newId();
    await book.append(sampleRecord(id, { request: { text: "ü".repeat(2_000_000) } }));
    expect((await book.get(id)).request).toMatchObject({ isCut: true, length: 2_000_011 });
    await close();
  });

  test("a record that is not as it should be does not lose the call", async () => {
    const { book, close } = await open(await newFolder());
    const id = book.newId();
    await book.append(sampleRecord(id, { status: 0.5 }));
    expect(await book.get(id)).toMatchObject({ code: "record_invalid", connector: "slack", message: /status/ });
    await close();
  });

  test("a call of a connector that does not exist is recorded under the name that was asked for", async () => {
    const { book, close } = await open(await newFolder());
    const id = book.newId();
    await book.append(sampleRecord(id, { connector: "../<script>", outcome: "refused", code: "unknown_connector" }));
    expect(await book.get(id)).toMatchObject({ connector: "../<script>" });
    expect((await book.page({ connector: "../<script>", limit: 5 })).items).toHaveLength(1);
    await close();
  });

  test("keeps the order in which calls ended when many end at once", async () => {
    const { book, close } = await open(await newFolder());
    const ids = Array.from({ length: 300 }, () => book.newId());
    await Promise.all(ids.map((id) => book.append(sampleRecord(id))));
    expect((await everything(book)).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await book.verify()).toMatchObject({ isWhole: true });
    await close();
  });
});

describe("without writing there is no call", () => {
  test.each([
    ["a full disk", "ENOSPC", "disk_full"],
    ["a failing disk", "EIO", "unavailable"],
  ])("%s refuses reads and writes before they leave, and lets them go when it is well again", async (_n, code, is) => {
    const directory = await newFolder();
    const { disk, fail, heal } = createFaultyDisk();
    const { book, close } = await open(directory, { disk });
    await book.append(sampleRecord(book.newId()));
    fail("writeNow 2", code);
    for (const effect of ["read", "write", "destructive"] as const)
      await expect(book.begin(sampleIntent(book.newId(), { effect }))).rejects.toMatchObject({ code: is });
    expect((await book.page({ limit: 5 })).underWay).toEqual([]);
    heal();
    await book.begin(sampleIntent(book.newId()));
    expect(await book.verify()).toMatchObject({ isWhole: true });
    await close();
  });

  test("an end that cannot be written is kept, stays under way, and stops further calls until it is written", async () => {
    const directory = await newFolder();
    const { disk, fail, heal } = createFaultyDisk();
    const { book, close } = await open(directory, { disk });
    const id = book.newId();
    await book.begin(sampleIntent(id));
    fail("writeNow 2", "ENOSPC");
    await expect(book.append(sampleRecord(id))).rejects.toMatchObject({ code: "disk_full" });
    expect((await book.page({ limit: 5 })).underWay).toMatchObject([{ id }]);
    await expect(book.begin(sampleIntent(book.newId()))).rejects.toMatchObject({ code: "disk_full" });
    heal();
    await book.begin(sampleIntent(book.newId()));
    expect(await book.get(id)).toMatchObject({ outcome: "done" });
    await close();
  });

  test("a call that was under way when the process ended gets its end at the next start, once", async () => {
    const directory = await newFolder();
    const first = await open(directory);
    const [lost, ended] = [first.book.newId(), first.book.newId()];
    await first.book.begin(sampleIntent(lost, { effect: "read", delivery: { id: "d7", attempt: 1 } }));
    await first.book.begin(sampleIntent(ended));
    await first.book.append(sampleRecord(ended));
    await first.log.close();
    for (let start = 0; start < 2; start += 1) {
      const { book, close } = await open(directory);
      expect(await book.get(lost)).toMatchObject({ outcome: "unknown", code: "unknown_end", delivery: { id: "d7" } });
      expect((await everything(book)).map(({ id, outcome }) => [id, outcome])).toEqual([
        [lost, "unknown"],
        [ended, "done"],
      ]);
      await close();
    }
  });

  test("the end of calls is kept for later also when the disk is full at the start", async () => {
    const directory = await newFolder();
    const first = await open(directory);
    const lost = first.book.newId();
    await first.book.begin(sampleIntent(lost));
    await first.log.close();
    const { disk, fail, heal } = createFaultyDisk();
    fail("writeNow 2", "ENOSPC");
    const { book, close } = await open(directory, { disk });
    expect((await book.page({ limit: 5 })).items).toEqual([]);
    heal();
    await book.begin(sampleIntent(book.newId()));
    expect(await book.get(lost)).toMatchObject({ outcome: "unknown" });
    await close();
  });
});

test("retention removes whole days and the rest is proved", async () => {
  const directory = await newFolder();
  let now = Date.UTC(2026, 10, 1);
  const { book, close } = await open(directory, { clock: { now: () => now, monotonic: () => now } });
  for (let day = 0; day < 8; day += 1) {
    await book.append(sampleRecord(book.newId(), { at: new Date(now).toISOString() }));
    now += 864e5;
  }
  await book.prune(3);
  expect(await everything(book)).toHaveLength(4);
  expect((await book.statistics({})).total.calls).toBe(4);
  expect(await book.verify()).toMatchObject({ isWhole: true, breaks: 0 });
  await close();
});
