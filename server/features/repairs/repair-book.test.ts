import { join } from "node:path";

import { expect, test } from "vitest";

import { repairSchema, type Repair } from "../../../contract/features/repairs.ts";
import { systemClock } from "../../../lib/clock.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { createRepairBook, repairsFile, type RepairBook, type RepairsFile } from "./repair-book.ts";

const newFolder = useTemporaryFolders();

function repairOf(number: number): Repair {
  const at = new Date(Date.parse("2026-03-01T12:00:00.000Z") + number * 60_000).toISOString();
  return repairSchema.parse({
    id: `repair-${String(number).padStart(12, "0")}`,
    incidentId: "mabcdefg-0123abcd",
    processKey: "blog/web",
    processName: "blog/web",
    appId: number % 2 === 0 ? "blog" : "shop",
    level: "propose",
    by: "anna",
    isAutomatic: false,
    state: "failed",
    reason: "",
    askedAt: at,
    updatedAt: at,
    endedAt: at,
    signature: "",
    evidence: null,
    port: null,
    agent: null,
    runId: null,
    toldAfter: null,
    isTold: false,
    diagnosis: null,
    summary: null,
    checks: [],
    work: null,
    approvalId: null,
    merge: null,
    watch: null,
    usage: null,
    revert: null,
  });
}

const total = 130;

async function fill(): Promise<RepairBook> {
  const folder = await newFolder();
  const common = { logger: silentLogger, clock: systemClock };
  const store = await openJsonStore<RepairsFile>({ file: join(folder, "state.json"), ...common, ...repairsFile });
  const log = await openJsonLog<Repair>({ directory: join(folder, "log"), schema: repairSchema, ...common });
  const book = createRepairBook(store, log);
  for (let number = 1; number <= total; number += 1) await book.add(repairOf(number), () => undefined);
  return book;
}

async function readAll(book: RepairBook, limit: number, app?: string, between?: () => Promise<void>) {
  const pages: string[][] = [];
  for (let before: string | undefined; ;) {
    const page = await book.page({ limit, app, before });
    pages.push(page.items.map(({ id }) => id));
    if (page.next === null) return pages;
    before = page.next;
    await between?.();
  }
}

const ids = (numbers: number[]): string[] => numbers.map((number) => repairOf(number).id);
const newestFirst = Array.from({ length: total }, (_each, index) => total - index);

test("no page of repairs is longer than asked for, and each repair is on one of them", async () => {
  const book = await fill();
  const pages = await readAll(book, 20);
  expect(Math.max(...pages.map(({ length }) => length))).toBe(20);
  expect(pages.flat()).toEqual(ids(newestFirst));
  expect((await readAll(book, 30, "blog")).flat()).toEqual(ids(newestFirst.filter((number) => number % 2 === 0)));
});

test("none is left out or shown twice when repairs move to the log between two pages", async () => {
  const book = await fill();
  let number = total;
  const pages = await readAll(book, 40, undefined, async () => {
    for (let count = 0; count < 35; count += 1) await book.add(repairOf((number += 1)), () => undefined);
  });
  expect(pages.flat()).toEqual(ids(newestFirst));
});
