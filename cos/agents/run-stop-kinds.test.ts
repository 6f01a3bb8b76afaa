import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import type { Run, StopKind } from "../../contract/features/runs.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import type { RunRecord } from "./store/run-record.ts";
import type { RunStore } from "./store/run-store.ts";
import { engineWorlds } from "./testing/engine-world.ts";
import { newRecord } from "./testing/run-records.ts";
import { cliTarget } from "./testing/test-runs.ts";
import { noUsage } from "./usage.ts";

const createWorld = engineWorlds(useTemporaryFolders());

const spent = "budget of $1.00 is used up: $1.10 were spent";
const asked = [
  ["user", "Stopped by Ada", "Stopped by Ada", "cancelled", "cancelled"],
  ["panic", "Everything was stopped by Ada", "Everything was stopped by Ada", "cancelled", "cancelled"],
  ["day-budget", `Today's ${spent}`, `Stopped: today's ${spent}.`, "failed", "budget"],
  ["automation-budget", `The ${spent}`, `Stopped: the ${spent}.`, "failed", "budget"],
] as const;

async function kept(store: RunStore, id: string): Promise<RunRecord["stop"] | undefined> {
  return (await store.read(id))?.stop;
}

describe("a run that is stopped", () => {
  it.each(asked)("by %s says so and asks nobody else", async (kind, reason, message, state, failure) => {
    const world = await createWorld();
    const { engine, store, start, until, given } = world;
    world.hasOthers = true;
    world.act = () => null;
    const { id } = await start("task", { targets: [cliTarget(), cliTarget({ providerId: "other" })] });
    await until(id, "running");
    await engine.stop(id, reason, kind);
    expect(await kept(store, id)).toEqual({ kind, message });
    await until(id, state);
    expect(await engine.get(id)).toMatchObject({ failure, message, attempts: [{ failure, message, stoppedBy: kind }] });
    expect(given).toEqual(["task"]);
  });

  it.each(asked)(
    "by %s ends the same way while it waits for its turn",
    async (kind, reason, message, state, failure) => {
      const world = await createWorld(1);
      const { engine, start, until } = world;
      world.act = () => null;
      await until((await start("first")).id, "running");
      const { id } = await start("second");
      await engine.stop(id, reason, kind);
      expect(await engine.get(id)).toMatchObject({ state, failure, message, attempts: [] });
    },
  );

  it("by its own budget ends like one that is stopped by another", async () => {
    const world = await createWorld();
    const { engine, store, start, until } = world;
    world.hasOthers = true;
    world.act = ({ sink }) => {
      sink.usage({ ...noUsage, inputTokens: 10, outputTokens: 10, turns: 1 });
      return { failure: "transport", message: "Cut off", canContinue: true };
    };
    const budget = { costUsd: null, tokens: 5, turns: null, minutes: null };
    const { id } = await start("task", { budget, targets: [cliTarget(), cliTarget({ providerId: "other" })] });
    await until(id, "failed");
    const message = "Stopped: the run's budget of 5 tokens is used up: 20 were used.";
    expect(await engine.get(id)).toMatchObject({
      failure: "budget",
      message,
      attempts: [{ failure: "budget", message }],
    });
    await vi.waitUntil(() => engine.openCount === 0);
    expect(await kept(store, id)).toEqual({ kind: "run-budget", message });
  });

  it("that is done when its last words go over its budget says so, and is done", async () => {
    const world = await createWorld();
    const { engine, start, until } = world;
    world.act = ({ sink }) => {
      sink.usage({ ...noUsage, inputTokens: 100, outputTokens: 20, turns: 1 });
      return { failure: null, message: null, canContinue: true };
    };
    const { id } = await start("task", { budget: { costUsd: null, tokens: 50, turns: null, minutes: null } });
    await until(id, "succeeded");
    const message = "The run's budget of 50 tokens is used up: 120 were used.";
    expect(await engine.get(id)).toMatchObject({ message, failure: null, attempts: [{ failure: null }] });
    const { events } = await engine.events(id, 0, 100);
    expect(events.filter(({ body }) => JSON.stringify(body).includes("is used up"))).toMatchObject([
      { body: { kind: "state", state: "succeeded", message } },
    ]);
  });

  it("names whose budget it was when a limit is not its own", async () => {
    const world = await createWorld();
    const { engine, start, until } = world;
    world.act = ({ sink }) => {
      sink.usage({ ...noUsage, inputTokens: 10, outputTokens: 10, turns: 1, costUsd: 0.5 });
      return { failure: "transport", message: "Cut off", canContinue: true };
    };
    const budget = { costUsd: 0.25, tokens: null, turns: null, minutes: null };
    const limitNames = { costUsd: "What was left of the budget of $1.00 a day of the automation Nightly" };
    const { id } = await start("task", { budget, limitNames });
    await until(id, "failed");
    const message =
      "Stopped: what was left of the budget of $1.00 a day of the automation Nightly is used up: $0.50 were spent.";
    expect(await engine.get(id)).toMatchObject({ failure: "budget", message });
  });

  it("goes on when it is told more, and nothing is left of the stop", async () => {
    const world = await createWorld();
    const { engine, store, start, until } = world;
    world.act = () => null;
    const { id } = await start("task");
    await until(id, "running");
    await engine.stop(id, "Today's budget is used up", "day-budget");
    await vi.waitUntil(() => engine.openCount === 0);
    world.act = () => ({ failure: null, message: null, canContinue: true });
    await engine.say(id, "go on", [cliTarget()]);
    await until(id, "succeeded");
    expect(await kept(store, id)).toBeNull();
  });
});

