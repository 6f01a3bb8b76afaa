import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { openJsonStore, type JsonStore, type JsonStoreOptions } from "./json-store.ts";
import { silentLogger } from "./logger.ts";
import { createFaultyDisk } from "./testing/faulty-disk.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const schema = z.strictObject({ numbers: z.array(z.int()) });
type Numbers = z.infer<typeof schema>;

async function open(folder: string, more: Partial<JsonStoreOptions<Numbers>> = {}): Promise<JsonStore<Numbers>> {
  const file = join(folder, "numbers.json");
  return openJsonStore({ file, schema, initial: { numbers: [] }, version: 1, logger: silentLogger, ...more });
}

const add =
  (number: number) =>
  ({ numbers }: Numbers) => ({ next: { numbers: [...numbers, number] }, result: numbers.length });

async function stored(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, "numbers.json"), "utf8"));
}

describe("a JSON store", () => {
  test("has its initial value before the first update and writes nothing", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    expect(store.get()).toEqual({ numbers: [] });
    expect(await readdir(folder)).toEqual([".locks"]);
    await store.close();
  });

  test("keeps an acknowledged update in a readable file of mode 0600", async () => {
    const folder = await newFolder();
    const store = await open(join(folder, "made/on/demand"));
    expect(await store.update(add(7))).toBe(0);
    const file = join(folder, "made/on/demand/numbers.json");
    expect(await readFile(file, "utf8")).toBe(
      `{\n  "version": 1,\n  "data": {\n    "numbers": [\n      7\n    ]\n  }\n}\n`,
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await store.close();
    const again = await open(join(folder, "made/on/demand"));
    expect(again.get()).toEqual({ numbers: [7] });
    expect(again.problems()).toEqual([]);
    await again.close();
  });

  test("asks the disk in the order that makes a write durable", async () => {
    const { disk, calls } = createFaultyDisk();
    const store = await open(await newFolder(), { disk });
    await store.update(add(1));
    calls.length = 0;
    await store.update(add(2));
    const steps = ["open numbers.json.tmp", "writeFile numbers.json.tmp", "sync numbers.json.tmp"];
    const then = ["link numbers.json to numbers.json.backup.tmp", "rename numbers.json.tmp to numbers.json"];
    const order = [...steps, ...then].map((step) => calls.indexOf(step));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    const folderSync = calls.findLastIndex((call) => call.startsWith("sync portos-test-"));
    expect(folderSync).toBeGreaterThan(calls.indexOf("rename numbers.json.tmp to numbers.json"));
    await store.close();
  });

  test("makes its folders durable too", async () => {
    const { disk, calls } = createFaultyDisk();
    const folder = await newFolder();
    const store = await open(join(folder, "one/two"), { disk });
    expect(calls.filter((call) => call.startsWith("sync "))).toEqual(["sync one", `sync ${basename(folder)}`]);
    await store.close();
  });

  test("applies 50 parallel updates, all of them, in order", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(await Promise.all(numbers.map((number) => store.update(add(number))))).toEqual(numbers);
    expect(await stored(folder)).toEqual({ version: 1, data: { numbers } });
    await store.close();
  });

  test("shares one flush between updates that wait together", async () => {
    const { disk, calls } = createFaultyDisk();
    const store = await open(await newFolder(), { disk });
    await Promise.all(Array.from({ length: 64 }, (_, index) => store.update(add(index))));
    expect(calls.filter((call) => call === "sync numbers.json.tmp")).toHaveLength(1);
    await store.close();
  });

  test("lets writers that were just acknowledged share the next flush", async () => {
    const { disk, calls } = createFaultyDisk();
    const store = await open(await newFolder(), { disk });
    const write = async (): Promise<void> => {
      await store.update(add(1));
      for (let step = Math.random() * 10; step > 0; step -= 1) await Promise.resolve(); // what it does before it asks again
    };
    const writer = async (): Promise<void> => {
      for (let round = 0; round < 10; round += 1) await write();
    };
    await Promise.all(Array.from({ length: 16 }, writer));
    expect(store.get().numbers).toHaveLength(160);
    expect(calls.filter((call) => call === "sync numbers.json.tmp")).toHaveLength(10);
    await store.close();
  });

  test("shows nothing before it is on disk", async () => {
    const { disk, before } = createFaultyDisk();
    const store = await open(await newFolder(), { disk });
    let seen: unknown;
    before("rename numbers.json.tmp", () => {
      seen = store.get();
      return Promise.resolve();
    });
    await store.update(add(1));
    expect(seen).toEqual({ numbers: [] });
    expect(store.get()).toEqual({ numbers: [1] });
    await store.close();
  });

  test("rejects alone what throws or does not match the schema", async () => {
    const store = await open(await newFolder());
    const results = await Promise.allSettled([
      store.update(add(1)),
      store.update(() => {
        throw new RangeError("no");
      }),
      store.update(({ numbers }) => ({ next: { numbers: [...numbers, 0.5] }, result: null })),
      store.update(add(2)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { name: "RangeError" } });
    expect(results[2]).toMatchObject({ reason: { code: "invalid_request", issues: [{ path: "numbers.1" }] } });
    expect(store.get()).toEqual({ numbers: [1, 2] });
    await store.close();
  });

  test("cannot be changed around the disk", async () => {
    const store = await open(await newFolder());
    await store.update(add(1));
    expect(() => store.get().numbers.push(2)).toThrow(TypeError);
    const mutating = store.update((current) => {
      current.numbers.push(3);
      return { next: current, result: null };
    });
    await expect(mutating).rejects.toThrow(TypeError);
    expect(store.get()).toEqual({ numbers: [1] });
    await store.close();
  });

  test("does not write when nothing changes", async () => {
    const { disk, calls } = createFaultyDisk();
    const store = await open(await newFolder(), { disk });
    await store.update(add(1));
    calls.length = 0;
    await store.update((current) => ({ next: current, result: null }));
    await store.update(({ numbers }) => ({ next: { numbers: [...numbers] }, result: null }));
    expect(calls.filter((call) => call.startsWith("rename"))).toEqual([]);
    await store.close();
  });

  test("tells its subscribers, until they leave, and survives one that fails", async () => {
    const store = await open(await newFolder());
    const seen: number[] = [];
    store.subscribe(() => {
      throw new Error("listener");
    });
    const leave = store.subscribe(({ numbers }) => seen.push(numbers.length));
    await store.update(add(1));
    await store.update(add(2));
    leave();
    await store.update(add(3));
    expect(seen).toEqual([1, 2]);
    await store.close();
  });

  test("finishes what was asked before it closes and refuses what comes after", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    const last = store.update(add(1));
    const closing = store.close();
    await expect(store.update(add(2))).rejects.toMatchObject({ code: "unavailable" });
    await Promise.all([last, closing]);
    expect(await stored(folder)).toEqual({ version: 1, data: { numbers: [1] } });
  });

  test("is owned once: a second opening in this process is a conflict, reading is not", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    await store.update(add(1));
    await expect(open(folder)).rejects.toMatchObject({ code: "conflict" });
    const reader = await open(folder, { mode: "read" });
    expect(reader.get()).toEqual({ numbers: [1] });
    await expect(reader.update(add(2))).rejects.toMatchObject({ code: "conflict" });
    await reader.close();
    await store.close();
    await (await open(folder)).close();
  });

  test("behaves like a value in memory for any sequence of updates and restarts", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), numbers: fc.array(fc.integer(), { minLength: 1, maxLength: 5 }) }),
      fc.record({ kind: fc.constant("refuse" as const) }),
      fc.record({ kind: fc.constant("reopen" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const folder = await newFolder();
        let store = await open(folder);
        const model: number[] = [];
        for (const one of steps) {
          if (one.kind === "add") {
            await Promise.all(one.numbers.map((number) => store.update(add(number))));
            model.push(...one.numbers);
          } else if (one.kind === "refuse") {
            await expect(store.update(add(0.5))).rejects.toMatchObject({ code: "invalid_request" });
          } else {
            await store.close();
            store = await open(folder);
          }
          expect(store.get()).toEqual({ numbers: model });
        }
        expect(store.problems()).toEqual([]);
        await store.close();
      }),
      { numRuns: 25 },
    );
  });
});
