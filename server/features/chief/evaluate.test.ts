import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chiefSettingsSchema } from "../../../contract/features/chief.ts";
import { taskInputSchema, type Task } from "../../../contract/features/tasks.ts";
import type { Candidate, ChiefFacts, Occupant, Outlook } from "./chief-facts.ts";
import { byUrgency, evaluate, startsPerTurn } from "./evaluate.ts";
import { nextUp } from "./next-up.ts";

const now = Date.parse("2026-05-04T12:00:00.000Z");
const at = (ms: number): string => new Date(ms).toISOString();

function task(id: string, changes: Partial<Task> = {}): Task {
  return {
    ...taskInputSchema.parse({ title: id }),
    id,
    state: "ready",
    position: 1,
    source: { kind: "user", id: "user" },
    createdAt: at(now - 1_000),
    updatedAt: at(now - 1_000),
    endedAt: null,
    reason: { code: "off", text: "", until: null, at: at(now) },
    runs: [],
    notBefore: null,
    review: null,
    promptProblem: null,
    ...changes,
  };
}

const candidate = (providerId: string): Candidate => ({
  providerId,
  name: providerId.toUpperCase(),
  model: null,
  tier: null,
  choice: { providerId, mayFallBack: true },
});

function outlook(providers: readonly string[], changes: Partial<Outlook> = {}): Outlook {
  return {
    budget: null,
    runsByItself: 0,
    candidates: providers.map(candidate),
    block: null,
    pause: null,
    lastEnd: null,
    ...changes,
  };
}

const occupant = (runId: string, appId: string | null, providerId: string | null): Occupant => ({
  runId,
  appId,
  providerId,
});

function facts(tasks: readonly Task[], changes: Partial<ChiefFacts> = {}): ChiefFacts {
  return {
    now,
    settings: chiefSettingsSchema.parse({ isOn: true }),
    isPanic: false,
    quietUntil: null,
    dayBudget: null,
    engine: null,
    tasks,
    isDone: (id) => tasks.some((each) => each.id === id && each.state === "done"),
    occupants: [],
    busyTasks: new Set(),
    outlooks: new Map(tasks.map(({ id }) => [id, outlook(["a"])])),
    startCount: 0,
    timeText: (time) => at(time).slice(11, 16),
    ...changes,
  };
}

const verdict = (given: ChiefFacts, id: string): { code: string; text: string; until: number | null } | undefined => {
  const found = evaluate(given).decisions.find(({ taskId }) => taskId === id);
  return found && { code: found.code, text: found.text, until: found.until };
};

