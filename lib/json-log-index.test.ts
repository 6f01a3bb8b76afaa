import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { openJsonLog, type JsonLogOptions, type OpenJsonLog } from "./json-log.ts";
import { silentLogger } from "./logger.ts";
import { createFaultyDisk } from "./testing/faulty-disk.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const schema = z.strictObject({ at: z.string(), id: z.string(), kind: z.string(), size: z.number() });
type Entry = z.infer<typeof schema>;
const start = Date.UTC(2026, 10, 20);
const timeOf = (number: number): string => new Date(start + number * 60_000).toISOString();
const entry = (number: number): Entry => ({
  at: timeOf(number),
  id: `id-${number}`,
  kind: number % 700 === 0 ? "rare" : `kind-${number % 3}`,
  size: number,
});

function open(directory: string, more: Partial<JsonLogOptions<Entry>> = {}): Promise<OpenJsonLog<Entry>> {
  const clock = { now: () => start, monotonic: () => 0 };
  return openJsonLog({
    directory,
    schema,
    clock,
    logger: silentLogger,
    maxFileBytes: 60_000,
    index: ({ at, id, kind, size }) => ({ at, terms: [`kind:${kind}`], ids: [id], sums: { size } }),
    ...more,
  });
}

async function fill(log: OpenJsonLog<Entry>, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 500)
    await Promise.all(Array.from({ length: Math.min(500, to - at) }, (_, index) => log.append(entry(at + index))));
}

const rare = { limit: 100, where: { terms: [["kind:rare"]] }, match: ({ kind }: Entry) => kind === "rare" };
const sizes = (items: Entry[]): number[] => items.map(({ size }) => size);

describe.each([false, true])("the index of a log (chain: %s)", (isChain) => {
  test("finds what a look at every row finds, also after a restart and when it is lost, cut or wrong", async () => {
    const directory = await newFolder();
    let log = await open(directory, { isChain });
    await fill(log, 0, 5_000);
    const expected = [4900, 4200, 3500, 2800, 2100, 1400, 700, 0];
    expect(sizes((await log.page(rare)).items)).toEqual(expected);
    const indexes = async () => (await readdir(directory)).filter((name) => name.endsWith(".index")).toSorted();
    expect((await indexes()).length).toBeGreaterThan(3);
    const damages: ((path: string) => Promise<void>)[] = [
      () => Promise.resolve(),
      (path) => rm(path),
      async (path) => writeFile(path, (await readFile(path, "utf8")).slice(0, -40)),
      async (path) => writeFile(path, (await readFile(path, "utf8")).split("\n").slice(1).join("\n")),
      (path) => writeFile(path, "nonsense\n"),
    ];
    let rows = 5_000;
    for (const damage of damages) {
      await log.close();
      for (const name of await indexes()) await damage(join(directory, name));
      log = await open(directory, { isChain });
      await fill(log, rows, rows + 10);
      rows += 10;
      expect(sizes((await log.page(rare)).items)).toEqual(expected);
      expect((await log.tally({})).rows).toBe(rows);
    }
    await log.close();
  });

  test("reads little for a rare row and one file for an id", async () => {
    const { disk, calls } = createFaultyDisk();
    const log = await open(await newFolder(), { isChain, disk, maxFileBytes: 200_000 });
    await fill(log, 0, 6_000);
    calls.length = 0;
    const { items } = await log.page({ limit: 1, where: { ids: ["id-77"] }, contains: ['"id":"id-77"'] });
    expect(sizes(items)).toEqual([77]);
    expect(calls.filter((call) => call.startsWith("read ")).length).toBeLessThanOrEqual(2);
    await log.close();
  });

  test("counts and adds up between any two times what is there", async () => {
    const log = await open(await newFolder(), { isChain });
    await fill(log, 0, 2_000);
    await fc.assert(
      fc.asyncProperty(fc.nat(2_100), fc.nat(2_100), async (one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one];
        const tally = await log.tally({ from: timeOf(from), to: timeOf(to) });
        const inside = Array.from({ length: 2_000 }, (_, number) => number).filter((at) => at >= from && at <= to);
        expect(tally.rows).toBe(inside.length);
        expect(tally.sums.get("size") ?? 0).toBe(inside.reduce((sum, number) => sum + number, 0));
        expect(tally.terms.get("kind:rare") ?? 0).toBe(inside.filter((number) => number % 700 === 0).length);
      }),
      { numRuns: 40 },
    );
    await log.close();
  });

  test("pages by filter without gaps or doubles, whatever the size of the page", async () => {
    const log = await open(await newFolder(), { isChain });
    await fill(log, 0, 3_000);
    for (const limit of [1, 3, 100]) {
      const seen: number[] = [];
      let before: string | undefined;
      do {
        const page = await log.page({ ...rare, limit, ...(before ? { before } : {}) });
        seen.push(...sizes(page.items));
        before = page.next ?? undefined;
      } while (before);
      expect(seen).toEqual([2800, 2100, 1400, 700, 0]);
    }
    await log.close();
  });
});