const cut: Run["attempts"][number] = {
  number: 1,
  providerId: "fake",
  providerName: "Fake",
  providerType: "cli",
  model: null,
  reason: "First choice",
  startedAt: "2026-11-20T12:00:00.000Z",
  endedAt: null,
  failure: null,
  message: null,
  usage: noUsage,
};
const ended = { ...cut, endedAt: "2026-11-20T12:01:00.000Z" };

describe("a run that was being stopped when portos-cos was killed", () => {
  it.each([
    ["user", "cancelled", "cancelled", "cancelled"],
    ["panic", "cancelled", "cancelled", "cancelled"],
    ["run-budget", "failed", "budget", "budget"],
    ["day-budget", "failed", "budget", "budget"],
    ["automation-budget", "failed", "budget", "budget"],
    ["shutdown", "interrupted", null, "crashed"],
  ] as const)("by %s ends as it would have", async (kind, state, failure, ofAttempt) => {
    const world = await createWorld();
    const { engine, store, given } = world;
    world.hasOthers = true;
    const record = { ...newRecord(1, { state: "running", attempts: [{ ...cut }] }), stop: { kind, message: "Why" } };
    await store.create({ ...record, turn: { text: null, firstAttempt: 1 } }, "task", []);
    await engine.recover([record.run.id]);
    const run = await engine.get(record.run.id);
    expect(run).toMatchObject({
      state,
      failure,
      message: "Why",
      attempts: [{ failure: ofAttempt, message: "Why", stoppedBy: kind }],
    });
    expect(given).toEqual([]);
  });

  it("is stopped at last when its program is still there", async () => {
    const world = await createWorld();
    const { engine, store, until } = world;
    world.foundEnd = { failure: "crashed", message: "It was killed", canContinue: false };
    const stop = { kind: "day-budget" as const, message: "Stopped: today's budget is used up." };
    const record = { ...newRecord(1, { state: "running", attempts: [{ ...cut }] }), stop };
    await store.create(record, "task", []);
    await engine.recover([record.run.id]);
    await until(record.run.id, "failed");
    expect(await engine.get(record.run.id)).toMatchObject({ failure: "budget", message: stop.message });
  });

  it.each([
    ["by its own budget, which its last words used up", "run-budget", "headless", "succeeded"],
    ["after a model had said all of its answer", "day-budget", "api", "succeeded"],
    ["after a program had ended well", "day-budget", "headless", "failed"],
  ] as const)("is what it would have been %s", async (_case, kind, engineKind, state) => {
    const { engine, store } = await createWorld();
    const record = newRecord(1, { state: "running", attempts: [{ ...ended }] });
    const stop = { kind, message: "Stopped: the budget is used up." };
    await store.create({ ...record, engine: engineKind, stop }, "task", []);
    await engine.recover([record.run.id]);
    const message = state === "succeeded" ? "The budget is used up." : stop.message;
    expect(await engine.get(record.run.id)).toMatchObject({ state, message });
  });

  it.each([
    ["Enough", "cancelled", "Enough"],
    [null, "interrupted", expect.stringContaining("went away") as string],
  ])("is read as it was written before it was kept who stopped it: %s", async (stopReason, state, message) => {
    const { engine, store } = await createWorld();
    const record = newRecord(1, { state: "running", attempts: [{ ...cut }] });
    await store.create(record, "task", []);
    const file = join(store.folderOf(record.run.id), "record.json");
    const { stop: _stop, ...old } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...old, stopReason }));
    await engine.recover([record.run.id]);
    expect(await engine.get(record.run.id)).toMatchObject({ state, message });
    const after = JSON.parse(await readFile(file, "utf8")) as { stop: { kind: StopKind } | null };
    expect(after.stop?.kind ?? null).toBe(stopReason === null ? null : "user");
  });
});