describe("what keeps a task from being started", () => {
  const one = task("task-00000001");

  it("starts nothing before it is turned on", () => {
    const given = facts([one], { settings: chiefSettingsSchema.parse({}) });
    expect(evaluate(given).next).toBeNull();
    expect(verdict(given, one.id)?.code).toBe("off");
  });

  it("names the first obstacle, the user's own word first", () => {
    const other = task("task-00000002", { state: "failed", title: "Other" });
    const hindered = { ...one, dependsOn: [other.id], notBefore: at(now + 60_000) };
    const all: Partial<ChiefFacts> = {
      isPanic: true,
      quietUntil: now + 3_600_000,
      dayBudget: { text: "Today's budget is used up.", until: now + 7_200_000 },
      engine: { text: "portos-cos does not answer." },
      occupants: [1, 2, 3, 4].map((n) => occupant(`run-${n}`, null, "b")),
      outlooks: new Map([
        [
          one.id,
          outlook([], {
            runsByItself: 4,
            budget: { text: "Its budget is used up.", until: null },
            block: { code: "limit", text: "A is limited until 14:30.", until: now + 9_000_000 },
          }),
        ],
      ]),
    };
    const steps: [Partial<ChiefFacts>, Task, string, string][] = [
      [{}, hindered, "panic", "Everything is stopped until somebody allows it again."],
      [{ isPanic: false }, hindered, "dependency", 'Waits for "Other", which failed.'],
      [{}, { ...hindered, dependsOn: [] }, "loop-guard", "It has had 4 runs by itself, which is the most it may have."],
    ];
    let given = all;
    for (const [change, current, code, text] of steps) {
      given = { ...given, ...change };
      expect(verdict(facts([current, other], given), one.id)).toMatchObject({ code, text });
    }
    const later: [Partial<Outlook>, Partial<ChiefFacts>, Partial<Task>, string, string, number | null][] = [
      [{ runsByItself: 0 }, {}, { notBefore: at(now + 60_000) }, "cool-down", "Waits until 12:01.", now + 60_000],
      [{}, {}, {}, "quiet-hours", "Quiet hours until 13:00.", now + 3_600_000],
      [{}, { quietUntil: null }, {}, "budget", "Today's budget is used up.", now + 7_200_000],
      [{}, { dayBudget: null }, {}, "budget", "Its budget is used up.", null],
      [{ budget: null }, {}, {}, "slot", "portos-cos does not answer.", null],
      [{}, { engine: null }, {}, "limit", "A is limited until 14:30.", now + 9_000_000],
      [
        { block: null, candidates: [candidate("b")] },
        {},
        {},
        "slot",
        "Waits for a free slot: 4 of 4 runs are going on.",
        null,
      ],
    ];
    let its: Outlook = { ...(all.outlooks?.get(one.id) ?? outlook([])) };
    for (const [change, more, changes, code, text, until] of later) {
      its = { ...its, ...change };
      given = { ...given, ...more };
      const current = { ...one, ...changes };
      expect(verdict(facts([current], { ...given, outlooks: new Map([[one.id, its]]) }), one.id)).toEqual({
        code,
        text,
        until,
      });
    }
  });

  it("says which slot is missing", () => {
    const inApp = { ...one, appId: "blog" };
    const two = [occupant("run-1", "blog", "b"), occupant("run-2", "blog", "b")];
    expect(verdict(facts([inApp], { occupants: two }), one.id)?.text).toBe(
      "Waits for a free slot of its app: 2 of 2 runs are going on.",
    );
    const single = chiefSettingsSchema.parse({ isOn: true, limits: { total: 9, perApp: 1, perProvider: 9 } });
    expect(verdict(facts([inApp], { settings: single, occupants: two.slice(1) }), one.id)?.text).toBe(
      "Waits for a free slot of its app: the one run there may be is going on.",
    );
    const settings = chiefSettingsSchema.parse({ isOn: true, limits: { total: 9, perApp: 9, perProvider: 1 } });
    expect(verdict(facts([one], { settings, occupants: [occupant("run-1", null, "a")] }), one.id)?.text).toBe(
      "Waits for a free slot of A: each may have 1 run at once.",
    );
  });

  it("asks somebody else when the first choice has no free slot", () => {
    const settings = chiefSettingsSchema.parse({ isOn: true, limits: { perProvider: 1 } });
    const given = facts([one], {
      settings,
      occupants: [occupant("run-1", null, "a")],
      outlooks: new Map([[one.id, outlook(["a", "b"])]]),
    });
    expect(evaluate(given).next?.candidates.map(({ providerId }) => providerId)).toEqual(["b"]);
  });

  it("finds a circle among what tasks wait for, and a task that is gone", () => {
    const a = task("task-0000000a", { title: "A", dependsOn: ["task-0000000b"] });
    const b = task("task-0000000b", { title: "B", dependsOn: ["task-0000000a"] });
    expect(verdict(facts([a, b]), a.id)?.text).toBe('It waits for itself: "A" → "B" → "A".');
    const c = task("task-0000000c", { dependsOn: ["task-0000000d"] });
    expect(verdict(facts([c]), c.id)?.text).toMatch(/a task that is gone/);
    expect(evaluate(facts([c], { isDone: () => true })).next?.task.id).toBe(c.id);
  });

  it("goes on after the pause is over, to the millisecond", () => {
    const paused = { ...one, notBefore: at(now) };
    expect(evaluate(facts([paused])).next?.task.id).toBe(one.id);
    expect(evaluate(facts([paused], { now: now - 1 })).next).toBeNull();
  });
});

const priority = fc.constantFrom<Task["priority"]>("urgent", "high", "normal", "low");
const app = fc.constantFrom("x", "y", null);
const provider = fc.constantFrom("a", "b");
const anyTask = fc.record({
  priority,
  appId: app,
  position: fc.integer({ min: 0, max: 5 }),
  providers: fc.uniqueArray(provider, { minLength: 1 }),
});

