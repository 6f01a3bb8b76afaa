import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { believe } from "./beliefs.ts";
import { kept, type LearningFile, learningFile, prune } from "./learning-file.ts";
import type { Learning } from "./learning-service.ts";
import { both, createWorld, fix, good, outcome, poor, start } from "./testing/learning-world.ts";

let directory: string;
let store: JsonStore<LearningFile>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-learning-"));
  await open();
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<void> {
  const file = join(directory, "learning.json");
  store = await openJsonStore<LearningFile>({ ...learningFile, file, logger: silentLogger });
}

function learner(): Learning {
  return createWorld().learner(1, store);
}

function weigh() {
  return believe(store.get().outcomes, fix, [good], start)[0]?.chance;
}

describe("what is kept", () => {
  it("an outcome counts once, told again, after a restart, and by two at once", async () => {
    const one = outcome(good, true);
    await Promise.all([learner().record(one), learner().record(one)]);
    await learner().record(one);
    await store.close();
    await open();
    await learner().record(one);
    expect(store.get().outcomes).toHaveLength(1);
    // a run that goes on after its end ends once more: the newer end stands, once
    await learner().record({ ...one, isSuccess: false });
    expect(store.get().outcomes).toMatchObject([{ id: one.id, isSuccess: false }]);
  });

  it("the user's judgement counts twice and goes to whoever did the work", async () => {
    const learning = learner();
    await learning.record(outcome(poor, false, { id: "run-7:poor" }));
    await learning.record(outcome(good, true, { id: "run-7:good" }));
    await learning.record(outcome(good, true, { id: "run-77:good" }));
    expect(weigh()).toEqual({ successes: 3, failures: 1 });
    await learning.feedback("run-7", "discarded");
    expect(weigh()).toEqual({ successes: 2, failures: 3 });
    await learning.feedback("run-7", "merged");
    expect(weigh()).toEqual({ successes: 4, failures: 1 });
    await learning.record(outcome(good, true, { id: "run-7:good" }));
    expect(weigh()).toEqual({ successes: 4, failures: 1 }); // told again, judged still
    await learning.feedback("run-unknown", "discarded");
    expect(weigh()).toEqual({ successes: 4, failures: 1 });
    await learning.feedback("run-7", null); // taken back: what the run itself has shown counts again
    expect(weigh()).toEqual({ successes: 3, failures: 1 });
  });

  it("always and never are obeyed, the word about an app before the one about all", async () => {
    const learning = learner();
    for (let at = 0; at < 30; at += 1) {
      await learning.record(outcome(good, true));
      await learning.record(outcome(poor, false));
    }
    await learning.override({ ...poor, type: "fix", appId: null }, "always");
    expect(await learning.choose(fix, both)).toMatchObject({
      order: [poor, good],
      reason: "POOR · m is always asked for fix, as you said.",
    });
    await learning.override({ ...poor, type: "fix", appId: "blog" }, "never");
    expect((await learning.choose(fix, both)).order).toEqual([good]);
    expect((await learning.choose({ type: "fix", appId: "shop" }, both)).order[0]).toEqual(poor);
    await learning.override({ ...good, type: "fix", appId: "blog" }, "never");
    expect(await learning.choose(fix, both)).toMatchObject({
      order: [],
      reason: "Nobody may be asked: you ruled out everybody for fix.",
    });
    await learning.override({ ...good, type: "fix", appId: "blog" }, null);
    await learning.override({ ...poor, type: "fix", appId: "blog" }, null);
    expect((await learning.choose(fix, both)).order[0]).toEqual(poor);
    expect(store.get().overrides).toHaveLength(1);
  });

  it("what was forgotten comes back, and is not counted again when it is told again", async () => {
    const learning = learner();
    const first = outcome(good, true);
    const docs = outcome(good, true, { type: "docs" });
    for (const one of [first, docs]) await learning.record(one);
    await learning.override({ ...good, type: "fix", appId: null }, "always");
    await learning.reset("fix");
    await learning.record(first);
    expect(store.get().outcomes.map(({ type }) => type)).toEqual(["docs"]);
    expect(store.get().overrides).toHaveLength(1);
    await learning.reset("fix"); // nothing left of it: what can be brought back stays
    const later = outcome(poor, true);
    await learning.record(later);
    await learning.restore();
    expect(store.get().outcomes.map(({ id }) => id)).toEqual([first.id, docs.id, later.id]);
    await learning.reset(null);
    await learning.reset(null);
    expect(learning.list({})).toEqual([]);
    await learning.restore();
    expect(store.get().outcomes).toHaveLength(3);
  });

  it("the file stays small: the newest of each cell, the ids of the others", async () => {
    const many = Array.from({ length: kept.outcomes + 500 }, (_, at) => ({
      ...outcome(good, true, { appId: `app-${String(at % 60)}` }),
      at: new Date(start + at * 1_000).toISOString(),
      verdict: null,
    }));
    const pruned = prune({ ...learningFile.initial, outcomes: many });
    expect(pruned.outcomes).toEqual(many.slice(-kept.outcomes));
    const frequent = prune({ ...learningFile.initial, outcomes: many.map((one) => ({ ...one, appId: "blog" })) });
    expect(frequent.outcomes).toHaveLength(kept.perCell);
    await store.update(() => ({ next: pruned, result: null }));
    const dropped = many[0];
    if (!dropped) throw new Error("no outcome");
    await learner().record(dropped);
    expect(store.get().outcomes).toHaveLength(kept.outcomes);
    expect((await stat(join(directory, "learning.json"))).size).toBeLessThan(1_000_000);
    expect(await readFile(join(directory, "learning.json"), "utf8")).toContain(dropped.id);
  });
});

