import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { systemDisk } from "./durable-file.ts";
import { openJsonLog, type JsonLogOptions, type OpenJsonLog } from "./json-log.ts";
import { verifyChain, type ChainReport } from "./json-log-verify.ts";
import { silentLogger } from "./logger.ts";
import { createFaultyDisk } from "./testing/faulty-disk.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const schema = z.strictObject({ number: z.int(), text: z.string().default("") });
type Entry = z.infer<typeof schema>;
const dayMs = 864e5;

function createClock() {
  let wall = Date.UTC(2026, 10, 20, 12);
  const start = wall;
  return {
    now: () => wall,
    monotonic: () => wall - start,
    sleep(ms: number) {
      wall += ms;
    },
  };
}

function open(directory: string, more: Partial<JsonLogOptions<Entry>> = {}): Promise<OpenJsonLog<Entry>> {
  return openJsonLog({ directory, schema, clock: createClock(), logger: silentLogger, isChain: true, ...more });
}

const verify = (directory: string): Promise<ChainReport> => verifyChain({ disk: systemDisk, directory });
const entry = (number: number, text = ""): Entry => ({ number, text });

async function dayFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith(".jsonl")).toSorted();
}

async function numbers(log: OpenJsonLog<Entry>): Promise<number[]> {
  const found: number[] = [];
  for await (const { number } of log.entries()) found.push(number);
  return found;
}

/** A chain of several days and the text of each of its files, the note included. */
async function makeChain(directory: string, days: number, rowsPerDay: number): Promise<Map<string, Buffer>> {
  const clock = createClock();
  const log = await open(directory, { clock });
  for (let day = 0; day < days; day += 1) {
    for (let row = 0; row < rowsPerDay; row += 1) await log.append(entry(day * rowsPerDay + row, "ü"));
    clock.sleep(dayMs);
  }
  await log.close();
  const names = [...(await dayFiles(directory)), "chain.json"];
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)));
}

describe("a chained log", () => {
  test("proves an empty folder, and one that is not there", async () => {
    expect(await verify(await newFolder())).toMatchObject({ isWhole: true, rows: 0, last: null });
    expect(await verify("/nowhere/at/all")).toMatchObject({ isWhole: true, rows: 0 });
  });

  test("reads back what was appended, each row with its link, across files and restarts", async () => {
    const directory = await newFolder();
    const clock = createClock();
    for (const number of [1, 2, 3, 4]) {
      const log = await open(directory, { clock });
      await log.append(entry(number));
      await log.close();
      if (number === 2) clock.sleep(dayMs);
    }
    const log = await open(directory, { clock });
    const { items } = await log.page({ limit: 3 });
    expect(items.map(({ number, link }) => [number, link?.n])).toEqual([
      [4, 6],
      [3, 5],
      [2, 3],
    ]);
    expect(items[0]?.link?.prev).toBe(items[1]?.link?.hash);
    expect(await log.read(items[1]?.rowId ?? "")).toEqual(items[1]);
    expect(await numbers(log)).toEqual([1, 2, 3, 4]);
    await log.close();
    const report = await verify(directory);
    expect(report).toMatchObject({ isWhole: true, files: 2, rows: 6, first: 1, last: { n: 6 }, breaks: 0 });
    expect(report.last?.hash).toBe(items[0]?.link?.hash);
  });

  test("keeps the order of rows that are appended at once", async () => {
    const directory = await newFolder();
    const log = await open(directory, { maxFileBytes: 5_000 });
    const all = Array.from({ length: 200 }, (_, index) => index);
    await Promise.all(all.map((number) => log.add(entry(number), { isDurable: number % 3 === 0 })));
    expect(await numbers(log)).toEqual(all);
    await log.append(entry(200));
    await log.append(entry(201));
    expect(await log.fileCount()).toBeGreaterThan(1);
    expect(await verify(directory)).toMatchObject({ isWhole: true });
    await log.close();
  });

  test("takes no entry that uses the names of the chain", async () => {
    const loose = z.looseObject({ number: z.int() });
    const directory = await newFolder();
    const log = await openJsonLog({
      directory,
      schema: loose,
      clock: createClock(),
      logger: silentLogger,
      isChain: true,
    });
    await expect(log.append({ number: 1, prev: "x" })).rejects.toMatchObject({ code: "invalid_request" });
    await log.close();
  });
});

