import { appendFile, open, readdir, readFile, stat, utimes, writeFile, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createLogBed, type LogBed } from "./testing/log-bed.ts";

let bed: LogBed;
let writer: FileHandle | null = null;
let isPm2Down = false;

/** What PM2 does when told to reload: opens the file of that name anew, and writes there from then on. */
async function reloadLogs(): Promise<void> {
  if (isPm2Down) throw new Error("PM2 does not answer");
  await writer?.close();
  writer = writer && (await open(file(), "a"));
}

beforeEach(async () => {
  isPm2Down = false;
  bed = await createLogBed({ reloadLogs });
});
afterEach(async () => {
  await writer?.close();
  writer = null;
  await bed.end();
});

const file = (): string => bed.path("portos-server.log");
const kb = (count: number): string => `${"x".repeat(1_023)}\n`.repeat(count);
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function everything(): Promise<string> {
  const names = (await readdir(bed.path("."))).filter((name) => name.startsWith("portos-server.log."));
  const parts = await Promise.all(
    names.toSorted().map(async (name) => {
      const bytes = await readFile(bed.path(name));
      return name.endsWith(".gz") ? promisify(gunzip)(bytes) : bytes;
    }),
  );
  return Buffer.concat([...parts, await readFile(file())]).toString();
}

describe("rotation", () => {
  test("loses no line of a process that writes all the time", async () => {
    writer = await open(file(), "a");
    let printed = "";
    for (let round = 0; round < 300; round += 1) {
      const line = `line ${String(round)} ${"x".repeat(1_000)}\n`;
      printed += line;
      await writer.write(line);
      if (round % 20 === 19) await bed.rotate({ maxFileBytes: 65_536, keepFiles: 200 });
    }
    expect(await everything()).toBe(printed);
    expect((await readdir(bed.path("."))).length).toBeGreaterThan(3);
  });

  test("compresses a file only when it has not grown for a while", async () => {
    await bed.end();
    bed = await createLogBed({ reloadLogs, restMs: 150 });
    await writeFile(file(), kb(100));
    const late = await open(file(), "a");
    const rotate = async (): Promise<number> => (await bed.rotate({ maxFileBytes: 65_536 })).compressed.length;
    try {
      for (let round = 0; round < 4; round += 1) {
        expect(await rotate()).toBe(0);
        await late.write(kb(1));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      await late.close();
    }
    await expect.poll(rotate, { interval: 20 }).toBe(1);
    await writeFile(file(), "");
    expect(await everything()).toBe(kb(104));
  });

  test("leaves small young files alone, and the files of others", async () => {
    await writeFile(file(), kb(10));
    await writeFile(bed.path("notes.txt"), kb(200));
    // Whoever writes this would not open a new file.
    await writeFile(bed.path("chrome.log"), kb(200));
    expect(await bed.rotate({ maxFileBytes: 65_536 })).toMatchObject({ rotated: [], compressed: [], removed: [] });
    expect((await readdir(bed.path("."))).toSorted()).toEqual(["apps", "chrome.log", "notes.txt", "portos-server.log"]);
  });

  test("files of an earlier time become the user's alone", async () => {
    await writeFile(file(), kb(1), { mode: 0o644 });
    await writeFile(`${file()}.1`, kb(1), { mode: 0o666 });
    await bed.rotate();
    for (const path of [file(), `${file()}.1`]) expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("gives the names back when PM2 does not open new files", async () => {
    isPm2Down = true;
    await writeFile(file(), kb(100));
    const report = await bed.rotate({ maxFileBytes: 65_536 });
    expect(report.rotated).toEqual([]);
    expect(report.problems).toEqual(["PM2 could not open new log files: PM2 does not answer"]);
    expect(await readFile(file(), "utf8")).toBe(kb(100));
  });

  test("rounds asked for at the same time are one round", async () => {
    await writeFile(file(), kb(100));
    const [first, second] = await Promise.all([
      bed.rotate({ maxFileBytes: 65_536 }),
      bed.rotate({ maxFileBytes: 65_536 }),
    ]);
    expect(first).toBe(second);
  });
});

describe("retention", () => {
  test("keeps the newest files, removes the old ones and keeps to the total", async () => {
    for (let round = 0; round < 5; round += 1) {
      await writeFile(file(), kb(100));
      await pause();
      await bed.rotate({ maxFileBytes: 65_536, keepFiles: 3 });
    }
    const rotated = (await readdir(bed.path("."))).filter((name) => name !== "apps");
    expect(rotated).toHaveLength(3);
    for (const name of rotated) await utimes(bed.path(name), new Date("2020-01-01"), new Date("2020-01-01"));
    const report = await bed.rotate({ keepDays: 30 });
    expect(report.removed).toHaveLength(3);
    expect(report.totalBytes).toBe(0);
  });

  test("removes the oldest rotated files until all fit, never the file being written", async () => {
    for (let round = 0; round < 3; round += 1) {
      const noise = Array.from({ length: 12_000 }, () => Math.random().toString(36)).join("\n");
      await writeFile(file(), noise);
      await pause();
      await bed.rotate({ maxFileBytes: 65_536 });
    }
    await appendFile(file(), kb(1_500));
    const report = await bed.rotate({ maxTotalBytes: 1024 * 1024, maxFileBytes: 4 * 1024 * 1024 });
    expect(report.removed).toHaveLength(3);
    expect((await readFile(file())).length).toBe(1_500 * 1_024);
  });
});
