import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { openJsonLog, type JsonLog, type JsonLogOptions } from "./json-log.ts";
import { silentLogger } from "./logger.ts";
import { createFaultyDisk } from "./testing/faulty-disk.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const schema = z.strictObject({ number: z.int(), text: z.string().default("") });
type Entry = z.infer<typeof schema>;

const dayMs = 864e5;
const start = Date.UTC(2026, 10, 20, 12);

/** A clock that stands still until it is set; `sleep` lets real time pass, `set` is what a wrong clock does. */
function createClock() {
  let wall = start;
  let steady = 0;
  return {
    now: () => wall,
    monotonic: () => steady,
    sleep(ms: number) {
      wall += ms;
      steady += ms;
    },
    set(ms: number) {
      wall = ms;
    },
  };
}

async function open(folder: string, more: Partial<JsonLogOptions<Entry>> = {}): Promise<JsonLog<Entry>> {
  return openJsonLog({ directory: join(folder, "log"), schema, clock: createClock(), logger: silentLogger, ...more });
}

const entry = (number: number, text = ""): Entry => ({ number, text });
const isFortieth = ({ number }: Entry): boolean => number % 40 === 0;
const numbers = (items: Entry[]): number[] => items.map(({ number }) => number);

async function logFiles(folder: string): Promise<string[]> {
  return (await readdir(join(folder, "log"))).filter((name) => name.endsWith(".jsonl")).toSorted();
}

async function everything(log: JsonLog<Entry>, limit = 3): Promise<number[]> {
  let page = await log.page({ limit });
  const seen = numbers(page.items);
  while (page.next !== null) {
    page = await log.page({ limit, before: page.next });
    seen.push(...numbers(page.items));
  }
  return seen;
}

test("whoever reads while a file is begun sees each row once, then and later", async () => {
  const folder = await newFolder();
  const { disk } = createFaultyDisk();
  const clock = createClock();
  const pages: Promise<unknown>[] = [];
  const log = await open(folder, {
    clock,
    disk: {
      ...disk,
      async open(path, ...more) {
        const handle = await disk.open(path, ...more);
        if (!String(path).endsWith("log")) return handle;
        const page = log.page({ limit: 9 }); // the new file is there, and not yet known to be
        pages.push(page);
        await page;
        return handle;
      },
    },
  });
  for (const day of [0, 1, 2]) {
    await log.append(entry(day));
    expect(await everything(log)).toEqual([2, 1, 0].slice(2 - day));
    clock.sleep(dayMs);
  }
  expect(pages).toHaveLength(3);
  await log.close();
});

