import { rename } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, describe, expect, it, vi } from "vitest";

import type { RunsMessage, RunSpec, RunTarget } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import { systemClock } from "../../lib/clock.ts";
import { createLogger, silentLogger, type Logger } from "../../lib/logger.ts";
import { noOwnFolders } from "../../lib/own-folders.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import type { AttemptEnd, AttemptTask } from "./attempt.ts";
import { RunEngine } from "./run-engine.ts";
import { isOpen } from "./store/run-record.ts";
import { RunStore } from "./store/run-store.ts";
import { newRecord } from "./testing/run-records.ts";
import { cliTarget, defaults } from "./testing/test-runs.ts";
import { noUsage } from "./usage.ts";

const newFolder = useTemporaryFolders();
const done: AttemptEnd = { failure: null, message: null, canContinue: true };

const opened: { engine: RunEngine; store: RunStore }[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const { engine, store } of opened.splice(0)) {
    await engine.interruptAll("The test is over");
    await engine.close();
    await store.close();
  }
});

const nothing = (): void => undefined;
const refuse = () => Promise.reject(new AppError("disk_full", "The disk is full: nothing was changed."));

/** Whatever can happen by itself has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = nothing;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return {
    promise,
    resolve: (value) => {
      resolve(value);
    },
  };
}

/** An engine whose agents have a session and do what `act` says; they work until they are stopped unless it says otherwise. */
async function createWorld(limit = 4, logger: Logger = silentLogger) {
  const folder = await newFolder();
  const store = new RunStore({ directory: join(folder, "runs"), clock: systemClock, logger: silentLogger });
  const given: string[] = [];
  const tidied: string[] = [];
  const messages: RunsMessage[] = [];
  const world = {
    act: (_task: AttemptTask): AttemptEnd | null => done,
    /** How a child ends that is found again. */
    foundEnd: null as AttemptEnd | null,
    hasOthers: false,
  };
  let held: Promise<void> = Promise.resolve();
  const engine = new RunEngine({
    store,
    clock: systemClock,
    logger,
    refreshSecrets: () => Promise.resolve(),
    limits: { total: limit, perApp: limit, perProvider: limit },
    mayFallBack: () => world.hasOthers,
    isolation: {
      own: noOwnFolders,
      check: () => held,
      enter: () => Promise.resolve(null),
      rejoin: () => undefined,
      checkStill: () => undefined,
      left: () => undefined,
    },
    starters: {
      start(task) {
        given.push(task.text);
        task.sink.session("session");
        const end = world.act(task);
        const stopped = later<AttemptEnd>();
        if (end !== null) stopped.resolve(end);
        const stop = (): void => {
          stopped.resolve({ failure: "crashed", message: null, canContinue: true });
        };
        return Promise.resolve({ ended: stopped.promise, stop, release: stop });
      },
      tidy: (record, attempt) => {
        tidied.push(`${record.run.id} ${attempt}`);
        return Promise.resolve();
      },
      adopt: () =>
        Promise.resolve(world.foundEnd && { ended: Promise.resolve(world.foundEnd), stop: nothing, release: nothing }),
    },
  });
  opened.push({ engine, store });
  engine.onMessage((message) => messages.push(structuredClone(message)));
  const start = (text: string, more: Partial<RunSpec> = {}) =>
    engine.start({ ...(defaults(folder) satisfies Omit<RunSpec, "targets">), text, targets: [cliTarget()], ...more });
  const until = (id: string, state: string) =>
    expect.poll(async () => (await engine.get(id)).state, { interval: 2 }).toBe(state);
  const hold = (): (() => void) => {
    const { promise, resolve } = later<null>();
    held = promise.then(() => undefined);
    return () => {
      resolve(null);
    };
  };
  return Object.assign(world, { engine, store, given, tidied, messages, start, until, hold });
}

const other: RunTarget = cliTarget({ providerId: "other" });

