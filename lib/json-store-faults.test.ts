import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { formatDocument } from "./json-document.ts";
import { openJsonStore, type JsonStore } from "./json-store.ts";
import { silentLogger } from "./logger.ts";
import {
  add,
  app,
  document,
  fill,
  keptCopies,
  kinds,
  one,
  open,
  readApps,
  three,
  two,
  type Apps,
} from "./testing/app-store.ts";
import { createFaultyDisk } from "./testing/faulty-disk.ts";
import { until, useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const folderWith = async (...apps: Apps["apps"]): Promise<string> => fill(await newFolder(), apps);

async function openAndAdd(folder: string): Promise<JsonStore<Apps>> {
  const store = await open(folder);
  await store.update(add(two));
  return store;
}

describe("a damaged file", () => {
  const damages: [string, Buffer][] = [
    ["empty", Buffer.alloc(0)],
    ["cut off", Buffer.from(document(one, two)).subarray(0, 60)],
    ["full of NUL bytes", Buffer.alloc(200)],
    ["in UTF-16", Buffer.from(document(one), "utf16le")],
    ["in Latin-1", Buffer.from(document(one), "latin1")],
    ["of another shape", Buffer.from(`{"version":1,"data":{"apps":"none"}}`)],
    ["something else", Buffer.from("<html></html>")],
  ];

  test.each(damages)("that is %s is set aside byte for byte and the backup is in force", async (_name, bytes) => {
    const folder = await folderWith(one, two);
    await writeFile(join(folder, "apps.json"), bytes);
    const store = await open(folder);
    expect(store.get()).toEqual({ apps: [one, two] });
    expect(await keptCopies(folder)).toEqual([bytes]);
    expect(kinds(store)).toEqual(["damaged"]);
    expect(await readApps(folder)).toEqual({ version: 1, data: { apps: [one, two] } });
    await store.update(add(three));
    await store.close();

    const later = await open(folder);
    expect(later.get()).toEqual({ apps: [one, two, three] });
    expect(kinds(later)).toEqual(["set_aside"]);
    await later.close();
  });

  test.each(damages)("that is %s and has no backup is kept, and the user is told", async (_name, bytes) => {
    const folder = await newFolder();
    await writeFile(join(folder, "apps.json"), bytes);
    const told: string[] = [];
    const store = await open(folder, { onProblem: ({ message }) => told.push(message) });
    expect(store.get()).toEqual({ apps: [] });
    expect(told).toEqual([expect.stringMatching(/apps\.json is damaged \(.+\); there is no usable backup/)]);
    await store.update(add(one));
    expect(await keptCopies(folder)).toEqual([bytes]);
    await store.close();
  });

  test("never costs an entry, wherever it was cut", async () => {
    const folder = await folderWith(one, two);
    const whole = await readFile(join(folder, "apps.json"));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 2), async (length) => {
        await writeFile(join(folder, "apps.json"), whole.subarray(0, length));
        const store = await open(folder);
        expect(store.get()).toEqual({ apps: [one, two] });
        await store.close();
        expect(await readFile(join(folder, "apps.json"))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  test("is only looked at, not touched, by a reader", async () => {
    const folder = await folderWith(one);
    await writeFile(join(folder, "apps.json"), "{");
    const before = await readdir(folder);
    const reader = await open(folder, { mode: "read" });
    expect(reader.get()).toEqual({ apps: [one] });
    expect(kinds(reader)).toEqual(["damaged"]);
    expect(await readdir(folder)).toEqual(before);
    expect(await readFile(join(folder, "apps.json"), "utf8")).toBe("{");
    await reader.close();
  });

  test("that is gone altogether comes back from the backup", async () => {
    const folder = await folderWith(one);
    await rm(join(folder, "apps.json"));
    const store = await open(folder);
    expect(store.get()).toEqual({ apps: [one] });
    expect(kinds(store)).toEqual(["missing"]);
    await store.close();
  });

  test("stays listed until its copy is removed", async () => {
    const folder = await folderWith(one);
    await writeFile(join(folder, "apps.json"), "{");
    await (await open(folder)).close();
    const store = await open(folder);
    const [problem] = store.problems();
    expect(problem?.kind).toBe("set_aside");
    await rm(problem?.keptAs ?? "");
    await until(() => store.problems().length === 0);
    await store.close();
  });

  test("again and again keeps the newest five copies, and says so", async () => {
    const folder = await folderWith(one);
    for (let round = 0; round < 8; round += 1) {
      await writeFile(join(folder, "apps.json"), `damage ${round}`);
      const store = await open(folder);
      expect(store.get()).toEqual({ apps: [one] });
      await store.close();
    }
    const store = await open(folder);
    expect((await keptCopies(folder)).map(String).toSorted()).toEqual([3, 4, 5, 6, 7].map((n) => `damage ${n}`));
    expect(kinds(store)).toEqual(Array.from({ length: 5 }, () => "set_aside"));
    expect(store.problems()[0]?.message).toContain("The newest 5 of such copies are kept");
    await store.close();
  });

  test("costs nothing when the backup was behind and a good start came between", async () => {
    const folder = await folderWith(one);
    const behind = await readFile(join(folder, "apps.json.backup"));
    await (await openAndAdd(folder)).close();
    await writeFile(join(folder, "apps.json.backup"), behind); // as a kill right after the update leaves it
    await (await open(folder)).close();
    await writeFile(join(folder, "apps.json"), "damage");
    const store = await open(folder);
    expect(store.get()).toEqual({ apps: [one, two] });
    await store.close();
  });

  test("does not reach a reader's disk: a backup that is behind stays as it is", async () => {
    const folder = await folderWith(one, two);
    await writeFile(join(folder, "apps.json.backup"), document(one));
    await (await open(folder, { mode: "read" })).close();
    expect(await readFile(join(folder, "apps.json.backup"), "utf8")).toBe(document(one));
  });

  test("with single bad entries loses these alone, and a copy is kept before it is written", async () => {
    const folder = await newFolder();
    const bytes = Buffer.from(document(one, { id: 2, name: "bad" }, three));
    await writeFile(join(folder, "apps.json"), bytes);
    const store = await open(folder, { isolate: { list: "apps", entry: app } });
    expect(store.get()).toEqual({ apps: [one, three] });
    expect(store.problems()).toMatchObject([
      { kind: "bad_entries", message: expect.stringContaining("1 (bad)") as string },
    ]);
    expect(await readFile(join(folder, "apps.json"))).toEqual(bytes);
    await store.update(add(two));
    expect(await keptCopies(folder)).toEqual([bytes]);
    await store.close();
  });
});

describe("versions", () => {
  const renamed = z.strictObject({ projects: z.array(app) });
  const openSecond = async (folder: string, migrate: (data: unknown) => unknown) =>
    openJsonStore({
      file: join(folder, "apps.json"),
      schema: renamed,
      initial: { projects: [] },
      version: 2,
      migrations: { 1: migrate },
      logger: silentLogger,
    });

  test("migrate forward after a copy of the old file was kept", async () => {
    const folder = await folderWith(one);
    const old = await readFile(join(folder, "apps.json"));
    const store = await openSecond(folder, (data) => ({ projects: (data as Apps).apps }));
    expect(store.get()).toEqual({ projects: [one] });
    expect(await readApps(folder)).toEqual({ version: 2, data: { projects: [one] } });
    const copy = (await readdir(folder)).find((name) => name.startsWith("apps.json.backup-v1-"));
    expect(await readFile(join(folder, copy ?? ""))).toEqual(old);
    await store.close();
  });

  test("newer than ours are not touched, and are taken up when they were replaced", async () => {
    const folder = await newFolder();
    const newer = formatDocument({ apps: [], more: true }, 9);
    await writeFile(join(folder, "apps.json"), newer);
    const store = await open(folder);
    expect(kinds(store)).toEqual(["newer_version"]);
    await expect(store.update(add(one))).rejects.toMatchObject({ code: "unavailable" });
    expect(await readFile(join(folder, "apps.json"), "utf8")).toBe(newer);
    await writeFile(join(folder, "apps.json"), document(two));
    await until(() => store.problems().length === 0);
    await store.update(add(three));
    expect(store.get()).toEqual({ apps: [two, three] });
    await store.close();
  });
});

describe("a disk that refuses", () => {
  test.each([
    ["opening", "open apps.json.tmp", "ENOSPC", "disk_full"],
    ["writing", "writeFile apps.json.tmp", "ENOSPC", "disk_full"],
    ["a quota", "writeFile apps.json.tmp", "EDQUOT", "disk_full"],
    ["the flush", "sync apps.json.tmp", "EIO", "unavailable"],
    ["the backup link", "link apps.json", "ENOSPC", "disk_full"],
    ["the rename", "rename apps.json.tmp", "EROFS", "unavailable"],
  ])("%s: all updates of the flush are rejected and the old value is intact", async (_name, call, code, expected) => {
    const folder = await folderWith(one);
    const { disk, fail, heal } = createFaultyDisk();
    const store = await open(folder, { disk });
    fail(call, code);
    const results = await Promise.allSettled([store.update(add(two)), store.update(add(three))]);
    for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: expected } });
    expect(store.get()).toEqual({ apps: [one] });
    expect(await readApps(folder)).toEqual({ version: 1, data: { apps: [one] } });
    expect(kinds(store)).toEqual(["unwritable"]);
    heal();
    await store.update(add(two));
    expect(store.get()).toEqual({ apps: [one, two] });
    expect(store.problems()).toEqual([]);
    await store.close();
  });

  test("only the flush of the folder: the refused value does not come up after a restart", async () => {
    const folder = await folderWith(one);
    const { disk, fail, heal } = createFaultyDisk();
    const store = await open(folder, { disk });
    fail("sync portos-test-", "EIO");
    await expect(store.update(add(two))).rejects.toMatchObject({ code: "unavailable" });
    heal();
    expect(store.get()).toEqual({ apps: [one] });
    await store.close();
    const later = await open(folder);
    expect(later.get()).toEqual({ apps: [one] });
    await later.close();
  });

  test.each([
    ["the file", /readFile apps\.json$/, { apps: [one] }],
    ["the file and its backup", "readFile apps.json", { apps: [] }],
  ])("to let %s be read: nothing is touched and updates are refused", async (_name, call, inForce) => {
    const folder = await folderWith(one);
    const { disk, fail, heal } = createFaultyDisk();
    fail(call, "EACCES");
    const before = await readdir(folder);
    const store = await open(folder, { disk });
    expect(store.get()).toEqual(inForce);
    expect(kinds(store)).toEqual(["unreadable"]);
    await expect(store.update(add(two))).rejects.toMatchObject({ code: "unavailable" });
    expect(await readdir(folder)).toEqual(before);
    heal();
    await writeFile(join(folder, "apps.json"), document(one, three));
    await until(() => store.problems().length === 0);
    await store.update(add(two));
    expect(store.get()).toEqual({ apps: [one, three, two] });
    await store.close();
  });
});
