import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { AppError } from "../../../lib/app-error.ts";
import { addTask, createWorld, live, provider, type ChiefLife, type ChiefWorld } from "./testing/chief-world.ts";

const noCommit = new AppError("invalid_request", "The repository /srv/new has no commit yet", {
  hint: "Make the first commit, or choose no isolation.",
  issues: [{ path: "body.isolation", message: "has no commit yet" }],
});

let world: ChiefWorld;
let life: ChiefLife;

beforeEach(async () => {
  world = createWorld();
  life = await live(world);
});

afterEach(() => life.end());

/** Time goes on, and all tasks are looked at. */
async function later(): Promise<void> {
  world.now += 3_600_000;
  await life.chief.evaluate();
  await life.quiet();
}

const tries = (id: string): number =>
  world.decisions.filter(({ taskId, code }) => taskId === id && code === "chosen").length;

describe("a task that cannot be started", () => {
  it("waits for the user with the reason and what to do, and is not tried again by itself", async () => {
    world.refusal = noCommit;
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    const text =
      "It could not be started: The repository /srv/new has no commit yet. Make the first commit, or choose no isolation.";
    expect(life.tasks.get(id)).toMatchObject({ state: "failed", runs: [], reason: { code: "ended", text } });
    expect(world.notices).toEqual([
      expect.objectContaining({ title: "One needs you", message: text, needsYou: true, link: `/agents/tasks/${id}` }),
    ]);
    await later();
    expect(tries(id)).toBe(1);
    world.refusal = null;
    await life.tasks.move(id, { state: "ready", before: null }, "you");
    await life.quiet();
    expect(life.tasks.get(id).state).toBe("running");
  });

  it("needs the user, too, when what it is to be isolated with is missing", async () => {
    world.refusal = new AppError("invalid_request", "Sandboxes cannot be made on this machine", {
      hint: "Install bubblewrap.",
      issues: [{ path: "body.isolation", message: "Install bubblewrap." }],
    });
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    expect(life.tasks.get(id).state).toBe("failed");
    expect(life.tasks.get(id).reason.text).toContain("Install bubblewrap.");
    const told = { code: "invalid_request", hint: "Install bubblewrap." };
    await expect(life.chief.startNow(id)).rejects.toMatchObject(told);
  });

  it("needs the user, too, when what it is given is too large", async () => {
    world.refusal = new AppError("too_large", "What was sent is larger than 16 MiB", { hint: "Shorten the text." });
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "failed", reason: { code: "ended" } });
    expect(life.tasks.get(id).reason.text).toContain("What was sent is larger than 16 MiB. Shorten the text.");
  });

  it("is tried again while that may help, as often as runs may fail, then the user is asked", async () => {
    world.refusal = new AppError("internal", "The disk has a bad day");
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "ready", reason: { text: "The disk has a bad day." } });
    for (let round = 0; round < 8; round += 1) await later();
    expect(tries(id)).toBe(life.chief.settings().recovery.maxRuns);
    expect(life.tasks.get(id)).toMatchObject({ state: "failed", reason: { code: "loop-guard" } });
    expect(world.notices.map(({ title }) => title)).toEqual(["One needs you"]);
  });

  it("waits on for what ends by itself", async () => {
    world.refusal = new AppError("rate_limited", "Nothing more may be used today");
    const { id } = await addTask(life.tasks, { title: "One" });
    for (let round = 0; round < 8; round += 1) await later();
    expect(life.tasks.get(id)).toMatchObject({ state: "ready", reason: { code: "limit" } });
    expect(world.notices).toEqual([]);
  });

  it("is given to somebody whose price is known when it may cost only so much, also by its automation", async () => {
    world.providers = [provider("dear", { isCostKnown: () => false }), provider("counted")];
    const limits = { costUsd: 1, tokens: null, turns: null, minutes: null };
    const own = await addTask(life.tasks, { title: "One", budget: limits });
    await life.quiet();
    world.automationBudget = limits;
    const ofAutomation = await addTask(life.tasks, { title: "Two" }, { kind: "automation", id: "nightly" });
    await life.quiet();
    const asked = [own, ofAutomation].map(({ id }) => {
      const run = [...world.runs.values()].find(({ source }) => source.id === id);
      return run?.attempts[0]?.providerId;
    });
    expect(asked).toEqual(["counted", "counted"]);
  });

  it("is what it was when the user tried to start it", async () => {
    await life.chief.put({ ...life.chief.settings(), isOn: false });
    world.refusal = noCommit;
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.tasks.move(id, { state: "draft", before: null }, "you");
    await expect(life.chief.startNow(id)).rejects.toThrow(noCommit.message);
    expect(life.tasks.get(id)).toMatchObject({ state: "draft", runs: [], reason: { code: "draft" } });
  });

  it("keeps no other task from being started, whatever goes wrong", async () => {
    world.refusal = new TypeError("x is not a function");
    const first = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    world.refusal = null;
    const second = await addTask(life.tasks, { title: "Two" });
    await life.quiet();
    expect(life.tasks.get(first.id).reason.text).toContain("Something went wrong inside PortOS");
    expect(life.tasks.get(second.id).state).toBe("running");
  });

  it("says so when the files given along make its prompt too long", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portos-chief-"));
    world.folder = folder;
    const names = Array.from({ length: 20 }, (_, index) => `${index}.txt`);
    for (const name of names) await writeFile(join(folder, name), "x".repeat(60_000));
    const { id } = await addTask(life.tasks, {
      title: "One",
      appId: "shop",
      attachments: names.map((path) => ({ kind: "file" as const, path })),
    });
    await expect.poll(() => life.tasks.get(id).state, { timeout: 20_000 }).toBe("failed");
    expect(life.tasks.get(id).reason.text).toContain("Shorten its instructions, or give fewer files along.");
    await rm(folder, { recursive: true });
  });
});
