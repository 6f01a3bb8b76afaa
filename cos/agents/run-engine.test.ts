import { rename } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import type { RunTarget } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import { isOpen } from "./store/run-record.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { done, engineWorlds, later, refuse, settled } from "./testing/engine-world.ts";
import { newRecord } from "./testing/run-records.ts";
import { cliTarget } from "./testing/test-runs.ts";
import { noUsage } from "./usage.ts";

const createWorld = engineWorlds(useTemporaryFolders());

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
      void engine.stop(id, "Stopped by Ada");
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
  [
    "with a session of its agent",
    "session",
    "resume",
    /^You were interrupted\.[^]*nobody has answered it: ask again\.$/,
  ],
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
  const asked = (await engine.get(id)).attempts.map(({ reason }) => reason);
  expect(asked).toEqual(["r", "Goes on after an interruption", "Follow-up message"]);
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
