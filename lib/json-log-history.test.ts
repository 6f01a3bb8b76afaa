import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";

import { systemDisk, type Disk } from "./durable-file.ts";
import { openJsonLog, type OpenJsonLog } from "./json-log.ts";
import { verifyChain } from "./json-log-verify.ts";
import { silentLogger } from "./logger.ts";
import { createCrashingDisk } from "./testing/crashing-disk.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const schema = z.strictObject({ number: z.int() });
type Entry = z.infer<typeof schema>;
const dayMs = 864e5;

type Step =
  | { kind: "rows"; count: number; isDurable: boolean }
  | { kind: "days"; days: number }
  | { kind: "prune"; keepDays: number }
  | { kind: "restart" };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("rows"), count: fc.nat(6), isDurable: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("days"), days: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("prune"), keepDays: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart") }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 14 },
);

function createClock() {
  let wall = Date.UTC(2026, 10, 1, 12);
  const start = wall;
  return {
    now: () => wall,
    monotonic: () => wall - start,
    sleep(ms: number) {
      wall += ms;
    },
  };
}

type Clock = ReturnType<typeof createClock>;

function open(directory: string, clock: Clock, disk: Disk): Promise<OpenJsonLog<Entry>> {
  return openJsonLog({ directory, schema, clock, logger: silentLogger, isChain: true, maxFileBytes: 900, disk });
}

interface Told {
  next: number;
  /** Those said to have reached the disk. */
  durable: number[];
}

/** Goes through what happens to a log, until it is over or the disk is gone. */
async function live(directory: string, clock: Clock, disk: Disk, history: readonly Step[], told: Told): Promise<void> {
  let log = await open(directory, clock, disk);
  try {
    for (const step of history) {
      if (step.kind === "days") clock.sleep(step.days * dayMs);
      else if (step.kind === "prune") await log.prune(step.keepDays);
      else if (step.kind === "restart") {
        await log.close();
        log = await open(directory, clock, disk);
      } else {
        const { isDurable } = step;
        const numbers = Array.from({ length: step.count }, () => told.next++);
        await Promise.all(numbers.map((number) => log.add({ number }, { isDurable })));
        if (isDurable) told.durable.push(...numbers);
      }
    }
  } finally {
    await log.close();
  }
}

async function rowsOf(directory: string, clock: Clock): Promise<number[]> {
  const log = await open(directory, clock, systemDisk);
  const found: number[] = [];
  for await (const { number } of log.entries()) found.push(number);
  await log.close();
  return found;
}

const verify = (directory: string) => verifyChain({ disk: systemDisk, directory });

test("whatever is written, removed by retention and restarted, the chain is whole and its rows are in order", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const [directory, clock, told] = [await newFolder(), createClock(), { next: 0, durable: [] }];
      await live(directory, clock, systemDisk, history, told);
      expect(await verify(directory)).toMatchObject({ isWhole: true, breaks: 0, unfinishedBytes: 0 });
      const found = await rowsOf(directory, clock);
      const isPruned = history.some(({ kind }) => kind === "prune");
      const first = isPruned ? (found[0] ?? told.next) : 0;
      expect(found).toEqual(Array.from({ length: told.next - first }, (_, at) => first + at));
    }),
    { numRuns: 80 },
  );
}, 240_000);

test("wherever the machine stops, with its power or not, the chain is whole and nothing is gone that was said to be on the disk", async () => {
  const plan = fc.record({
    history: steps,
    at: fc.integer({ min: 1, max: 80 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    isPower: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ history, at, share, isPower }) => {
      const [directory, clock] = [await newFolder(), createClock()];
      const told: Told = { next: 0, durable: [] };
      const machine = createCrashingDisk(at, share);
      try {
        await live(directory, clock, machine.disk, history, told);
      } catch (error) {
        if (!machine.hasCrashed()) throw error;
      }
      if (isPower) machine.losePower(share);
      const found = await rowsOf(directory, clock);
      expect(await verify(directory)).toMatchObject({ isWhole: true });
      expect(found).toEqual(found.toSorted((a, b) => a - b));
      const from = found[0] ?? told.next; // what is before was removed by retention, or never reached the disk
      const isPruned = history.some(({ kind }) => kind === "prune");
      for (const number of told.durable) if (!isPruned || number >= from) expect(found).toContain(number);
    }),
    { numRuns: 200 },
  );
}, 240_000);

test("after any history, a byte that is changed, a row that is removed and two that are swapped are found at their line", async () => {
  const plan = fc.record({
    history: steps,
    file: fc.nat(),
    place: fc.nat(),
    value: fc.integer({ min: 1, max: 255 }),
    how: fc.constantFrom("change" as const, "remove" as const, "swap" as const),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ history, file, place, value, how }) => {
      const [directory, clock] = [await newFolder(), createClock()];
      const first = { kind: "rows", count: 3, isDurable: true } as const;
      await live(directory, clock, systemDisk, [first, ...history, first], { next: 0, durable: [] });
      const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl")).toSorted();
      const name = names[file % names.length] ?? "";
      const path = join(directory, name);
      const lines = (await readFile(path, "latin1")).split("\n").slice(0, -1);
      const at = place % lines.length;
      const line = lines[at] ?? "";
      const other = lines[at + 1];
      if (how === "change") {
        const letter = place % line.length;
        const changed = String.fromCodePoint((line.charCodeAt(letter) + value) % 256);
        lines[at] = line.slice(0, letter) + changed + line.slice(letter + 1);
      } else if (how === "remove") lines.splice(at, 1);
      else if (other === undefined) return;
      else lines.splice(at, 2, other, line);
      await writeFile(path, lines.map((text) => `${text}\n`).join(""), "latin1");
      const { isWhole, broken } = await verify(directory);
      expect(isWhole).toBe(false);
      if (how === "remove" && other === undefined) return; // the next file, or the note, misses it
      expect([broken?.file, broken?.line]).toEqual([name, at + 1]);
    }),
    { numRuns: 150 },
  );
}, 240_000);
