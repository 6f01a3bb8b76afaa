import { afterEach, expect, it } from "vitest";

import type { Incident } from "../contract/internal/autofixer.ts";
import { silentLogger } from "../lib/logger.ts";
import type { Pm2Process } from "../lib/processes/pm2-types.ts";
import { useTemporaryFolders } from "../lib/testing/temporary-folder.ts";
import { openIncidentBook, type IncidentBook } from "./incident-book.ts";
import { IncidentEngine } from "./incident-engine.ts";
import { defaultPolicy } from "./repair-policy.ts";

const newFolder = useTemporaryFolders();
const books: IncidentBook[] = [];
afterEach(async () => {
  for (const book of books.splice(0)) await book.close();
});

const start = Date.parse("2026-03-01T12:00:00.000Z");
const iso = (ms: number): string => new Date(ms).toISOString();

interface World {
  book: IncidentBook;
  engine: IncidentEngine;
  processes: Pm2Process[];
  later(): void;
  crash(pmId: number): Promise<void>;
}

async function createWorld(): Promise<World> {
  const time = { now: start };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const book = await openIncidentBook({ directory: await newFolder(), clock, logger: silentLogger });
  books.push(book);
  const engine = new IncidentEngine({
    book,
    look: () => Promise.resolve({ processes: world.processes, homes: new Set(["portos"] as const) }),
    restart: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    lastEnd: () => Promise.resolve({ signal: null, wasAsked: false }),
    logTail: () => Promise.resolve([]),
    markRanWell: () => Promise.resolve(null),
    codeChanges: () => Promise.resolve(null),
    onChange: () => undefined,
    policy: defaultPolicy,
    flushMs: 0,
    clock,
    logger: silentLogger,
  });
  const world: World = {
    book,
    engine,
    processes: [],
    later: () => {
      time.now += 1_000;
    },
    crash: (pmId) =>
      engine.crashed({
        home: "portos",
        pmId,
        name: "blog/web",
        namespace: "app:blog",
        code: 1,
        isGivenUp: false,
        at: time.now,
      }),
  };
  return world;
}

function web(pmId: number, changes: Partial<Pm2Process>): Pm2Process {
  return {
    home: "portos",
    pmId,
    name: "blog/web",
    namespace: "app:blog",
    pid: 1,
    status: "online",
    cpuPercent: 0,
    memoryBytes: 0,
    restarts: 0,
    unstableRestarts: 0,
    onlineSince: iso(start),
    createdAt: null,
    cwd: "/blog",
    script: "web.mjs",
    args: [],
    interpreter: "node",
    outLog: null,
    errLog: null,
    exitCode: 1,
    autorestart: true,
    watch: false,
    ...changes,
  };
}

const told = (incidents: readonly Incident[]) =>
  incidents.map(({ process: { pmId }, crashes, reason, nextAttemptAt }) => [pmId, crashes, reason, nextAttemptAt]);

it("goes on with one incident when its process is made anew and crashes at once", async () => {
  const world = await createWorld();
  world.processes = [web(3, { status: "errored" })];
  await world.engine.tick();
  expect(told(world.book.active())).toEqual([[3, 1, "PM2 has given up. Restart 1 of 5 follows.", iso(start + 5_000)]]);
  world.later();
  world.processes = [web(4, { status: "waiting" })];
  await world.crash(4);
  // What was planned for the former one is no more.
  expect(told(world.book.active())).toMatchObject([
    [expect.anything(), 2, "Ended with exit code 1. PM2 starts it again.", null],
  ]);
  await world.engine.tick();
  expect(told(world.book.active())).toMatchObject([[4, 2, "Ended with exit code 1. PM2 starts it again.", null]]);
});

it("plans nothing for a process that runs again", async () => {
  const world = await createWorld();
  world.processes = [web(3, { status: "errored" })];
  await world.engine.tick();
  world.later();
  world.processes = [web(3, { onlineSince: iso(start + 1_000) })];
  await world.engine.tick();
  expect(told(world.book.active())).toEqual([[3, 1, "Runs again; settled when it has stayed up for 60 s.", null]]);
});

it("settles the older of two incidents of one process", async () => {
  const world = await createWorld();
  world.processes = [web(3, { status: "waiting" }), web(4, { status: "waiting" })];
  await world.crash(3);
  world.later();
  await world.crash(4);
  expect(world.book.active()).toHaveLength(2); // two processes of one name
  world.processes = [web(4, { status: "waiting" })];
  await world.engine.tick();
  expect(told(world.book.active())).toMatchObject([[4, 1, "Ended with exit code 1. PM2 starts it again.", null]]);
  expect(world.book.settled()).toMatchObject([
    { process: { pmId: 3 }, status: "removed", reason: expect.stringContaining("a newer incident tells") as string },
  ]);
});