describe("runs that go on", () => {
  it("leaves an ended run as it was when nobody can be asked for a follow-up", async () => {
    const { engine, start, until, given } = await createWorld();
    const { id } = await start("task");
    await until(id, "succeeded");
    for (const goOn of [() => engine.say(id, "more", [other]), () => engine.resume(id, [other])])
      await expect(goOn()).rejects.toMatchObject({ code: "conflict" });
    expect(engine.openCount).toBe(0);
    expect(await engine.interruptAll("stop")).toBe(0);
    expect((await engine.get(id)).state).toBe("succeeded");
    expect(given).toEqual(["task"]);
  });

  it("writes no secret of those that are asked into its title, and gives them the prompt as it is", async () => {
    const { engine, start, until, given, messages } = await createWorld();
    const text = "Look up amber-heron-42";
    const targets = [cliTarget({ environment: { SHOP_TOKEN: "amber-heron-42" } })];
    const { id } = await start(text, { title: text, targets });
    await until(id, "succeeded");
    const { items } = await engine.list({ limit: 10 });
    expect(items.map(({ title }) => title)).toEqual(["Look up [redacted]"]);
    expect(JSON.stringify(messages)).not.toContain("amber-heron-42");
    expect(given).toEqual([text]);
  });

  it("resumes only what is interrupted, whoever still shows a button for it", async () => {
    const world = await createWorld();
    const { engine, start, until, given } = world;
    const { id } = await start("task");
    await until(id, "succeeded");
    await vi.waitUntil(() => engine.openCount === 0);
    const message = "This run is not interrupted: it has succeeded";
    await expect(engine.resume(id, [cliTarget()])).rejects.toMatchObject({ code: "conflict", message });
    world.act = () => null;
    await engine.say(id, "more", [cliTarget()]);
    await until(id, "running");
    const goesOn = { code: "conflict", message: "This run goes on already" };
    await expect(engine.resume(id, [cliTarget()])).rejects.toMatchObject(goesOn);
    await engine.stop(id, null);
    await until(id, "cancelled");
    await vi.waitUntil(() => engine.openCount === 0);
    await expect(engine.resume(id, [cliTarget()])).rejects.toMatchObject({ code: "conflict" });
    expect((await engine.get(id)).state).toBe("cancelled");
    expect(given).toEqual(["task", "more"]);
  });

  it("shows a follow-up that nobody was given because a picture of the run is gone, and says it once that is back", async () => {
    const { engine, store, start, until, given } = await createWorld();
    const images = [{ name: "a.png", mediaType: "image/png" as const, data: "aGVsbG8=" }];
    const { id } = await start("task", { images });
    await until(id, "succeeded");
    await rename(join(store.folderOf(id), "images"), join(store.folderOf(id), "images-away"));
    await engine.say(id, "more", [cliTarget()]);
    await until(id, "failed");
    expect((await engine.get(id)).message).toContain('"a.png" is not there any more');
    const { events } = await engine.events(id, 0, 100);
    expect(events.flatMap(({ body }) => (body.kind === "user" ? [body.text] : []))).toEqual(["task", "more"]);
    expect(given).toHaveLength(1);
    const folder = join(store.folderOf(id), "images");
    await vi.waitUntil(() => engine.openCount === 0);
    await engine.say(id, "still gone", [cliTarget()]);
    await until(id, "failed");
    await vi.waitUntil(() => engine.openCount === 0);
    await rename(`${folder}-away`, folder);
    await engine.say(id, "it is back", [cliTarget()]);
    await until(id, "succeeded");
    expect(given.map((text) => text.split("\n").at(0))).toEqual(["task", "more", "still gone", "it is back"]);
    await vi.waitUntil(() => engine.openCount === 0);
    expect((await store.read(id))?.unsaid).toEqual([]);
  });

  it("says a message again that was being said when the run was interrupted", async () => {
    const world = await createWorld();
    const { engine, store, start, until, given } = world;
    const { id } = await start("task");
    await until(id, "succeeded");
    world.act = () => null;
    await engine.say(id, "B", [cliTarget()]);
    await expect.poll(() => given.length).toBe(2);
    await engine.interruptAll("stop");
    const again = [expect.stringMatching(/^You were interrupted\.[^]*may not have reached you:\n\nB$/)];
    expect((await store.read(id))?.unsaid).toEqual(again);
    expect((await store.read(id))?.turn).toBeNull();
  });

  it("tells that its end cannot be written down, tries again, and has ended once the disk takes it", async () => {
    const world = await createWorld();
    const { engine, store, start, given } = world;
    const save = store.save.bind(store);
    let isFull = true;
    store.save = (record) =>
      isFull && !isOpen(record.run)
        ? Promise.reject(new AppError("disk_full", "The disk is full: nothing was changed."))
        : save(record);
    const { id } = await start("task");
    await expect.poll(async () => (await engine.get(id)).endProblem, { timeout: 10_000 }).toContain("The disk is full");
    const refused = await engine.get(id);
    expect(refused.endProblem).toContain("It is over (succeeded)");
    expect(refused).toMatchObject({ endedAt: null, message: refused.endProblem });
    const told = world.messages.findLast((message) => message.kind === "run");
    expect(told).toMatchObject({ run: { endProblem: expect.stringContaining("It is over") as string } });
    expect((await engine.get(id)).state).not.toBe("succeeded");
    await expect(engine.say(id, "more", [cliTarget()])).rejects.toMatchObject({ code: "disk_full" });
    await expect(engine.stop(id, null)).rejects.toMatchObject({ code: "disk_full" });
    isFull = false;
    await expect.poll(async () => (await store.read(id))?.run.state, { timeout: 10_000 }).toBe("succeeded");
    await expect.poll(() => engine.openCount, { timeout: 10_000 }).toBe(0);
    const ended = await engine.get(id);
    expect(ended).toMatchObject({ state: "succeeded", failure: null });
    expect(ended.endProblem).toBeUndefined();
    const { events } = await engine.events(id, 0, 100);
    const ends = events.filter(({ body }) => body.kind === "state" && body.state === "succeeded");
    expect(ends).toHaveLength(1);
    expect(given).toEqual(["task"]);
  });

  it("tries to write its end once at a time however often it is stopped, also after a stop of everything", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { engine, store, start } = await createWorld();
    const save = store.save.bind(store);
    let tried = 0;
    store.save = (record) => {
      if (isOpen(record.run)) return save(record);
      tried += 1;
      return Promise.reject(new Error("no"));
    };
    const { id } = await start("task");
    while ((await engine.get(id)).endProblem === undefined) await new Promise(setImmediate);
    for (let times = 0; times < 3; times += 1) await expect(engine.stop(id, null)).rejects.toThrow("no");
    expect(tried).toBe(4);
    // Each time it waits twice as long.
    vi.advanceTimersByTime(7_000);
    await settled();
    expect(tried).toBe(4);
    await engine.interruptAll("stop");
    vi.advanceTimersByTime(1_000);
    await settled();
    expect(tried).toBe(5);
    store.save = save;
    vi.advanceTimersByTime(16_000);
    await vi.waitUntil(() => engine.openCount === 0);
    expect((await store.read(id))?.run.state).toBe("succeeded");
  });

  it("has ended once its end is on disk, whatever the disk refuses then", async () => {
    const { engine, store, start } = await createWorld();
    const save = store.save.bind(store);
    let endings = 0;
    store.save = (record) => {
      if (!isOpen(record.run)) endings += 1;
      // Its end, and the same once more when it is closed.
      return !isOpen(record.run) && endings !== 2 ? Promise.reject(new Error("no")) : save(record);
    };
    const { id } = await start("task");
    await expect.poll(() => engine.openCount, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => store.openIds(), { timeout: 10_000 }).toEqual([]);
    expect(endings).toBe(3);
    expect((await engine.get(id)).state).toBe("succeeded");
    store.save = save;
    await engine.say(id, "more", [cliTarget()]);
    await expect.poll(() => engine.openCount, { timeout: 10_000 }).toBe(0);
    expect((await engine.get(id)).attempts).toHaveLength(2);
  });

  it("has succeeded with a whole answer of a model, though it is stopped in that moment", async () => {
    const world = await createWorld();
    const { engine, start, until } = world;
    const id = "run-wholeanswer001";
    world.act = () => {
      void engine.stop(id, "Today's budget of $1 is used up");
      return done;
    };
    const model = { ...cliTarget(), providerType: "api", engine: "api", dialect: "openai" } as const;
    const target: RunTarget = { ...model, model: "m", baseUrl: "http://127.0.0.1:9/v1", apiKey: null };
    await start("task", { id, targets: [target] });
    await until(id, "succeeded");
    expect(await engine.get(id)).toMatchObject({ failure: null, attempts: [{ failure: null }] });
  });

  it("ends when its budget is used up by what was done, although a message waits", async () => {
    const world = await createWorld();
    const { engine, start, until, given } = world;
    const id = "run-overbudget0001";
    world.act = ({ sink }) => {
      void engine.say(id, "and now?", [cliTarget()]);
      sink.usage({ ...noUsage, inputTokens: 10, outputTokens: 10, turns: 1 });
      return done;
    };
    await start("task", { id, budget: { costUsd: null, tokens: 5, turns: null, minutes: null } });
    await until(id, "failed");
    expect(await engine.get(id)).toMatchObject({ failure: "budget", attempts: [{ failure: null }] });
    expect(given).toEqual(["task"]);
  });

  it("tells a task once more by a note alone to the session that began with it, before what waits", async () => {
    const world = await createWorld();
    const { engine, store, start, given } = world;
    world.act = () => null;
    const { id } = await start("task");
    const { id: waited } = await start("other task");
    await expect.poll(() => given.length).toBe(2);
    await engine.say(waited, "next", [cliTarget()]);
    await engine.interruptAll("stop");
    expect((await store.read(id))?.unsaid).toEqual([]);
    expect((await store.read(waited))?.unsaid).toEqual([expect.stringMatching(/^You were interrupted/), "next"]);
  });
});