describe("the proof", () => {
  test("finds every single changed byte of every file, the note included", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 2, 1);
    expect(await verify(directory)).toMatchObject({ isWhole: true, rows: 4 });
    const places = [...files].flatMap(([name, bytes]) => Array.from(bytes, (_, at) => ({ name, bytes, at })));
    let step = 0;
    for (const { name, bytes, at } of places) {
      step += 1;
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (step % 8));
      await writeFile(join(directory, name), changed);
      const { isWhole, broken } = await verify(directory);
      expect({ name, at, isWhole }).toEqual({ name, at, isWhole: false });
      const line = bytes.subarray(0, at).toString("latin1").split("\n").length;
      // The line itself, or the note or the next line that miss it when only its end was changed.
      if (name !== "chain.json" && bytes[at] !== 0x0a) expect([broken?.file, broken?.line]).toEqual([name, line]);
      await writeFile(join(directory, name), bytes);
    }
    expect(await verify(directory)).toMatchObject({ isWhole: true });
  }, 240_000);

  test("finds any byte set to any other value, put in or taken out", async () => {
    const directory = await newFolder();
    const files = [...(await makeChain(directory, 2, 3))];
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: files.length - 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom("set", "put in", "take out"),
        async (file, place, value, how) => {
          const [name, bytes] = files[file] ?? ["", Buffer.alloc(0)];
          const at = place % bytes.length;
          const old = bytes[at] ?? 0;
          const middle = how === "set" ? [(old + value) % 256] : how === "put in" ? [value, old] : [];
          await writeFile(
            join(directory, name),
            Buffer.concat([bytes.subarray(0, at), Buffer.from(middle), bytes.subarray(at + 1)]),
          );
          const { isWhole } = await verify(directory);
          await writeFile(join(directory, name), bytes);
          expect(isWhole).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  }, 120_000);

  test("finds lines that are removed, doubled or exchanged, and files that are removed, exchanged, emptied or added", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 3, 3);
    const names = await dayFiles(directory);
    for (const name of names) {
      const bytes = files.get(name) ?? Buffer.alloc(0);
      const lines = bytes.toString().split("\n").slice(0, -1);
      const changes = lines.flatMap((line, at) => [
        lines.toSpliced(at, 1),
        lines.toSpliced(at, 0, line),
        ...(at > 0 ? [lines.toSpliced(at - 1, 2, line, lines[at - 1] ?? "")] : []),
      ]);
      for (const changed of changes) {
        await writeFile(join(directory, name), changed.map((line) => `${line}\n`).join(""));
        expect(await verify(directory)).toMatchObject({ isWhole: false });
      }
      await writeFile(join(directory, name), "");
      expect(await verify(directory)).toMatchObject({ isWhole: false });
      await rm(join(directory, name));
      expect(await verify(directory)).toMatchObject({ isWhole: false });
      await writeFile(join(directory, name), bytes);
    }
    const [first = "", second = "", third = ""] = names.map((name) => join(directory, name));
    await rename(first, `${second}.x`);
    await rename(second, first);
    await rename(`${second}.x`, second);
    expect(await verify(directory)).toMatchObject({ broken: { file: names[0], line: 1 } });
    await rename(first, `${second}.x`);
    await rename(second, first);
    await rename(`${second}.x`, second);
    const added = third.replace("jsonl", "").replace(/(\d+)\.$/, (_, number: string) => `${Number(number) + 1}.jsonl`);
    await writeFile(added, files.get(names[2] ?? "") ?? "");
    expect(await verify(directory)).toMatchObject({ isWhole: false });
    await rm(added);
    await rm(join(directory, "chain.json"));
    expect(await verify(directory)).toMatchObject({ broken: { file: "chain.json", reason: "note_missing" } });
  });

  test("names the number of breaks and goes on behind the first", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 2, 4);
    for (const [name, bytes] of files)
      if (name !== "chain.json")
        await writeFile(join(directory, name), bytes.toString().replace('"text":"ü"', '"text":"x"'));
    const report = await verify(directory);
    expect(report).toMatchObject({ breaks: 2, broken: { line: 2, reason: "changed" } });
  });

  test("finds a chain that was made anew when somebody has noted a row of the old one", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 1, 3);
    const expected = (await verify(directory)).last ?? { n: 0, hash: "" };
    const [name = ""] = files.keys();
    await rm(directory, { recursive: true });
    await makeChain(directory, 1, 4);
    expect((await dayFiles(directory))[0]).toBe(name);
    expect(await verifyChain({ disk: systemDisk, directory })).toMatchObject({ isWhole: true });
    const other = { n: expected.n, hash: expected.hash.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) };
    expect(await verifyChain({ disk: systemDisk, directory, expected })).toMatchObject({ isWhole: true });
    expect(await verifyChain({ disk: systemDisk, directory, expected: other })).toMatchObject({
      broken: { reason: "changed", line: 4 },
    });
    expect(await verifyChain({ disk: systemDisk, directory, expected: { n: 99, hash: expected.hash } })).toMatchObject({
      broken: { reason: "end_missing" },
    });
  });
});

