import { describe, expect, it } from "vitest";

import type { Budget, Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { noUsage } from "../../testing/sample-run.ts";
import { addTask, createWorld, happen, live, type ChiefLife, type ChiefWorld } from "./testing/chief-world.ts";

const byAutomation = { kind: "automation", id: "nightly" } as const;
const dayMs = 86_400_000;

function budget(limits: Partial<Budget>): Budget {
  return { costUsd: null, tokens: null, turns: null, minutes: null, ...limits };
}

async function started(world: ChiefWorld, life: ChiefLife, title: string, source: Task["source"] = byAutomation) {
  const { id } = await addTask(life.tasks, { title }, source);
  await life.quiet();
  return { id, run: runOf(world, id) };
}

function runOf(world: ChiefWorld, taskId: string): Run {
  const run = [...world.runs.values()].findLast(({ source }) => source.id === taskId);
  if (run === undefined) throw new Error(`${taskId} has no run`);
  return run;
}

const spent = (costUsd: number): Partial<Run> => ({ usage: { ...noUsage, costUsd } });

describe("the day's budget of an automation", () => {
  it("counts every run of today, whatever became of its task", async () => {
    const world = createWorld();
    const life = await live(world);
    const used = async (): Promise<number> => (await life.chief.automationUse("nightly")).costUsd;

    const yesterday = await started(world, life, "Yesterday");
    happen(world, yesterday.run.id, { state: "succeeded", ...spent(100) }, life.chief);
    await life.quiet();
    world.now += dayMs;
    expect(await used()).toBe(0);

    const ended = await started(world, life, "Ended");
    happen(world, ended.run.id, { state: "succeeded", ...spent(1) }, life.chief);
    const deleted = await started(world, life, "Deleted");
    happen(world, deleted.run.id, { state: "succeeded", ...spent(2) }, life.chief);
    await life.quiet();
    await life.tasks.remove(deleted.id, "me");
    await life.quiet();
    expect(await used()).toBe(3);

    const split = await started(world, life, "Split");
    happen(world, split.run.id, { state: "failed", failure: "budget", message: "Too much", ...spent(4) }, life.chief);
    await life.quiet();
    const followUp = life.tasks.list().find(({ source }) => source.kind === "task");
    await life.tasks.remove(split.id, "me");
    await life.tasks.move(followUp?.id ?? "", { state: "ready", before: null }, "me");
    await life.quiet();
    const rest = runOf(world, followUp?.id ?? "");
    happen(world, rest.id, { state: "running", ...spent(8) }, life.chief);
    expect(await used()).toBe(15);
    await life.tasks.remove(followUp?.id ?? "", "me");
    await life.quiet();
    expect(await used()).toBe(15);

    const another = await started(world, life, "Of somebody else", { kind: "user", id: "user" });
    happen(world, another.run.id, { state: "succeeded", ...spent(1_000) }, life.chief);
    await life.quiet();
    expect(await used()).toBe(15);
    await life.end();

    const next = await live(world);
    await next.quiet();
    expect((await next.chief.automationUse("nightly")).costUsd).toBe(15);
    await next.end();
  });

  it.each([
    ["on the next day only what it has used since", dayMs, 1],
    ["on the same day all of it", 3_600_000, 5],
  ])("counts of a run that was taken up again %s", async (_when, waitMs, expected) => {
    const world = createWorld();
    const life = await live(world);
    const { id, run } = await started(world, life, "One");
    const cut = { state: "interrupted", failure: "crashed", message: "Cut", canContinue: true } as const;
    happen(world, run.id, { ...cut, ...spent(4) }, life.chief);
    await life.quiet();
    world.now += waitMs;
    await life.chief.evaluate();
    await life.quiet();
    expect(life.tasks.get(id).runs.map(({ runId }) => runId)).toEqual([run.id]);
    happen(world, run.id, { state: "running", ...spent(5) }, life.chief);
    expect((await life.chief.automationUse("nightly")).costUsd).toBe(expected);
    await life.end();
  });

  it("counts a failed run and the one it is tried again with", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id, run } = await started(world, life, "One");
    happen(world, run.id, { state: "failed", failure: "transport", message: "Lost", ...spent(1) }, life.chief);
    await life.quiet();
    world.now += 3_600_000;
    await life.chief.evaluate();
    await life.quiet();
    const second = runOf(world, id);
    expect(second.id).not.toBe(run.id);
    happen(world, second.id, { state: "running", ...spent(2) }, life.chief);
    expect((await life.chief.automationUse("nightly")).costUsd).toBe(3);
    await life.end();
  });

  it("ends what runs when it is used up, and goes on on the next day", async () => {
    const world = createWorld();
    world.automationBudget = budget({ costUsd: 1 });
    const life = await live(world);
    const one = await started(world, life, "One");
    const two = await started(world, life, "Two");
    const free = await started(world, life, "Mine", { kind: "user", id: "user" });
    happen(world, one.run.id, { state: "running", ...spent(0.6) }, life.chief);
    await life.chief.stopOverdrawn();
    expect([one, two].map(({ id }) => life.tasks.get(id).state)).toEqual(["running", "running"]);
    happen(world, two.run.id, { state: "running", ...spent(0.5) }, life.chief);
    await life.chief.stopOverdrawn();
    await life.quiet();
    const text = "The budget of the automation Every night of $1.00 a day is used up: $1.10 today.";
    for (const { id } of [one, two])
      expect(life.tasks.get(id)).toMatchObject({ state: "ready", reason: { code: "budget", text } });
    for (const { run } of [one, two])
      expect(world.runs.get(run.id)).toMatchObject({ state: "failed", failure: "budget" });
    expect(life.tasks.get(free.id).state).toBe("running");

    world.now += 120_000;
    await life.chief.evaluate();
    const { reason } = life.tasks.get(one.id);
    expect(reason).toMatchObject({ code: "budget", text });
    expect(Date.parse(reason.until ?? "")).toBeGreaterThan(world.now);
    await expect(life.chief.startNow(one.id)).rejects.toMatchObject({
      code: "rate_limited",
      message: text.slice(0, -1),
    });

    world.now += dayMs;
    await life.chief.evaluate();
    await life.quiet();
    expect(isOpenState(runOf(world, one.id).state)).toBe(true);
    await life.end();
  });

  it("is waited for, too, when the run ends by what was left of it for itself", async () => {
    const world = createWorld();
    world.automationBudget = budget({ costUsd: 1 });
    const life = await live(world);
    const { id, run } = await started(world, life, "One");
    const message = "Stopped: the budget of $1.00 a day of the automation Every night is used up: $1.10 were spent.";
    happen(world, run.id, { state: "failed", failure: "budget", message, ...spent(1.1) }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "ready", reason: { code: "budget", text: message } });
    expect(life.tasks.list()).toHaveLength(1);
    await life.end();
  });

  it("is the most a further run may use", async () => {
    const world = createWorld();
    world.automationBudget = budget({ costUsd: 1, turns: 50 });
    const life = await live(world);
    const one = await started(world, life, "One");
    happen(world, one.run.id, { state: "succeeded", ...spent(0.4) }, life.chief);
    const { id } = await addTask(life.tasks, { title: "Two", budget: budget({ turns: 20 }) }, byAutomation);
    await life.quiet();
    expect(runOf(world, id).budget).toEqual(budget({ costUsd: 0.6, turns: 20 }));
    await life.end();
  });

  it("lets nothing start while nobody can tell what was used", async () => {
    const world = createWorld();
    world.automationBudget = budget({ costUsd: 1 });
    const life = await live(world);
    await started(world, life, "One");
    world.isEngineUp = false;
    world.runs.clear();
    const { id } = await addTask(life.tasks, { title: "Two" }, byAutomation);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "ready", reason: { code: "budget" } });
    expect(life.tasks.get(id).reason.text).toContain("portos-cos does not answer");
    await life.end();
  });
});