it.each([
  ["with a session of its agent", "session", "resume", /^You were interrupted/],
  ["without one", null, "repeat", /^task\n\nWork on this was begun before/],
] as const)("says itself what it tells an interrupted run %s", async (_case, agentSessionId, speaker, text) => {
  const { engine, store, until } = await createWorld();
  const facts = { number: 1, providerId: "fake", providerName: "Fake", providerType: "cli" as const, model: null };
  const at = "2026-11-20T12:00:00.000Z";
  const ends = { endedAt: at, failure: "crashed" as const, message: null, usage: noUsage };
  const attempts = [{ ...facts, reason: "r", startedAt: at, ...ends }];
  const record = newRecord(1, { state: "interrupted", canContinue: true, agentSessionId, attempts });
  await store.create(record, "task", []);
  const { id } = await engine.resume(record.run.id, [cliTarget()]);
  await until(id, "succeeded");
  await vi.waitUntil(() => engine.openCount === 0);
  await engine.say(id, "And that", [cliTarget()]);
  await until(id, "succeeded");
  const { events } = await engine.events(id, 0, 100);
  const said = events.flatMap(({ body }) => (body.kind === "user" ? [body] : []));
  expect(said).toEqual([
    { kind: "user", speaker, text: expect.stringMatching(text) as string },
    { kind: "user", text: "And that" },
  ]);
});