describe("retention", () => {
  test("says what it removes and leaves a chain that can be proved, again and again", async () => {
    const directory = await newFolder();
    const clock = createClock();
    const log = await open(directory, { clock });
    for (let day = 0; day < 12; day += 1) {
      await log.append(entry(day));
      if (day % 3 === 2) await log.prune(4);
      expect(await verify(directory)).toMatchObject({ isWhole: true });
      clock.sleep(dayMs);
    }
    expect(await dayFiles(directory)).toHaveLength(5);
    expect((await verify(directory)).first).toBeGreaterThan(1);
    await log.close();
    const [oldest = ""] = await dayFiles(directory);
    const bytes = await readFile(join(directory, oldest));
    await rm(join(directory, oldest));
    expect(await verify(directory)).toMatchObject({ broken: { reason: "start_missing", line: 1 } });
    await writeFile(join(directory, oldest), bytes);
    expect(await verify(directory)).toMatchObject({ isWhole: true });
  });

  test("that ends in the middle leaves a chain that can be proved", async () => {
    const directory = await newFolder();
    const clock = createClock();
    const { disk, fail, heal } = createFaultyDisk();
    const log = await open(directory, { clock, disk });
    for (let day = 0; day < 5; day += 1) {
      await log.append(entry(day));
      clock.sleep(dayMs);
    }
    const names = await dayFiles(directory);
    fail(`rm ${names[1] ?? ""}`, "EIO");
    await expect(log.prune(1)).rejects.toMatchObject({ code: "unavailable" });
    expect(await dayFiles(directory)).toEqual([...names.slice(1), expect.stringContaining("2026-11-25")]);
    expect(await verify(directory)).toMatchObject({ isWhole: true });
    heal();
    await log.prune(1);
    expect(await verify(directory)).toMatchObject({ isWhole: true });
    await log.close();
  });
});

