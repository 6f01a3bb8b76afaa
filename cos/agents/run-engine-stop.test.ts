import { describe, expect, it, vi } from "vitest";

import { createLogger } from "../../lib/logger.ts";
import { isOpen } from "./store/run-record.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { engineWorlds, settled } from "./testing/engine-world.ts";
import { cliTarget } from "./testing/test-runs.ts";

const createWorld = engineWorlds(useTemporaryFolders());

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