it("ends a run that is told that nobody else can be asked while it still leaves its slot", async () => {
  const world = await createWorld();
  const { engine, store, until } = world;
  world.foundEnd = { failure: "crashed", message: "It broke", canContinue: false };
  world.hasOthers = true;
  const cut = { number: 1, providerId: "fake", providerName: "Fake", providerType: "cli" as const, model: null };
  const ends = { endedAt: null, failure: null, message: null, usage: noUsage };
  const attempts = [{ ...cut, reason: "r", startedAt: "2026-11-20T12:00:00.000Z", ...ends }];
  const record = newRecord(1, { state: "running", attempts });
  record.turn = { text: "task", firstAttempt: 1 };
  await store.create(record, "task", []);
  const told = later<unknown>();
  engine.onMessage((message) => {
    if (message.kind === "wanting") told.resolve(engine.supply(message.id, [], "Its provider is gone"));
  });
  await engine.recover([record.run.id]);
  expect(await told.promise).toMatchObject({ state: "failed", failure: "crashed", message: "It broke" });
  await until(record.run.id, "failed");
  expect(engine.wanting()).toEqual([]);
});

it("cleans what an attempt left that had ended when portos-cos was killed", async () => {
  const { engine, store, tidied } = await createWorld();
  const attempt = { number: 1, providerId: "fake", providerName: "Fake", providerType: "cli" as const, model: null };
  const at = "2026-11-20T12:00:00.000Z";
  const ends = { startedAt: at, endedAt: at, failure: null, message: null, usage: noUsage };
  const record = newRecord(1, { state: "running", attempts: [{ ...attempt, reason: "r", ...ends }] });
  await store.create(record, "task", []);
  await engine.recover([record.run.id]);
  expect((await engine.get(record.run.id)).state).toBe("succeeded");
  expect(tidied).toEqual([`${record.run.id} 1`]);
});

