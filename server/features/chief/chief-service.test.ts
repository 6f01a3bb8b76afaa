import { describe, expect, it } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import {
  addTask,
  createWorld,
  happen,
  live,
  provider,
  type ChiefLife,
  type ChiefWorld,
} from "./testing/chief-world.ts";

const stateOf = (life: ChiefLife, id: string): string => life.tasks.get(id).state;
const openRuns = (world: ChiefWorld): Run[] => [...world.runs.values()].filter(({ state }) => isOpenState(state));
const only = <T>(list: readonly T[]): T => {
  expect(list).toHaveLength(1);
  const [one] = list;
  if (one === undefined) throw new Error("There is none");
  return one;
};

describe("the chief of staff", () => {
  it("starts nothing while it is off, and says so on the task", async () => {
    const world = createWorld();
    const life = await live(world);
    await life.chief.put({ ...life.chief.state().settings, isOn: false });
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    expect(world.started).toEqual([]);
    expect(life.tasks.get(id).reason).toMatchObject({ code: "off" });
    await life.chief.put({ ...life.chief.state().settings, isOn: true });
    await life.quiet();
    expect(stateOf(life, id)).toBe("running");
    await life.end();
  });

  it("writes what it says of many tasks at once", async () => {
    const world = createWorld();
    world.isEngineUp = false;
    const life = await live(world);
    for (let number = 1; number <= 30; number += 1) await addTask(life.tasks, { title: `Task ${number}` });
    await life.quiet();
    world.providers = [];
    world.isEngineUp = true;
    const before = { steps: life.steps(), told: world.decisions.length };
    await life.chief.evaluate();
    const told = world.decisions.slice(before.told);
    expect(told.map(({ code }) => code)).toEqual(told.map(() => "provider"));
    expect(new Set(told.map(({ taskId }) => taskId)).size).toBe(30);
    // One write, seen at its begin and its end, and the rows of the history.
    expect(life.steps() - before.steps).toBe(2 + 30);
    await life.end();
  });

  it("follows a task from its start over a question to its end", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, {
      title: "One",
      instructions: "Do it",
      budget: { costUsd: 5, tokens: null, turns: null, minutes: null },
    });
    await life.quiet();
    const run = only(openRuns(world));
    expect(run).toMatchObject({
      source: { kind: "task", id },
      title: "One",
      budget: { costUsd: 5 },
      permissionMode: "ask-writes",
    });
    happen(world, run.id, { state: "waiting", message: "Asks: Write a.txt" }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "waiting", reason: { code: "asks", text: "Asks: Write a.txt" } });
    happen(world, run.id, { state: "running", message: null }, life.chief);
    happen(world, run.id, { state: "succeeded" }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "done", reason: { text: "Done by Claude." } });
    expect(world.decisions.map(({ code }) => code)).toEqual(["chosen", "running", "asks", "ended"]);
    expect(world.decisions[0]?.detail).toBe("All alike");
    expect(world.notices.map(({ title }) => title)).toEqual(["One is done"]);
    await life.end();
  });

  it("writes an end once, however often it is told", async () => {
    const world = createWorld();
    const life = await live(world);
    await addTask(life.tasks, { title: "One" });
    await life.quiet();
    const run = only(openRuns(world));
    const ended = happen(world, run.id, { state: "failed", failure: "transport", message: "Lost" }, life.chief);
    for (let times = 0; times < 5; times += 1) life.chief.hear(ended);
    await life.quiet();
    life.chief.hear(ended);
    await life.quiet();
    expect(world.decisions.filter(({ code }) => code === "cool-down")).toHaveLength(1);
    const task = only(life.tasks.list());
    expect(task.runs).toEqual([expect.objectContaining({ runId: run.id, recovery: "retry" })]);
    expect(task.notBefore).toBe(new Date(world.now + 60_000 - 1 + 1).toISOString());
    await life.end();
  });

  it("keeps to its limits and starts the next one when a slot is free", async () => {
    const world = createWorld();
    const life = await live(world);
    const { settings } = life.chief.state();
    await life.chief.put({ ...settings, limits: { total: 2, perApp: 2, perProvider: 2 } });
    for (const title of ["One", "Two", "Three"]) await addTask(life.tasks, { title });
    await life.quiet();
    expect(openRuns(world).map(({ title }) => title)).toEqual(["One", "Two"]);
    const third = life.tasks.list().find(({ title }) => title === "Three");
    expect(third?.reason).toMatchObject({ code: "slot", text: "Waits for a free slot: 2 of 2 runs are going on." });
    expect(life.chief.state().next.text).toBe('"Three" starts when a slot is free.');
    const [first] = openRuns(world);
    // Who waits for an answer keeps no slot.
    happen(world, first?.id ?? "", { state: "waiting", message: "Asks" }, life.chief);
    await life.quiet();
    expect(openRuns(world).map(({ title }) => title)).toEqual(["One", "Two", "Three"]);
    await life.end();
  });

  it("asks somebody else after the same failure twice, and gives up in the end, asking the user", async () => {
    const world = createWorld();
    world.providers = [provider("claude"), provider("codex")];
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    const asked: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      await life.quiet();
      const [run] = openRuns(world);
      if (!run) break;
      asked.push(run.attempts[0]?.providerId ?? "");
      happen(world, run.id, { state: "failed", failure: "crashed", message: "It broke" }, life.chief);
      await life.quiet();
      world.now += 3_600_000;
      await life.chief.evaluate();
    }
    expect(asked).toEqual(["claude", "claude", "codex", "codex"]);
    expect(life.tasks.get(id)).toMatchObject({ state: "failed", reason: { code: "ended" } });
    expect(life.tasks.get(id).runs.map(({ recovery }) => recovery)).toEqual(["retry", "fallback", "retry", "ask"]);
    const notice = world.notices.at(-1);
    expect(notice).toMatchObject({ title: "One needs you", needsYou: true });
    expect(notice?.message).toContain("Tried: Claude (crashed), Claude (crashed), Codex (crashed), Codex (crashed)");
    await life.end();
  });

  it("waits for a limit until its time", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    const run = only(openRuns(world));
    const backAt = new Date(world.now + 9_000_000);
    const attempts = run.attempts.map((attempt) => ({
      ...attempt,
      failure: "usage-limit" as const,
      backAt: backAt.toISOString(),
    }));
    happen(world, run.id, { state: "failed", failure: "usage-limit", attempts }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({
      state: "ready",
      notBefore: backAt.toISOString(),
      reason: { code: "limit", text: "Claude is limited until 14:30.", until: backAt.toISOString() },
    });
    world.now = backAt.getTime();
    await life.chief.evaluate();
    expect(openRuns(world)).toHaveLength(1);
    await life.end();
  });

  it("splits what used up its budget into a draft and asks", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "Big" });
    await life.quiet();
    happen(
      world,
      only(openRuns(world)).id,
      { state: "failed", failure: "budget", message: "The budget of $1 is used up" },
      life.chief,
    );
    await life.quiet();
    expect(stateOf(life, id)).toBe("failed");
    const draft = only(life.tasks.list().filter(({ source }) => source.kind === "task"));
    expect(draft).toMatchObject({ state: "draft", title: "What is left of: Big", source: { kind: "task", id } });
    await life.end();
  });

  it("goes on with an interrupted run where it was", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    const run = only(openRuns(world));
    happen(
      world,
      run.id,
      { state: "interrupted", failure: "crashed", canContinue: true, message: "The machine went away" },
      life.chief,
    );
    await life.quiet();
    expect(stateOf(life, id)).toBe("ready");
    world.now += 61_000;
    await life.chief.evaluate();
    await life.quiet();
    expect(world.runs.size).toBe(1);
    expect(only(openRuns(world)).id).toBe(run.id);
    world.now += 1_000;
    happen(world, run.id, { state: "succeeded" }, life.chief);
    await life.quiet();
    expect(stateOf(life, id)).toBe("done");
    expect(world.mostAtOnce).toBe(1);
    await life.end();
  });

  it("stops everything, starts nothing meanwhile, and leaves what it stopped to the user", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    const panic = await life.panic.panic("Ada");
    expect(panic).toMatchObject({ isOn: true, by: "Ada", stoppedRuns: 1 });
    await life.quiet();
    expect(openRuns(world)).toEqual([]);
    expect(life.tasks.get(id)).toMatchObject({ state: "draft" });
    const other = await addTask(life.tasks, { title: "Two" });
    await life.quiet();
    expect(life.tasks.get(other.id).reason.code).toBe("panic");
    await expect(life.chief.startNow(other.id)).rejects.toMatchObject({
      code: "conflict",
      message: "Everything is stopped by Ada",
    });
    await life.end();
    const next = await live(world);
    await next.quiet();
    expect(openRuns(world)).toEqual([]);
    await next.panic.calm();
    await next.quiet();
    expect(openRuns(world).map(({ title }) => title)).toEqual(["Two"]);
    await next.end();
  });

  it("stops at the budget of the day, and goes on with the task on the next day", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    world.dayBudget = "Today's budget of $1.00 is used up: $1.01 were spent";
    await life.chief.stopRuns("day-budget", world.dayBudget);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "ready", reason: { code: "budget" } });
    expect(life.tasks.get(id).reason.text).toBe("Today's budget of $1.00 is used up: $1.01 were spent.");
    await expect(life.chief.startNow(id)).rejects.toMatchObject({ code: "rate_limited" });
    world.dayBudget = null;
    world.now += 24 * 3_600_000;
    await life.chief.evaluate();
    expect(openRuns(world)).toHaveLength(1);
    await life.end();
  });

  it("does as the user says: starts at once, leaves alone what was cancelled", async () => {
    const world = createWorld();
    const life = await live(world);
    await life.chief.put({ ...life.chief.state().settings, isOn: false });
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.chief.startNow(id);
    expect(stateOf(life, id)).toBe("running");
    await expect(life.chief.startNow(id)).rejects.toMatchObject({ code: "conflict" });
    await life.tasks.cancel(id, "Ada");
    await life.quiet();
    expect(openRuns(world)).toEqual([]);
    expect(life.tasks.get(id)).toMatchObject({ state: "cancelled", reason: { text: "Cancelled by Ada." } });
    await life.end();
  });

  it("takes the user's judgement over, and its taking back", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One", needsReview: true });
    await life.quiet();
    const run = only(openRuns(world));
    happen(world, run.id, { state: "succeeded" }, life.chief);
    await life.quiet();
    expect(stateOf(life, id)).toBe("review");
    await life.chief.reviewed(run.id, "merged", "Ada");
    expect(life.tasks.get(id)).toMatchObject({ state: "done", review: { outcome: "merged", by: "Ada" } });
    await life.chief.reviewed(run.id, "open", "Ada");
    expect(life.tasks.get(id)).toMatchObject({ state: "review", review: null });
    // A follow-up message: the run goes on, and so does the task.
    happen(world, run.id, { state: "running" }, life.chief);
    await life.quiet();
    expect(stateOf(life, id)).toBe("running");
    world.now += 1_000;
    happen(world, run.id, { state: "succeeded" }, life.chief);
    await life.quiet();
    expect(stateOf(life, id)).toBe("review");
    await life.end();
  });

  it("leaves a task that was made ready again, or ended by hand, as it is when its older work is judged", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One", needsReview: true });
    await life.quiet();
    const run = only(openRuns(world));
    happen(world, run.id, { state: "succeeded" }, life.chief);
    await life.quiet();
    await life.chief.put({ ...life.chief.settings(), isOn: false });
    await life.tasks.move(id, { state: "ready", before: null }, "Ada");
    for (const outcome of ["discarded", "merged"] as const) {
      await life.chief.reviewed(run.id, outcome, "Ada");
      expect(life.tasks.get(id)).toMatchObject({ state: "ready", endedAt: null, review: { outcome } });
    }
    await life.tasks.move(id, { state: "draft", before: null }, "Ada");
    await life.tasks.move(id, { state: "done", before: null }, "Ada");
    await life.chief.reviewed(run.id, "discarded", "Ada");
    expect(stateOf(life, id)).toBe("done");
    await life.end();
  });

  it("finds its tasks again when what it remembered is lost", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "Goes on" });
    const other = await addTask(life.tasks, { title: "Is gone" });
    await life.quiet();
    expect(openRuns(world)).toHaveLength(2);
    const gone = life.tasks.get(other.id).runs.at(-1)?.runId ?? "";
    await life.end();
    world.files.delete("records");
    world.runs.delete(gone);
    const next = await live(world);
    await next.quiet();
    expect(openRuns(world).map(({ title }) => title)).toEqual(["Goes on", "Is gone"]);
    expect(world.started).toHaveLength(3);
    for (const run of openRuns(world)) happen(world, run.id, { state: "succeeded" }, next.chief);
    await next.quiet();
    expect([id, other.id].map((one) => stateOf(next, one))).toEqual(["done", "done"]);
    await next.end();
  });

  it("keeps what it has begun while portos-cos is away, and does not begin anything", async () => {
    const world = createWorld();
    world.isEngineUp = false;
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    expect(life.tasks.get(id).reason).toMatchObject({
      code: "slot",
      text: expect.stringContaining("portos-cos") as string,
    });
    world.isEngineUp = true;
    life.chief.engineChanged(true);
    await life.quiet();
    expect(stateOf(life, id)).toBe("running");
    await life.end();
  });
});

