import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  add,
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

describe("a hand edit while it runs", () => {
  test("that is valid is adopted and subscribers are told", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    const seen: Apps[] = [];
    store.subscribe((value) => seen.push(value));
    await writeFile(join(folder, "apps.json"), document(two));
    await until(() => seen.length === 1);
    expect(store.get()).toEqual({ apps: [two] });
    await writeFile(join(folder, "edited"), document(two, three));
    await rename(join(folder, "edited"), join(folder, "apps.json"));
    await until(() => seen.length === 2);
    expect(store.get()).toEqual({ apps: [two, three] });
    await store.close();
  });

  test("is noticed also when it follows our own write within a tick of the file system's clock, with the same size", async () => {
    const folder = await newFolder();
    const { disk, before } = createFaultyDisk({ tickMs: 20 });
    const store = await open(folder, { disk });
    for (let round = 0; round < 10; round += 1) {
      before("sync portos-test-", () =>
        writeFile(join(folder, "apps.json"), document({ id: "a", name: `him ${round}` })),
      );
      await store.update(() => ({ next: { apps: [{ id: "a", name: `own ${round}` }] }, result: null }));
      await until(() => store.get().apps[0]?.name === `him ${round}`);
    }
    await store.close();
  });

  test("that replaces the file twice within 50 ms ends with the second", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    for (const entry of [two, three]) {
      await writeFile(join(folder, "edited"), document(entry));
      await rename(join(folder, "edited"), join(folder, "apps.json"));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(() => store.get().apps[0]?.id === "3");
    await store.close();
  });

  test("that is wrong leaves the last good value in force and the edit in place", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    await writeFile(join(folder, "apps.json"), `{"version":1,"data":{"apps":[{"id":1}]}}`);
    await until(() => kinds(store).includes("invalid_edit"));
    expect(store.get()).toEqual({ apps: [one] });
    expect(await readFile(join(folder, "apps.json"), "utf8")).toContain(`[{"id":1}]`);
    await writeFile(join(folder, "apps.json"), document(one, two));
    await until(() => store.get().apps.length === 2);
    expect(store.problems()).toEqual([]);
    await store.close();
  });

  test("that is wrong is kept aside before the next update overwrites it", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    await writeFile(join(folder, "apps.json"), "my unfinished edit");
    await until(() => kinds(store).includes("invalid_edit"));
    await store.update(add(two));
    expect(store.get()).toEqual({ apps: [one, two] });
    expect((await keptCopies(folder)).map(String)).toEqual(["my unfinished edit"]);
    expect(kinds(store)).toEqual(["set_aside"]);
    expect(JSON.parse(await readFile(join(folder, "apps.json.backup"), "utf8"))).toMatchObject({ version: 1 });
    await store.close();
  });

  test("that comes between an update and its write is not lost", async () => {
    const folder = await folderWith(one);
    const { disk, before } = createFaultyDisk();
    const store = await open(folder, { disk });
    before("sync apps.json.tmp", () => writeFile(join(folder, "apps.json"), document(one, two)));
    await store.update(add(three));
    expect(store.get()).toEqual({ apps: [one, two, three] });
    expect(await readApps(folder)).toEqual({ version: 1, data: { apps: [one, two, three] } });
    await store.close();
  });

  test("that is wrong and comes between an update and its write is kept aside", async () => {
    const folder = await folderWith(one);
    const { disk, before } = createFaultyDisk();
    const store = await open(folder, { disk });
    before("sync apps.json.tmp", () => writeFile(join(folder, "apps.json"), "half an ed"));
    await store.update(add(two));
    expect(store.get()).toEqual({ apps: [one, two] });
    expect((await keptCopies(folder)).map(String)).toEqual(["half an ed"]);
    await store.close();
  });

  test("that is written in two pieces is waited for, not overwritten", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    const text = document(one, two);
    await writeFile(join(folder, "apps.json"), text.slice(0, 30));
    const update = store.update(add(three));
    await new Promise((resolve) => setTimeout(resolve, 15));
    await writeFile(join(folder, "apps.json"), text);
    await update;
    expect(store.get()).toEqual({ apps: [one, two, three] });
    expect(await keptCopies(folder)).toEqual([]);
    await store.close();
  });

  test("that removes the file changes nothing, and the next update writes it again", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    await rm(join(folder, "apps.json"));
    await until(() => kinds(store).includes("missing"));
    expect(store.get()).toEqual({ apps: [one] });
    await store.update(add(two));
    expect(await readApps(folder)).toEqual({ version: 1, data: { apps: [one, two] } });
    expect(store.problems()).toEqual([]);
    await store.close();
  });

  test("reaches a reader too", async () => {
    const folder = await folderWith(one);
    const store = await open(folder);
    const reader = await open(folder, { mode: "read" });
    await store.update(add(two));
    await until(() => reader.get().apps.length === 2);
    await reader.close();
    await store.close();
  });
});

describe("a clock that jumps", () => {
  test("loses nothing and keeps every damaged copy", async () => {
    const folder = await newFolder();
    let now = Date.UTC(2026, 10, 20);
    const clock = { now: () => now, monotonic: () => performance.now() };
    const store = await open(folder, { clock });
    for (const [round, jumpMs] of [0, -864e5, 3_600_000, -3.15e10, 4e10].entries()) {
      now += jumpMs;
      await writeFile(join(folder, "apps.json"), `damage ${round}`);
      await until(() => kinds(store).includes("invalid_edit"));
      await store.update(add({ id: String(round), name: "x" }));
    }
    expect(store.get().apps.map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4"]);
    expect((await keptCopies(folder)).map(String).toSorted()).toEqual([0, 1, 2, 3, 4].map((n) => `damage ${n}`));
    await store.close();
  });
});