it("takes up every run that was left although the disk refuses one its end and another its events", async () => {
  const { engine, store } = await createWorld();
  const facts = { providerId: "fake", providerName: "Fake", providerType: "cli" as const, model: null, reason: "r" };
  const ends = { endedAt: null, failure: null, message: null, usage: noUsage };
  const cut = { number: 1, ...facts, startedAt: "2026-11-20T12:00:00.000Z", ...ends };
  const left = [1, 2, 3].map((number) => newRecord(number, { state: "running", attempts: [{ ...cut }] }));
  for (const record of left) await store.create(record, "task", []);
  const [refused = "", unopened = "", fine = ""] = left.map(({ run }) => run.id);
  const [save, openEvents] = [store.save.bind(store), store.openEvents.bind(store)];
  let isFull = true;
  store.save = (record) => (isFull && record.run.id === refused ? refuse() : save(record));
  store.openEvents = (id, onWritten) => (isFull && id === unopened ? refuse() : openEvents(id, onWritten));
  await engine.recover([refused, unopened, fine]);
  expect((await engine.get(fine)).state).toBe("interrupted");
  expect((await engine.get(refused)).endProblem).toContain("The disk is full");
  isFull = false;
  for (const id of [refused, unopened])
    await expect.poll(async () => (await store.read(id))?.run.state, { timeout: 10_000 }).toBe("interrupted");
  await expect.poll(() => engine.openCount, { timeout: 10_000 }).toBe(0);
  expect((await store.read(refused))?.run.attempts).toMatchObject([{ failure: "crashed" }]);
  expect(await store.openIds()).toEqual([]);
});

