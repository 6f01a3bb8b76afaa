import { afterEach, expect, test } from "vitest";

import type { Repair, RepairLevel } from "../../../contract/features/repairs.ts";
import { createRepairEngine, type RepairEngine } from "./repair-engine.ts";
import type { RepairParts } from "./repair-parts.ts";
import { isEnded } from "./repair-policy.ts";
import { createRepairService } from "./repair-service.ts";
import { newDisk, openMemoryBook, type MemoryDisk } from "./testing/memory-book.ts";
import { crashOfBlog, createRepairWorld, type RepairWorld } from "./testing/repair-world.ts";

const timing = { watchMs: 40, sampleMs: 15, lookMs: 3 };
const engines: RepairEngine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
});

/** Counts everything a server does to the world and its disk, and is gone for good at one of them: before it, or right after it. */
function createLife(dieAt: number, isAfter: boolean) {
  let count = 0;
  let isDead = false;
  const never = new Promise<never>(() => undefined);
  async function deed<T>(work: () => T | Promise<T>): Promise<T> {
    if (isDead) return never;
    count += 1;
    const isLast = count === dieAt;
    if (isLast) isDead = true;
    if (isLast && !isAfter) return never;
    const result = await work();
    return isLast ? never : result;
  }
  return { deed, count: () => count, isDead: () => isDead };
}

type Life = ReturnType<typeof createLife>;

function mortal(parts: RepairParts, { deed }: Life): RepairParts {
  const { runs, reviews, approvals, apps } = parts;
  return {
    ...parts,
    command: (...call) => deed(() => parts.command(...call)),
    runs: {
      ...runs,
      create: (...call) => deed(() => runs.create(...call)),
      say: (...call) => deed(() => runs.say(...call)),
    },
    reviews: {
      ...reviews,
      merge: (...call) => deed(() => reviews.merge(...call)),
      undo: (...call) => deed(() => reviews.undo(...call)),
    },
    approvals: {
      ...approvals,
      ask: (question) => deed(() => approvals.ask(question)),
      withdraw: (...call) => deed(() => approvals.withdraw(...call)),
    },
    apps: { ...apps, restart: (...call) => deed(() => apps.restart(...call)) },
  };
}

function live(world: RepairWorld, disk: MemoryDisk, life: Life) {
  const parts = mortal(world.parts, life);
  const book = openMemoryBook(disk, (write) => life.deed(write));
  const engine = createRepairEngine({ parts, book, timing, publish: () => undefined });
  const quiet = { publish: () => undefined, publishSettings: () => undefined };
  const service = createRepairService({ parts, book, engine, ...quiet });
  engine.start();
  return { engine, service };
}

/** One repair from its beginning to its end, the server killed once on the way. Answers how much was done until the end. */
async function liveThrough(
  level: RepairLevel,
  make: (world: RepairWorld) => void,
  dieAt: number,
  isAfter: boolean,
): Promise<{ world: RepairWorld; repair: Repair | undefined; count: number }> {
  const world = createRepairWorld();
  make(world);
  const disk = newDisk({ level });
  const first = createLife(dieAt, isAfter);
  let { service, engine } = live(world, disk, first);
  const answering = setInterval(() => world.answer("allowed"), 5);
  void service.ask(crashOfBlog.id, "anna", false);
  const isOver = (): boolean => disk.file.repairs.length > 0 && disk.file.repairs.every(({ state }) => isEnded(state));
  await expect.poll(() => first.isDead() || isOver(), { timeout: 10_000, interval: 3 }).toBe(true);
  if (first.isDead()) {
    ({ service, engine } = live(world, disk, createLife(Infinity, false)));
    engines.push(engine);
    // A request that was never written down was never answered: the user asks again.
    if (disk.file.repairs.length === 0) await service.ask(crashOfBlog.id, "anna", false);
  } else engines.push(engine);
  await expect.poll(isOver, { timeout: 10_000, interval: 3 }).toBe(true);
  clearInterval(answering);
  return { world, repair: disk.file.repairs[0], count: first.count() };
}

async function everyDeath(
  level: RepairLevel,
  make: (world: RepairWorld) => void,
  check: (outcome: { world: RepairWorld; repair: Repair | undefined }, where: string) => void,
): Promise<number> {
  const whole = await liveThrough(level, make, Infinity, false);
  check(whole, "never killed");
  const deaths = Array.from({ length: whole.count }, (_, index) =>
    [true, false].map((after) => ({ at: index + 1, after })),
  );
  for (const one of deaths.flat()) {
    const outcome = await liveThrough(level, make, one.at, one.after);
    check(outcome, `killed ${one.after ? "after" : "before"} deed ${String(one.at)} of ${String(whole.count)}`);
  }
  return whole.count;
}

const times = (world: RepairWorld, deed: string): number => world.deeds.filter((one) => one === deed).length;

test(
  "killed anywhere on the way, an allowed repair goes on: one run, one question, one merge",
  { timeout: 120_000 },
  async () => {
    const count = await everyDeath(
      "approve",
      () => undefined,
      ({ world, repair }, where) => {
        expect(repair?.state, where).toBe("repaired");
        for (const deed of ["create", "ask", "merge"]) expect(times(world, deed), `${deed}, ${where}`).toBe(1);
        expect(times(world, "undo"), where).toBe(0);
        expect(times(world, "say"), where).toBe(1);
        expect(repair?.merge?.commit, where).toBe("c".repeat(40));
      },
    );
    expect(count).toBeGreaterThan(15);
  },
);

test("killed anywhere on the way, a repair that does not hold is taken back once", { timeout: 120_000 }, async () => {
  await everyDeath(
    "apply",
    ({ behaviour }) => {
      behaviour.answers[4000] = true;
      behaviour.crashesAfterRestart = 1;
    },
    ({ world, repair }, where) => {
      // A restart may come twice: then the process was watched from the second one on.
      expect(["reverted", "repaired"], where).toContain(repair?.state);
      expect(times(world, "merge"), where).toBe(1);
      expect(times(world, "undo"), where).toBe(repair?.state === "reverted" ? 1 : 0);
      expect(world.review?.state, where).toBe(repair?.state === "reverted" ? "open" : "merged");
    },
  );
});