describe("damage", () => {
  test("an unfinished last row, at every length, is kept aside and said so in the chain", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 1, 3);
    const [name = ""] = files.keys();
    const bytes = files.get(name) ?? Buffer.alloc(0);
    const rows = bytes.toString().split("\n").slice(0, -1);
    const last = `${rows.at(-1) ?? ""}\n`;
    const note = { n: 3, hash: (JSON.parse(rows[2] ?? "") as { hash: string }).hash };
    for (let length = 1; length < Buffer.byteLength(last); length += 7) {
      const torn = Buffer.from(last).subarray(0, length);
      await rm(directory, { recursive: true });
      await mkdir(directory);
      await writeFile(join(directory, name), Buffer.concat([bytes.subarray(0, -Buffer.byteLength(last)), torn]));
      await writeFile(join(directory, "chain.json"), `${JSON.stringify(note).padEnd(99)}\n`);
      expect(await verify(directory)).toMatchObject({ isWhole: true, unfinishedBytes: length });
      const log = await open(directory);
      await log.append(entry(9));
      const report = await verify(directory);
      expect(report).toMatchObject({
        isWhole: true,
        unfinishedBytes: 0,
        repairs: [{ kind: "repaired", bytes: length }],
      });
      const [repair] = report.repairs;
      if (repair?.kind === "repaired") expect(await readFile(join(directory, repair.keptAs))).toEqual(torn);
      expect(await numbers(log)).toEqual([0, 1, 9]);
      await log.close();
    }
  });

  test("rows that are gone at the end stay missing, whatever is written later", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 1, 3);
    const [name = ""] = files.keys();
    const lines = (files.get(name) ?? Buffer.alloc(0)).toString().split("\n");
    await writeFile(join(directory, name), `${lines.slice(0, 2).join("\n")}\n`);
    const log = await open(directory);
    await log.append(entry(9));
    expect(await verify(directory)).toMatchObject({
      breaks: 1,
      broken: { line: 3, message: "Rows 3 to 4 are missing." },
    });
    await log.close();
  });

  test("a note that is gone is said so in the chain when writing goes on", async () => {
    const directory = await newFolder();
    await makeChain(directory, 1, 3);
    await rm(join(directory, "chain.json"));
    const log = await open(directory);
    expect(await verify(directory)).toMatchObject({ isWhole: true, repairs: [{ kind: "note_missing" }] });
    await log.close();
  });

  test("a folder removed while it runs leaves a chain that shows it", async () => {
    const directory = await newFolder();
    const log = await open(directory);
    await log.append(entry(1));
    await rm(directory, { recursive: true });
    await log.append(entry(2));
    expect(await verify(directory)).toMatchObject({ broken: { reason: "start_missing" } });
    await log.close();
  });

  test.each([
    ["writing", "writeNow 2026", "ENOSPC", "disk_full"],
    ["the flush", "datasync 2026", "EIO", "unavailable"],
    ["writing, and what was written cannot be taken back", "(datasync|truncate|stat) 2026", "EIO", "unavailable"],
  ])("%s fails: the rows are refused and the chain goes on whole", async (_n, call, code, is) => {
    const directory = await newFolder();
    const { disk, fail, heal } = createFaultyDisk();
    const log = await open(directory, { disk });
    await log.append(entry(1));
    fail(call, code);
    const results = await Promise.allSettled([log.append(entry(2)), log.append(entry(3))]);
    for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: is } });
    heal();
    await log.append(entry(4));
    expect(await verify(directory)).toMatchObject({ isWhole: true });
    expect((await numbers(log)).at(-1)).toBe(4);
    await log.close();
    const again = await open(directory);
    await again.append(entry(5));
    expect(await verify(directory)).toMatchObject({ isWhole: true });
    await again.close();
  });

  test("rows added by hand are found and left out", async () => {
    const directory = await newFolder();
    const files = await makeChain(directory, 1, 2);
    const [name = ""] = files.keys();
    await appendFile(join(directory, name), `{"number":7,"text":""}\n`);
    expect(await verify(directory)).toMatchObject({ broken: { line: 4, reason: "not_a_row" } });
    const log = await open(directory);
    await log.append(entry(8));
    expect(await verify(directory)).toMatchObject({ breaks: 1 });
    await log.close();
  });
});