describe("what is shown", () => {
  it("lists those who can be asked and those who were, with medians, and leaves out who is gone", async () => {
    const learning = learner();
    for (const [costUsd, seconds] of [
      [0.1, 60],
      [0.3, 100],
      [9, 5_000],
    ] as const)
      await learning.record(outcome(good, true, { costUsd, seconds }));
    await learning.record(outcome(good, false, { costUsd: 0.001, seconds: 1 }));
    await learning.record(outcome({ providerId: "former", model: null }, true));
    await learning.record(outcome({ providerId: "gone", model: null }, true));
    const list = learning.list({ type: "fix", app: "blog" });
    expect(list.map(({ providerId, runs }) => [providerId, runs])).toEqual([
      ["former", 1],
      ["good", 4],
      ["poor", 0],
    ]);
    expect(list[1]).toMatchObject({ providerName: "GOOD", appId: "blog", weight: 4, costUsd: 0.3, seconds: 100 });
    expect(list[2]).toMatchObject({ success: { mean: 0.5 }, costUsd: null, seconds: null, lastAt: null });
    expect(learning.list({}).map(({ type, providerId }) => [type, providerId])).toEqual([
      ["fix", "former"],
      ["fix", "good"],
    ]);
  });

  it("shares add up to 1, stay the same until something is learned, and obey the user's word", async () => {
    const learning = learner();
    for (let at = 0; at < 8; at += 1) {
      await learning.record(outcome(good, at > 0));
      await learning.record(outcome(poor, at > 4));
    }
    const shares = learning.preview({ type: "fix", app: "blog" });
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
    expect(shares[0]).toMatchObject({ providerId: "good", providerName: "GOOD" });
    expect(shares[0]?.share).toBeGreaterThan(0.7);
    expect(shares[1]?.share).toBeGreaterThan(0);
    expect(learning.preview({ type: "fix", app: "blog" })).toEqual(shares);
    await learning.override({ ...good, type: "fix", appId: null }, "never");
    expect(learning.preview({ type: "fix", app: "blog" }).map(({ share }) => share)).toEqual([1, 0]);
  });
});