describe("a JSON log", () => {
  test("is empty at first, without a file", async () => {
    const folder = await newFolder();
    const log = await open(folder);
    expect(await log.page({ limit: 5 })).toEqual({ items: [], next: null, scanned: 0 });
    expect(await logFiles(folder)).toEqual([]);
    await log.close();
  });

  test("keeps one row per line, mode 0600, and gives the newest first", async () => {
    const folder = await newFolder();
    const log = await open(folder);
    await log.append(entry(1, "a\nb"));
    await log.append(entry(2));
    expect(await logFiles(folder)).toEqual(["2026-11-20.1795176000.jsonl"]);
    const file = join(folder, "log/2026-11-20.1795176000.jsonl");
    expect(await readFile(file, "utf8")).toBe(`{"number":1,"text":"a\\nb"}\n{"number":2,"text":""}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const page = await log.page({ limit: 5 });
    expect(page).toEqual({
      items: [
        { number: 2, text: "", rowId: "1795176000:27" },
        { number: 1, text: "a\nb", rowId: "1795176000:0" },
      ],
      next: null,
      scanned: 2,
    });
    await log.close();
  });

  test("continues after a restart", async () => {
    const folder = await newFolder();
    for (const number of [1, 2, 3]) {
      const log = await open(folder);
      await log.append(entry(number));
      await log.close();
    }
    const log = await open(folder);
    expect(await everything(log)).toEqual([3, 2, 1]);
    expect(await logFiles(folder)).toHaveLength(1);
    await log.close();
  });

  test("shares one flush between entries that wait together and keeps their order", async () => {
    const { disk, calls } = createFaultyDisk();
    const log = await open(await newFolder(), { disk });
    await Promise.all(Array.from({ length: 64 }, (_, index) => log.append(entry(index))));
    expect(calls.filter((call) => call.startsWith("datasync"))).toHaveLength(1);
    expect(await everything(log, 10)).toEqual(Array.from({ length: 64 }, (_, index) => 63 - index));
    await log.close();
  });

  test("pages do not shift while rows are appended", async () => {
    const log = await open(await newFolder());
    for (let number = 1; number <= 6; number += 1) await log.append(entry(number));
    const first = await log.page({ limit: 2 });
    await log.append(entry(7));
    const second = await log.page({ limit: 2, before: first.next ?? "" });
    expect([numbers(first.items), numbers(second.items)]).toEqual([
      [6, 5],
      [4, 3],
    ]);
    await log.close();
  });

  test("every row is on exactly one page, whatever the sizes of rows and pages", async () => {
    const row = fc.oneof(fc.nat(80), fc.constantFrom(65_500, 65_536, 70_000, 300_000)).map((size) => "é".repeat(size));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (texts, limit) => {
        const log = await open(await newFolder());
        await Promise.all(texts.map((text, number) => log.append(entry(number, text))));
        expect(await everything(log, limit)).toEqual(texts.map((_, index) => texts.length - 1 - index));
        await log.close();
      }),
      { numRuns: 20 },
    );
  });

  test("a filter looks at a bounded number of rows and says where to go on", async () => {
    const log = await open(await newFolder());
    await Promise.all(Array.from({ length: 100 }, (_, index) => log.append(entry(index))));
    const first = await log.page({ limit: 2, match: isFortieth, maxScan: 30 });
    expect(numbers(first.items)).toEqual([80]);
    expect(first.next).not.toBeNull();
    const second = await log.page({ limit: 2, match: isFortieth, before: first.next ?? "", maxScan: 1_000 });
    expect([numbers(second.items), second.next]).toEqual([[40, 0], null]);
    await log.close();
  });

  test("reads only rows that mention a text, in whatever case, and says how many it has looked at", async () => {
    let parsed = 0;
    const counting = schema.refine(() => {
      parsed += 1;
      return true;
    });
    const log = await open(await newFolder(), { schema: counting });
    for (const [number, text] of ["one", "TWO", "three two", "four"].entries()) await log.append(entry(number, text));
    parsed = 0;
    const { items, next, scanned } = await log.page({ limit: 5, mentions: "Two" });
    expect([items.map(({ number }) => number), next, scanned, parsed]).toEqual([[2, 1], null, 4, 2]);
    expect(await log.page({ limit: 5, mentions: "one", maxScan: 2 })).toMatchObject({ items: [], scanned: 2 });
    await log.close();
  });

  test("refuses a wrong entry, one that is too large, and a cursor that is none", async () => {
    const log = await open(await newFolder());
    await expect(log.append(entry(0.5))).rejects.toMatchObject({ code: "invalid_request" });
    await expect(log.append(entry(1, "x".repeat(1024 * 1024)))).rejects.toMatchObject({ code: "too_large" });
    await expect(log.page({ limit: 1, before: "../etc" })).rejects.toMatchObject({ code: "invalid_request" });
    expect(await log.page({ limit: 1, before: "1:99999" })).toEqual({ items: [], next: null, scanned: 0 });
    await log.close();
    await expect(log.append(entry(1))).rejects.toMatchObject({ code: "unavailable" });
  });

  test("has one owner", async () => {
    const folder = await newFolder();
    const log = await open(folder);
    await expect(open(folder)).rejects.toMatchObject({ code: "conflict" });
    await log.close();
    await (await open(folder)).close();
  });
});

describe("days", () => {
  test("begin a new file each; the entry's own time decides when it is asked for", async () => {
    const folder = await newFolder();
    const clock = createClock();
    const log = await open(folder, { clock, dayOf: (row) => row.text });
    await log.append(entry(1, "2026-11-19T23:59:59.999Z"));
    await log.append(entry(2, "2026-11-20T00:00:00.000Z"));
    await log.append(entry(3, "2026-11-19T12:00:00.000Z"));
    await log.append(entry(4, "2199-01-01T00:00:00.000Z"));
    expect(await logFiles(folder)).toEqual(["2026-11-19.1795176000.jsonl", "2026-11-20.1795176001.jsonl"]);
    expect(await everything(log, 2)).toEqual([4, 3, 2, 1]);
    await log.close();
  });

  test("order is the order of appending, however the clock jumps", async () => {
    const folder = await newFolder();
    const clock = createClock();
    let log = await open(folder, { clock });
    for (const [index, day] of [0, 3, -2, 20_000, 0, 1, -400, 1].entries()) {
      clock.set(start + day * dayMs);
      await log.append(entry(index));
      if (index % 3 === 2) {
        await log.close();
        log = await open(folder, { clock });
      }
    }
    expect(await everything(log, 2)).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    await log.close();
  });

  test("older than asked for are removed, never the newest file", async () => {
    const folder = await newFolder();
    const clock = createClock();
    const log = await open(folder, { clock });
    for (let day = 0; day < 10; day += 1) {
      await log.append(entry(day));
      await log.prune(4);
      clock.sleep(dayMs);
    }
    expect(await everything(log)).toEqual([9, 8, 7, 6, 5]);
    clock.sleep(100 * dayMs);
    await log.prune(0);
    expect(await everything(log)).toEqual([9]);
    await log.append(entry(10));
    await log.prune(4);
    expect(await everything(log)).toEqual([10]);
    await log.close();
  });

  test("a clock that jumps ahead does not make history look old", async () => {
    const folder = await newFolder();
    const clock = createClock();
    const log = await open(folder, { clock });
    for (let day = 0; day < 3; day += 1) {
      await log.append(entry(day));
      clock.sleep(dayMs);
    }
    clock.set(start + 3_650 * dayMs);
    await log.append(entry(3));
    await log.prune(30);
    expect(await everything(log)).toEqual([3, 2, 1, 0]);
    clock.set(start + 3 * dayMs);
    await log.append(entry(4));
    await log.prune(30);
    await log.prune(30);
    expect(await everything(log)).toEqual([4, 3, 2, 1, 0]);
    clock.sleep(40 * dayMs);
    await log.append(entry(5));
    await log.prune(30);
    expect(await everything(log)).toEqual([5]);
    await log.close();
  });

  test("a cursor into a removed day goes on with the days before it", async () => {
    const folder = await newFolder();
    const clock = createClock();
    const log = await open(folder, { clock });
    for (let day = 0; day < 3; day += 1) {
      await log.append(entry(day));
      clock.sleep(dayMs);
    }
    const first = await log.page({ limit: 2 });
    await rm(join(folder, "log", (await logFiles(folder))[1] ?? ""));
    expect(numbers((await log.page({ limit: 2, before: first.next ?? "" })).items)).toEqual([0]);
    await log.close();
  });
});

test("days put back by a restore while it runs find their place by their time", async () => {
  const folder = await newFolder();
  const clock = createClock();
  const log = await open(folder, { clock });
  await log.append(entry(9));
  for (const [day, number] of [
    ["2026-11-18", 1_795_000_000],
    ["2026-10-01", 1_790_000_000],
  ] as const)
    await writeFile(join(folder, `log/${day}.${number}.jsonl`), `{"number":${number - 1_790_000_000}}\n`);
  expect(await everything(log, 1)).toEqual([9, 5_000_000, 0]);
  clock.sleep(dayMs);
  await log.append(entry(10));
  expect(await everything(log, 1)).toEqual([10, 9, 5_000_000, 0]);
  await log.close();
});

describe("damage", () => {
  test("a torn last row is kept aside, the rows before it are there, and appending goes on", async () => {
    const folder = await newFolder();
    const rows = `{"number":1}\n{"number":2}\n`;
    await mkdir(join(folder, "log"));
    const torn = `{"number":3,"text":"ünf`;
    for (let length = 1; length <= torn.length; length += 1) {
      const file = join(folder, "log/2026-11-20.1795176000.jsonl");
      await writeFile(file, rows + torn.slice(0, length));
      const log = await open(folder);
      expect(log.problems()).toMatchObject([{ kind: "set_aside" }]);
      expect(await readFile(log.problems()[0]?.keptAs ?? "", "utf8")).toBe(torn.slice(0, length));
      await log.append(entry(4));
      expect(await everything(log)).toEqual([4, 2, 1]);
      await log.close();
      await rm(log.problems()[0]?.keptAs ?? "");
    }
  });

  test("rows that cannot be read are left out and reported once, the others are shown", async () => {
    const folder = await newFolder();
    const log = await open(folder);
    await log.append(entry(1));
    const file = join(folder, "log/2026-11-20.1795176000.jsonl");
    await appendFile(file, `not json\n{"number":"two"}\n\0\0\0\n\n{"number":3}\n`);
    await log.append(entry(4));
    await log.close();
    const told: string[] = [];
    const again = await open(folder, { onProblem: ({ kind }) => told.push(kind) });
    expect(await everything(again)).toEqual([4, 3, 1]);
    expect(await everything(again)).toEqual([4, 3, 1]);
    expect(told).toEqual(["bad_entries"]);
    await again.close();
  });

  test("a file removed by hand while it runs takes no acknowledged row along that came later", async () => {
    const folder = await newFolder();
    const log = await open(folder);
    await log.append(entry(1));
    await rm(join(folder, "log"), { recursive: true });
    await log.append(entry(2));
    expect(await everything(log)).toEqual([2]);
    await log.close();
    const again = await open(folder);
    expect(await everything(again)).toEqual([2]);
    await again.close();
  });

  test.each([
    ["writing", "writeNow 2026", "ENOSPC", "disk_full"],
    ["the flush", "datasync 2026", "EIO", "unavailable"],
  ])(
    "%s fails: the entries are refused, none of them is shown, and the next one is kept",
    async (_n, call, code, is) => {
      const folder = await newFolder();
      const { disk, fail, heal } = createFaultyDisk();
      const log = await open(folder, { disk });
      await log.append(entry(1));
      fail(call, code);
      const results = await Promise.allSettled([log.append(entry(2)), log.append(entry(3))]);
      for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: is } });
      expect(await everything(log)).toEqual([1]);
      expect(log.problems()).toMatchObject([{ kind: "unwritable" }]);
      heal();
      await log.append(entry(4));
      expect(await everything(log)).toEqual([4, 1]);
      expect(log.problems()).toEqual([]);
      await log.close();
      const again = await open(folder);
      expect(await everything(again)).toEqual([4, 1]);
      await again.close();
    },
  );

  test("a day that cannot be begun refuses its entries and leaves no file behind", async () => {
    const folder = await newFolder();
    const { disk, fail, heal } = createFaultyDisk();
    const log = await open(folder, { disk });
    fail("sync log", "EIO");
    await expect(log.append(entry(1))).rejects.toMatchObject({ code: "unavailable" });
    expect(await logFiles(folder)).toEqual([]);
    heal();
    await log.append(entry(2));
    expect(await everything(log)).toEqual([2]);
    await log.close();
  });
});

test("the first page reads the same few bytes at 20 000 rows as at 100", async () => {
  const folder = await newFolder();
  const { disk, calls } = createFaultyDisk();
  const log = await open(folder, { disk });
  const reads = async (): Promise<number> => {
    calls.length = 0;
    expect((await log.page({ limit: 50 })).items).toHaveLength(50);
    return calls.filter((call) => call.startsWith("read ")).length;
  };
  await Promise.all(Array.from({ length: 100 }, (_, index) => log.append(entry(index, "x".repeat(200)))));
  const small = await reads();
  await Promise.all(Array.from({ length: 19_900 }, (_, index) => log.append(entry(index, "x".repeat(200)))));
  expect([small, await reads()]).toEqual([1, 1]);
  await log.close();
});
