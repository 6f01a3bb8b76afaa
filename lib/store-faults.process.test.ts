import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { systemClock } from "./clock.ts";
import { openJsonLog } from "./json-log.ts";
import { openJsonStore, type JsonStore } from "./json-store.ts";
import { silentLogger } from "./logger.ts";
import { runCommand } from "./processes/run-command.ts";
import { spawnChild, type ChildHandle } from "./processes/spawn-child.ts";
import { until, useTemporaryFolders } from "./testing/temporary-folder.ts";

const rounds = 200;
const lanes = 2;
const newFolder = useTemporaryFolders();
const countersSchema = z.record(z.string(), z.int());
let program = "";

beforeAll(async () => {
  program = await bundleProgram("lib/testing/store-child.ts");
});

const living = new Set<ChildHandle>();
let testsOver = 0;

afterEach(async () => {
  testsOver += 1;
  for (const child of living) await kill(child);
});

afterAll(async () => {
  await rm(program, { force: true });
});

interface Child extends ChildHandle {
  printed(): Promise<string[]>;
}

async function start(task: "write" | "own", folder: string, name: string): Promise<Child> {
  const logFile = join(folder, `${name}.out`);
  const startedIn = testsOver;
  const child = await spawnChild(process.execPath, [program, task, folder], { cwd: folder, logFile });
  living.add(child);
  void child.exited.then(() => living.delete(child));
  if (startedIn !== testsOver) await kill(child);
  expect(testsOver, "a test that is over starts nothing").toBe(startedIn);
  // A line that was being printed when the child was killed counts as not printed.
  return Object.assign(child, { printed: async () => (await readFile(logFile, "utf8")).split("\n").slice(0, -1) });
}

async function kill(child: ChildHandle): Promise<void> {
  if (living.has(child)) process.kill(child.pid, "SIGKILL");
  await child.exited;
}

function openCounters(folder: string): Promise<JsonStore<Record<string, number>>> {
  const file = join(folder, "counters.json");
  return openJsonStore({ file, schema: countersSchema, initial: {}, version: 1, logger: silentLogger });
}

const rowSchema = z.strictObject({ number: z.int(), text: z.string() });
const openRows = (folder: string) =>
  openJsonLog({ directory: join(folder, "history"), schema: rowSchema, clock: systemClock, logger: silentLogger });

test(`no acknowledged write is lost in ${rounds} kills at random moments, and every file can be read`, async () => {
  const folder = await newFolder();
  const results = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const own = join(folder, `lane${lane}`);
      await mkdir(own);
      const acknowledged = new Map<string, number>();
      for (let round = 0; round < rounds / lanes; round += 1) await killOnce(own, acknowledged, round === 0);
      return { own, acknowledged };
    }),
  );
  for (const { own, acknowledged } of results) {
    expect([...acknowledged.keys()].toSorted()).toEqual(["log", "w0", "w1", "w2", "w3"]);
    const log = await openRows(own);
    let page = await log.page({ limit: 1_000 });
    let expected: number | undefined;
    for (;;) {
      for (const { number, text } of page.items) {
        if (expected !== undefined) expect(number).toBe(expected);
        expect(text).toHaveLength(number % 2_000);
        expected = number - 1;
      }
      if (page.next === null) break;
      page = await log.page({ limit: 1_000, before: page.next });
    }
    expect(expected).toBe(0);
    expect(log.problems().filter(({ kind }) => kind !== "set_aside")).toEqual([]);
    await log.close();
  }
}, 240_000);

async function killOnce(folder: string, acknowledged: Map<string, number>, isFirst: boolean): Promise<void> {
  const child = await start("write", folder, "writer");
  // The first of a lane makes the files that are read below: it lives until log and counter have been written.
  const kinds = async () => new Set((await child.printed()).map((line) => line.charAt(0))).size;
  await until(async () => (await kinds()) >= (isFirst ? 2 : 1), 60_000);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
  await kill(child);
  for (const line of await child.printed()) {
    const [kind, ...rest] = line.split(" ");
    const key = kind === "l" ? "log" : (rest[0] ?? "");
    acknowledged.set(key, Math.max(acknowledged.get(key) ?? 0, Number(rest.at(-1))));
  }
  const stored = z
    .strictObject({ version: z.literal(1), data: countersSchema })
    .parse(JSON.parse(await readFile(join(folder, "counters.json"), "utf8")));
  for (const [writer, number] of acknowledged) {
    if (writer === "log") continue;
    // One more may be on disk than was acknowledged: the kill came in between.
    expect([number, number + 1]).toContain(stored.data[writer]);
    acknowledged.set(writer, stored.data[writer] ?? 0);
  }
  expect((await readdir(folder)).filter((name) => name.includes("damaged"))).toEqual([]);
  expect((await lastRow(folder)).number).toBeGreaterThanOrEqual(acknowledged.get("log") ?? 0);
}

/** The newest complete row, read without the log; the newest file of several may still be empty. */
async function lastRow(folder: string): Promise<z.infer<typeof rowSchema>> {
  const names = (await readdir(join(folder, "history"))).filter((name) => name.endsWith(".jsonl")).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, "history", name), "utf8")));
  const line = texts.flatMap((text) => text.split("\n").slice(0, -1)).at(-1) ?? "null";
  return rowSchema.parse(JSON.parse(line));
}