describe("the order of tasks", () => {
  it("is the same for the same tasks, in whatever order they are given", () => {
    fc.assert(
      fc.property(
        fc.array(anyTask, { maxLength: 12 }),
        fc.nat(8),
        fc.infiniteStream(fc.nat()),
        (all, startCount, chance) => {
          const tasks = all.map((each, n) =>
            task(`task-${String(n).padStart(8, "0")}`, { priority: each.priority, position: each.position }),
          );
          const shuffled = tasks
            .map((each) => ({ each, key: Number(chance.next().value) }))
            .toSorted((one, other) => one.key - other.key)
            .map(({ each }) => each);
          expect(evaluate(facts(shuffled, { startCount })).next?.task.id).toBe(
            evaluate(facts(tasks, { startCount })).next?.task.id,
          );
        },
      ),
    );
  });

  it("never goes over a limit, never starts a task twice, and starts everything in the end", () => {
    const limits = fc.record({
      total: fc.integer({ min: 1, max: 4 }),
      perApp: fc.integer({ min: 1, max: 3 }),
      perProvider: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(anyTask, { maxLength: 25 }), limits, fc.infiniteStream(fc.nat()), (all, limit, chance) => {
        const settings = chiefSettingsSchema.parse({ isOn: true, limits: limit });
        const byId = new Map(all.map((each, n) => [`task-${String(n).padStart(8, "0")}`, each]));
        let tasks = [...byId].map(([id, each]) =>
          task(id, { priority: each.priority, position: each.position, appId: each.appId }),
        );
        const outlooks = new Map([...byId].map(([id, { providers }]) => [id, outlook(providers)]));
        let occupants: Occupant[] = [];
        const started: string[] = [];
        for (let round = 0; started.length < all.length || occupants.length > 0; round += 1) {
          expect(round).toBeLessThan(200);
          for (;;) {
            const { next, decisions } = evaluate(
              facts(tasks, { settings, occupants, outlooks, startCount: started.length }),
            );
            expect(decisions.every(({ code }) => code === "slot")).toBe(true);
            if (!next) break;
            const chosen = next.candidates[Number(chance.next().value) % next.candidates.length];
            expect(chosen).toBeDefined();
            started.push(next.task.id);
            occupants = [...occupants, occupant(next.task.id, next.task.appId, chosen?.providerId ?? "")];
            tasks = tasks.map((each) => (each.id === next.task.id ? { ...each, state: "running" } : each));
          }
          expect(occupants.length).toBeLessThanOrEqual(limit.total);
          for (const appId of ["x", "y"])
            expect(occupants.filter((each) => each.appId === appId).length).toBeLessThanOrEqual(limit.perApp);
          for (const id of ["a", "b"])
            expect(occupants.filter(({ providerId }) => providerId === id).length).toBeLessThanOrEqual(
              limit.perProvider,
            );
          expect(occupants.length === 0 && started.length < all.length).toBe(false);
          const ends = Number(chance.next().value) % Math.max(1, occupants.length);
          const [gone] = occupants.splice(ends, 1);
          tasks = tasks.map((each) => (each.id === gone?.runId ? { ...each, state: "done" } : each));
        }
        expect(new Set(started).size).toBe(started.length);
      }),
      { numRuns: 150 },
    );
  });

  it("lets nothing wait for ever, however many urgent tasks keep coming", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.constantFrom<Task["priority"]>("low", "normal"), (older, its) => {
        const before = Array.from({ length: older }, (_, n) =>
          task(`task-older${n}x`, { createdAt: at(now - 1_000_000 + n) }),
        );
        const patient = task("task-patient0", { priority: its, position: 99, createdAt: at(now - 700_000) });
        let tasks = [...before, patient];
        for (let startCount = 0; ; startCount += 1) {
          expect(startCount).toBeLessThanOrEqual((older + 1) * startsPerTurn);
          tasks = [
            ...tasks,
            task(`task-urgent${startCount}x`, { priority: "urgent", position: 0, createdAt: at(now + startCount) }),
          ];
          const { next } = evaluate(facts(tasks, { startCount }));
          if (next?.task.id === patient.id) return;
          tasks = tasks.filter(({ id }) => id !== next?.task.id);
        }
      }),
    );
  });

  it("goes by priority among those that have waited for a moment only", () => {
    const tasks = [
      task("task-low000000", { priority: "low", createdAt: at(now - 2_000) }),
      task("task-urgent000", { priority: "urgent", createdAt: at(now - 1_000) }),
    ];
    for (let startCount = 0; startCount < 2 * startsPerTurn; startCount += 1)
      expect(evaluate(facts(tasks, { startCount })).next?.task.id).toBe("task-urgent000");
  });

  it("is by priority, then by place", () => {
    const list = [
      task("task-00000001", { priority: "low", position: 1 }),
      task("task-00000002", { priority: "urgent", position: 9 }),
      task("task-00000003", { priority: "normal", position: 2 }),
      task("task-00000004", { priority: "normal", position: 1 }),
    ];
    expect(list.toSorted(byUrgency).map(({ id }) => id.at(-1))).toEqual(["2", "4", "3", "1"]);
  });
});

describe("what happens next", () => {
  const one = task("task-00000001", { title: "One" });
  const settings = chiefSettingsSchema.parse({ isOn: true });
  const say = (changes: Partial<Parameters<typeof nextUp>[0]>): string =>
    nextUp({ settings, isPanic: false, tasks: [one], decisions: [], ...changes }).text;

  it("is one sentence for each situation", () => {
    expect(say({ isPanic: true })).toMatch(/^Nothing starts until/);
    expect(say({ settings: chiefSettingsSchema.parse({}) })).toMatch(/is off/);
    expect(say({})).toBe("Nothing is ready to be started.");
    expect(say({ decisions: [{ taskId: one.id, code: "slot", text: "", until: null }] })).toBe(
      '"One" starts when a slot is free.',
    );
    expect(
      nextUp({
        settings,
        isPanic: false,
        tasks: [one],
        decisions: [{ taskId: one.id, code: "limit", text: "", until: 7 }],
      }),
    ).toEqual({ text: '"One" is looked at again.', at: 7 });
  });
});