/** Two tasks, the second fails once: everything the chief of staff does happens. */
async function work(world: ChiefWorld, life: ChiefLife): Promise<void> {
  await life.quiet();
  for (const run of openRuns(world)) {
    const hasFailed = [...world.runs.values()].some(({ failure }) => failure !== null);
    const isBad = run.title === "Bad" && !hasFailed;
    happen(
      world,
      run.id,
      isBad ? { state: "failed", failure: "transport", message: "Lost" } : { state: "succeeded" },
      life.chief,
    );
  }
  await life.quiet();
}

async function killedAt(diesAt: number): Promise<number> {
  const world = createWorld();
  const setUp = await live(world);
  await setUp.chief.put({ ...setUp.chief.state().settings, isOn: false });
  await addTask(setUp.tasks, { title: "Good" });
  await addTask(setUp.tasks, { title: "Bad" });
  await setUp.quiet();
  await setUp.end();
  world.files.delete("chief");

  const first = await live(world, diesAt);
  await work(world, first);
  const steps = first.isDead() ? Infinity : first.steps();
  await first.end();

  const second = await live(world);
  for (let round = 0; round < 4; round += 1) {
    await work(world, second);
    world.now += 120_000;
    await second.chief.evaluate();
  }
  const states = second.tasks.list().map(({ title, state, runs }) => [title, state, runs.length]);
  expect(states, `killed at ${diesAt}`).toEqual([
    ["Good", "done", 1],
    ["Bad", "done", 2],
  ]);
  expect(world.started, `killed at ${diesAt}`).toHaveLength(3);
  expect(world.mostAtOnce).toBe(1);
  await second.end();
  return steps;
}

describe("portos-server killed at any moment", () => {
  it("starts nothing twice and leaves nothing lying", { timeout: 60_000 }, async () => {
    const atOnce = 16;
    let total = Infinity;
    for (let diesAt = 1; diesAt < total; diesAt += atOnce) {
      const all = await Promise.all(Array.from({ length: atOnce }, (_, index) => killedAt(diesAt + index)));
      total = Math.min(total, ...all);
    }
    expect(total).toBeGreaterThan(30);
  });
});