test("a file has one owner among processes; a killed one is replaced at once, a living one never", async () => {
  const folder = await newFolder();
  const owner = await start("own", folder, "owner");
  await until(async () => (await owner.printed()).includes("owner"), 20_000);
  const refused = await openCounters(folder).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "conflict", message: expect.stringContaining(String(owner.pid)) as string });

  process.kill(owner.pid, "SIGSTOP"); // a process that sleeps is alive
  await expect(openCounters(folder)).rejects.toMatchObject({ code: "conflict" });
  await kill(owner);

  const started = performance.now();
  const store = await openCounters(folder);
  expect(performance.now() - started).toBeLessThan(10_000);
  await store.update(() => ({ next: { mine: 1 }, result: null }));
  const second = await start("own", folder, "second");
  await until(async () => (await second.printed()).includes("conflict"), 20_000);
  await second.exited;
  await store.close();
});

test("of several processes that find a dead owner exactly one takes over", async () => {
  for (let round = 0; round < 5; round += 1) {
    const folder = await newFolder();
    const dead = await start("own", folder, "dead");
    await until(async () => (await dead.printed()).length === 1, 20_000);
    await kill(dead);
    const heirs = await Promise.all(["a", "b", "c", "d"].map((name) => start("own", folder, name)));
    const verdicts = async () => (await Promise.all(heirs.map((heir) => heir.printed()))).flat().toSorted();
    await until(async () => (await verdicts()).length === heirs.length, 30_000);
    expect(await verdicts()).toEqual(["conflict", "conflict", "conflict", "owner"]);
    for (const [index, heir] of heirs.entries())
      if ((await heir.printed())[0] === "owner") await kill(heir);
      else expect({ index, exit: await heir.exited }).toEqual({ index, exit: { code: 0, signal: null } });
  }
});

const openTexts = (folder: string) =>
  openJsonStore({
    file: join(folder, "texts.json"),
    schema: z.array(z.string()),
    initial: [],
    version: 1,
    logger: silentLogger,
  });

const openHistory = (folder: string) =>
  openJsonLog({
    directory: join(folder, "history"),
    schema: z.strictObject({ text: z.string() }),
    clock: systemClock,
    logger: silentLogger,
  });

/** What was kept can be read although there is not even room for a lock, and writing starts when there is room. */
async function readableWhenFullAtStart(folder: string): Promise<void> {
  const filler = join(folder, "filler");
  await expect(writeFile(filler, "x".repeat(100_000))).rejects.toMatchObject({ code: "ENOSPC" });
  const store = await openTexts(folder);
  const log = await openHistory(folder);
  const add = () => store.update((texts) => ({ next: [...texts, "third"], result: null }));
  expect(store.get()).toEqual(["first", "second"]);
  expect((await log.page({ limit: 1 })).items).toMatchObject([{ text: "second" }]);
  expect([store.problems(), log.problems()]).toMatchObject([[{ kind: "unwritable" }], [{ kind: "unwritable" }]]);
  await expect(add()).rejects.toMatchObject({ code: "disk_full" });
  await expect(log.append({ text: "third" })).rejects.toMatchObject({ code: "disk_full" });
  await rm(filler);
  await add();
  await log.append({ text: "third" });
  expect(store.get()).toEqual(["first", "second", "third"]);
  expect((await log.page({ limit: 1 })).items).toMatchObject([{ text: "third" }]);
  expect([store.problems(), log.problems()]).toEqual([[], []]);
  await log.close();
  await store.close();
}

test("a disk that is really full refuses the write and keeps the old value", async (context) => {
  const folder = await newFolder();
  const mounted = join(folder, "small");
  await mkdir(mounted);
  const options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mounted];
  const mount = process.getuid?.() === 0 ? await runCommand("mount", options, { timeoutMs: 5_000 }) : null;
  context.skip(mount?.code !== 0, "needs the right to mount a small file system");
  try {
    const store = await openTexts(mounted);
    const log = await openHistory(mounted);
    const add = (text: string) => store.update((texts) => ({ next: [...texts, text], result: null }));
    await add("first");
    await log.append({ text: "first" });
    const big = "x".repeat(70_000);
    await expect(add(big)).rejects.toMatchObject({ code: "disk_full" });
    await expect(log.append({ text: big })).rejects.toMatchObject({ code: "disk_full" });
    expect(store.get()).toEqual(["first"]);
    expect(JSON.parse(await readFile(join(mounted, "texts.json"), "utf8"))).toEqual({ version: 1, data: ["first"] });
    expect((await log.page({ limit: 10 })).items.map(({ text }) => text)).toEqual(["first"]);
    await add("second");
    await log.append({ text: "second" });
    expect(store.get()).toEqual(["first", "second"]);
    expect((await log.page({ limit: 10 })).items.map(({ text }) => text)).toEqual(["second", "first"]);
    await log.close();
    await store.close();
    await readableWhenFullAtStart(mounted);
  } finally {
    await runCommand("umount", [mounted], { timeoutMs: 5_000 });
  }
});
