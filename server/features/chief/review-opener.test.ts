import { describe, expect, it } from "vitest";

import { AppError } from "../../../lib/app-error.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import { createReviewOpener } from "./review-opener.ts";
import { addTask, createWorld, happen, live, type ChiefWorld } from "./testing/chief-world.ts";

function runOf(world: ChiefWorld, taskId: string): string {
  return world.started.findLast((one) => one.taskId === taskId)?.runId ?? "";
}

const ended = (endedAt: string) => sampleRun({ id: "run-1", state: "succeeded", endedAt });
const opener = (isReviewOpen: () => boolean) =>
  createReviewOpener({
    hasReview: () => Promise.resolve(true),
    isReviewOpen,
    logger: silentLogger,
    onOpened: () => undefined,
  });

describe("what is found out about the end of a run", () => {
  it("is no review any more when somebody has decided about it before it was asked for", async () => {
    const state = { isOpen: true };
    const reviews = opener(() => state.isOpen);
    const run = ended("2026-05-04T12:00:00.000Z");
    expect(reviews.take(run)).toBeNull();
    await new Promise(setImmediate);
    state.isOpen = false;
    expect(reviews.take(run)).toEqual({ hasReview: false, reviewProblem: null });
  });

  it("is forgotten when the run goes on, and when it has ended again", async () => {
    const reviews = opener(() => true);
    reviews.take(ended("2026-05-04T12:00:00.000Z"));
    await new Promise(setImmediate);
    expect(reviews.isAtWork("run-1")).toBe(true);
    reviews.goesOn("run-1");
    expect(reviews.isAtWork("run-1")).toBe(false);
    reviews.take(ended("2026-05-04T13:00:00.000Z"));
    reviews.take(ended("2026-05-04T14:00:00.000Z"));
    await new Promise(setImmediate);
    expect(reviews.take(ended("2026-05-04T14:00:00.000Z"))).toEqual({ hasReview: true, reviewProblem: null });
    expect(reviews.isAtWork("run-1")).toBe(false);
  });
});

describe("work that takes long to be laid open", () => {
  it("holds up neither the next task nor its slot, and is told when it is done", async () => {
    const world = createWorld();
    const answers: ((hasReview: boolean) => void)[] = [];
    world.review = new Promise((resolve) => {
      answers.push(resolve);
    });
    const life = await live(world);
    await life.chief.put({ ...life.chief.state().settings, limits: { total: 1, perApp: 1, perProvider: 1 } });
    const one = await addTask(life.tasks, { title: "One" });
    const two = await addTask(life.tasks, { title: "Two" });
    await life.quiet();
    expect(life.tasks.get(two.id).state).toBe("ready");
    happen(world, runOf(world, one.id), { state: "succeeded" }, life.chief);
    await life.quiet();
    expect(life.tasks.get(two.id).state).toBe("running");
    expect(life.tasks.get(one.id).state).toBe("running");
    await expect(life.chief.startNow(one.id)).rejects.toMatchObject({ code: "conflict" });
    answers[0]?.(true);
    await life.quiet();
    expect(life.tasks.get(one.id)).toMatchObject({ state: "review", reason: { code: "review" } });
    await life.end();
  });

  it("is laid open again by the next server", async () => {
    const world = createWorld();
    world.review = new Promise(() => undefined);
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    happen(world, runOf(world, id), { state: "succeeded" }, life.chief);
    await life.quiet();
    await life.end();
    world.review = Promise.resolve(true);
    const next = await live(world);
    await next.quiet();
    expect(next.tasks.get(id).state).toBe("review");
    await next.end();
  });

  it("says what git could not tell, and tries again after anything else", async () => {
    const world = createWorld();
    const life = await live(world);
    const { id } = await addTask(life.tasks, { title: "One" });
    await life.quiet();
    const broken = Promise.reject(new Error("Out of luck"));
    broken.catch(() => undefined);
    world.review = broken;
    happen(world, runOf(world, id), { state: "succeeded" }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id).state).toBe("running");
    const refused = Promise.reject(new AppError("conflict", "Its repository cannot be read"));
    refused.catch(() => undefined);
    world.review = refused;
    life.chief.engineChanged(true);
    await life.quiet();
    expect(life.tasks.get(id).state).toBe("review");
    expect(life.tasks.get(id).reason.text).toContain("Its repository cannot be read");
    await life.end();
  });
});