describe("a stop of everything", () => {
  it("takes nothing up afterwards, neither a start nor a follow-up, until it is plain that nothing was stopped", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { engine, start } = await createWorld();
    const { id } = await start("task");
    await vi.waitUntil(() => engine.openCount === 0);
    await engine.interruptAll("stop");
    const refused = { code: "unavailable" };
    await expect(engine.say(id, "more", [cliTarget()])).rejects.toMatchObject(refused);
    await expect(engine.resume(id, [cliTarget()])).rejects.toMatchObject(refused);
    await expect(start("late")).rejects.toMatchObject(refused);
    expect(engine.openCount).toBe(0);
    vi.advanceTimersByTime(119_000);
    await expect(start("late")).rejects.toMatchObject(refused);
    vi.advanceTimersByTime(1_000);
    await engine.say(id, "more", [cliTarget()]);
    await vi.waitUntil(() => engine.openCount === 0);
    expect((await engine.get(id)).state).toBe("succeeded");
  });

  it("ends those that wait although the disk refuses the ends of others", async () => {
    const world = await createWorld(1);
    const { engine, store, start, until } = world;
    const save = store.save.bind(store);
    const refused = new Set<string>();
    store.save = (record) =>
      refused.has(record.run.id) && !isOpen(record.run) ? Promise.reject(new Error("no")) : save(record);
    const over = await start("over", { id: "run-overbutunwritten1" });
    await until(over.id, "succeeded");
    refused.add(over.id);
    world.act = () => null;
    await engine.say(over.id, "more", [cliTarget()]);
    await until(over.id, "running");
    await engine.stop(over.id, null);
    await expect.poll(async () => (await engine.get(over.id)).endProblem, { timeout: 10_000 }).toContain("cancelled");
    const going = await start("going");
    await until(going.id, "running");
    const waiting = [await start("first"), await start("second")];
    refused.add(waiting[0]?.id ?? "");
    expect(await engine.interruptAll("stop")).toBe(3);
    for (const id of [going.id, waiting[1]?.id ?? ""])
      expect((await store.read(id))?.run).toMatchObject({ state: "interrupted", message: "stop" });
    expect((await engine.get(over.id)).endProblem).toContain("It is over (cancelled)");
    expect((await engine.get(waiting[0]?.id ?? "")).endProblem).toContain("It is over (interrupted)");
    refused.clear();
  });

  it("interrupts a run that was just being started", async () => {
    const { engine, start, hold, given } = await createWorld();
    const goOn = hold();
    const starting = start("task");
    await engine.interruptAll("stop");
    goOn();
    expect(await starting).toMatchObject({ state: "interrupted", canContinue: true, message: "stop" });
    expect([engine.openCount, given]).toEqual([0, []]);
  });
});

it("closes every run although the disk refuses one of them, and tells of that", async () => {
  const lines: string[] = [];
  const world = await createWorld(1, createLogger({ write: (_level, line) => lines.push(line) }));
  const { engine, store, start, until } = world;
  world.act = () => null;
  const going = await start("going");
  await until(going.id, "running");
  const [refused, slow] = [await start("refused"), await start("slow")];
  const save = store.save.bind(store);
  const written: string[] = [];
  store.save = async (record) => {
    if (record.run.id === refused.id) throw new Error("no room");
    if (record.run.id === slow.id) await settled();
    await save(record);
    written.push(record.run.id);
  };
  await engine.close();
  expect(written).toContain(slow.id);
  expect(lines.filter((line) => line.includes("could not be closed"))).toEqual([
    expect.stringContaining(refused.id) as string,
  ]);
  store.save = save;
});

it("still knows a run that was set aside for whoever counts what was used", async () => {
  const { engine, start, until } = await createWorld();
  const { id } = await start("task");
  await until(id, "succeeded");
  await vi.waitUntil(() => engine.openCount === 0);
  await engine.remove(id);
  await expect(engine.get(id)).rejects.toMatchObject({ code: "not_found" });
  expect(await engine.recall(id)).toMatchObject({ id, state: "succeeded" });
  await expect(engine.recall("run-000000000000")).rejects.toMatchObject({ code: "not_found" });
});

it("ends a run once that is stopped in the moment its turn comes", async () => {
  const world = await createWorld(1);
  const { engine, messages, start, until } = world;
  world.act = () => null;
  const first = await start("first");
  await until(first.id, "running");
  const queued = await start("queued");
  // A slot becomes free while the end of the queued one is being written.
  const stopping = engine.stop(queued.id, null);
  engine.setLimits({ total: 2, perApp: 2, perProvider: 2 });
  await Promise.all([stopping, engine.stop(queued.id, null)]);
  expect(await engine.get(queued.id)).toMatchObject({ state: "cancelled", startedAt: null, attempts: [] });
  const ends = messages.flatMap((message) =>
    message.kind === "events" && message.id === queued.id ? message.events : [],
  );
  expect(ends.filter(({ body }) => body.kind === "state" && body.state === "cancelled")).toHaveLength(1);
});
