import { describe, expect, it } from "vitest";

import { budgetSchema } from "../../../contract/features/runs.ts";
import { failureKindSchema, type FailureKind } from "../../../contract/features/providers.ts";
import { biggerTier, findCandidates, type ProviderFacts } from "./find-candidates.ts";
import { planRecovery, type Recovery, type RecoveryFacts } from "./plan-recovery.ts";
import { budgetLeft } from "./task-budget.ts";
import { emptyUse, type TaskRun } from "./task-record.ts";

const now = Date.parse("2026-05-04T12:00:00.000Z");
const timeText = (at: number): string => new Date(at).toISOString().slice(11, 16);

function run(failure: FailureKind | null, changes: Partial<TaskRun> = {}): TaskRun {
  return {
    runId: "run-000000000001",
    phase: "ended",
    by: "chief",
    isResumed: false,
    tries: 1,
    providerId: "claude",
    providerName: "Claude",
    model: null,
    tier: null,
    startedAt: new Date(now - 60_000).toISOString(),
    endedAt: new Date(now).toISOString(),
    outcome: failure === null ? "succeeded" : "failed",
    failure,
    message: failure === null ? null : "It broke",
    used: emptyUse,
    earlier: [],
    stopCause: null,
    plan: null,
    isSettled: false,
    ...changes,
  };
}

function recover(runs: TaskRun[], changes: Partial<RecoveryFacts> = {}): Recovery {
  return planRecovery({
    task: { needsReview: false, title: "One" },
    runs,
    settings: { maxRuns: 4, backOffMs: 60_000 },
    now,
    backAt: null,
    hasOther: true,
    biggerTier: "heavy",
    wasAsked: true,
    canResume: false,
    hasReview: false,
    reviewProblem: null,
    timeText,
    ...changes,
  });
}

describe("what follows from the end of a run", () => {
  it("asks the user, not a bigger model, when a run fails before anybody was asked", () => {
    const failed = { ...run("bad-request"), message: "The worktree could not be made" };
    expect(recover([failed], { wasAsked: true }).plan.step).toBe("bigger-tier");
    expect(recover([failed], { wasAsked: false }).plan).toMatchObject({
      step: "ask",
      isAsking: true,
      text: "It could not be started: The worktree could not be made.",
    });
  });

  it("is the end of the task, or that its work is looked at", () => {
    expect(recover([run(null)]).plan).toMatchObject({ state: "done", code: "ended", step: null });
    expect(recover([run(null)], { task: { needsReview: true, title: "" } }).plan.state).toBe("review");
    expect(recover([run(null)], { hasReview: true }).plan.state).toBe("review");
    const unseen = recover([run(null)], { reviewProblem: "git add failed" }).plan;
    expect(unseen).toMatchObject({ state: "review", isAsking: true });
    expect(unseen.text).toContain("git add failed");
  });

  it("is a pause that grows, then another way, then a question", () => {
    expect(recover([run("transport")]).plan).toMatchObject({ step: "retry", notBefore: "2026-05-04T12:01:00.000Z" });
    const mixed = [run("transport"), run("crashed"), run("server-error")];
    expect(recover(mixed).plan).toMatchObject({ step: "retry", notBefore: "2026-05-04T12:04:00.000Z" });
    const same = [run("crashed"), run("crashed")];
    expect(recover(same)).toMatchObject({ plan: { step: "fallback", state: "ready" }, isAvoiding: true });
    expect(recover(same, { hasOther: false })).toMatchObject({ plan: { step: "bigger-tier" }, tier: "heavy" });
    expect(recover(same, { hasOther: false, biggerTier: null }).plan).toMatchObject({
      step: "ask",
      state: "failed",
      isAsking: true,
    });
  });

  it("tries again with the same provider when another one failed in between", () => {
    expect(recover([run("crashed"), run("crashed", { providerId: "codex" })]).plan.step).toBe("retry");
  });

  it("waits for a limit until its time, or asks somebody else", () => {
    expect(recover([run("usage-limit")]).plan.step).toBe("fallback");
    const alone = recover([run("usage-limit")], { hasOther: false, backAt: now + 9_000_000 }).plan;
    expect(alone).toMatchObject({
      step: "wait",
      code: "limit",
      notBefore: "2026-05-04T14:30:00.000Z",
      text: "Claude is limited until 14:30.",
    });
    expect(recover([run("rate-limit")], { hasOther: false }).plan.notBefore).toBe("2026-05-04T12:01:00.000Z");
  });

  it("goes on with what was interrupted where it can", () => {
    const interrupted = run("crashed", { outcome: "interrupted" });
    expect(recover([interrupted], { canResume: true })).toMatchObject({ plan: { step: "retry" }, isResuming: true });
    expect(recover([{ ...interrupted, tries: 2 }], { canResume: true }).plan.step).toBe("fallback");
    expect(recover([interrupted])).toMatchObject({ plan: { step: "retry" }, isResuming: false });
  });

  it("splits what was too much", () => {
    expect(recover([run("budget")]).plan).toMatchObject({ step: "split", state: "failed", isAsking: true });
    expect(recover([run("timeout"), run("timeout")], { hasOther: false }).plan.step).toBe("split");
  });

  it("respects who stopped it", () => {
    expect(recover([run("cancelled", { outcome: "cancelled", message: "Stopped by Ada" })]).plan).toMatchObject({
      state: "cancelled",
      text: "Its run was stopped: Stopped by Ada.",
    });
    const own = (stopCause: TaskRun["stopCause"]): TaskRun => run("cancelled", { outcome: "cancelled", stopCause });
    expect(recover([own("panic")]).plan).toMatchObject({ state: "draft", code: "draft" });
    expect(recover([own("day-budget")]).plan).toMatchObject({
      state: "ready",
      code: "budget",
      notBefore: "2026-05-04T12:01:00.000Z",
    });
    expect(recover([own("task")]).plan.state).toBe("cancelled");
    const over = run("budget", { outcome: "failed", stopCause: "automation-budget", message: "Stopped: all of it." });
    expect(recover([over]).plan).toMatchObject({
      state: "ready",
      code: "budget",
      step: "wait",
      text: "Stopped: all of it.",
    });
    const done = run("budget", { outcome: "succeeded", failure: null, stopCause: "day-budget" });
    expect(recover([done]).plan).toMatchObject({ state: "done", step: null });
  });

  it("never runs more often by itself than allowed, whatever fails", () => {
    for (const kind of failureKindSchema.options) {
      const runs: TaskRun[] = [];
      let state: string = "ready";
      while (state === "ready" && runs.length < 10) {
        runs.push(run(kind, kind === "cancelled" ? { outcome: "cancelled" } : {}));
        ({ state } = recover(runs, { hasOther: runs.length % 2 === 0 }).plan);
      }
      expect(runs.length, kind).toBeLessThanOrEqual(4);
      expect(state, kind).not.toBe("ready");
    }
  });

  it("counts anew after the user has started it", () => {
    const tired = [run("transport"), run("crashed"), run("timeout"), run("server-error")];
    expect(recover(tired).plan).toMatchObject({ code: "loop-guard", state: "failed", isAsking: true });
    expect(recover([...tired, run("bad-reply", { by: "user" })]).plan.step).toBe("retry");
  });
});

function provider(id: string, changes: Partial<ProviderFacts> = {}): ProviderFacts {
  return {
    id,
    name: id.toUpperCase(),
    isEnabled: true,
    models: [],
    needsModel: false,
    lacks: null,
    downSince: null,
    limit: null,
    fallbacks: [],
    isCostKnown: () => true,
    ...changes,
  };
}
const models = (prefix: string): ProviderFacts["models"] => [
  { id: `${prefix}-light`, tier: "light" },
  { id: `${prefix}-heavy`, tier: "heavy" },
];

describe("who can do a task", () => {
  const none = { avoid: [], tier: null };
  const find = (
    choice: Parameters<typeof findCandidates>[0]["choice"],
    providers: ProviderFacts[],
    course = none as Parameters<typeof findCandidates>[1],
  ) => findCandidates({ choice }, course, { providers, now, timeText });
  const names = (found: ReturnType<typeof find>): string[] =>
    found.candidates.map(({ providerId, model }) => (model === null ? providerId : `${providerId}/${model}`));

  it("is everybody that is on when the best is wanted", () => {
    const providers = [provider("a", { models: models("m") }), provider("b"), provider("c", { isEnabled: false })];
    expect(names(find({ kind: "best" }, providers))).toEqual(["a/m-light", "a/m-heavy", "b"]);
    expect(names(find({ kind: "best" }, providers, { avoid: ["a"], tier: null }))).toEqual(["b"]);
    expect(names(find({ kind: "best" }, providers, { avoid: [], tier: "heavy" }))).toEqual(["a/m-heavy", "b"]);
  });

  it("is not a model that is limited by itself; the others of its provider are", () => {
    const a = provider("a", { models: models("m"), modelLimits: [{ model: "m-light", until: now + 9_000_000 }] });
    expect(names(find({ kind: "best" }, [a]))).toEqual(["a/m-heavy"]);
    expect(find({ kind: "provider", providerId: "a", model: "m-light", mayFallBack: false }, [a]).block).toMatchObject({
      code: "limit",
      text: "A is limited until 14:30 (m-light).",
    });
  });

  it("is the one that is named, then those the task names instead of its own fallbacks", () => {
    const a = provider("a", { limit: { until: now + 9_000_000 }, fallbacks: ["b"] });
    const named = { kind: "provider" as const, providerId: "a", model: null, mayFallBack: true, fallbacks: ["c"] };
    expect(names(find(named, [a, provider("b"), provider("c")]))).toEqual(["c"]);
    expect(names(find({ ...named, mayFallBack: false }, [a, provider("b"), provider("c")]))).toEqual([]);
    const [first] = find(named, [{ ...a, limit: null }, provider("b"), provider("c")]).candidates;
    expect(first?.choice).toMatchObject({ providerId: "a", mayFallBack: true, fallbacks: ["c"] });
  });

  it("is nobody the task has not named, when the first ones cannot be asked", () => {
    const a = provider("a", { limit: { until: now + 9_000_000 }, fallbacks: ["d"] });
    const others = [provider("b", { fallbacks: ["d"] }), provider("c", { fallbacks: ["d"] }), provider("d")];
    const named = { kind: "provider" as const, providerId: "a", model: null, mayFallBack: true, fallbacks: ["b", "c"] };
    expect(find(named, [a, ...others]).candidates.map(({ choice }) => choice)).toMatchObject([
      { providerId: "b", mayFallBack: true, fallbacks: ["c"] },
      { providerId: "c", mayFallBack: false },
    ]);
  });

  it("is the one that is named, then its fallbacks", () => {
    const a = provider("a", { limit: { until: now + 9_000_000 }, fallbacks: ["b"] });
    const choice = { kind: "provider", providerId: "a", model: null } as const;
    expect(names(find({ ...choice, mayFallBack: true }, [a, provider("b")]))).toEqual(["b"]);
    expect(find({ ...choice, mayFallBack: false }, [a, provider("b")]).block).toEqual({
      code: "limit",
      text: "A is limited until 14:30.",
      until: now + 9_000_000,
    });
    expect(find({ ...choice, mayFallBack: true }, []).block?.text).toMatch(/no provider a any more/);
  });

  it("is asked again some time after it did not answer, and nobody who is off ever", () => {
    const down = provider("a", { downSince: now - 60_000 });
    expect(find({ kind: "best" }, [down]).block).toMatchObject({ code: "provider", until: now + 240_000 });
    expect(names(find({ kind: "best" }, [{ ...down, downSince: now - 300_000 }]))).toEqual(["a"]);
    expect(find({ kind: "best" }, [provider("a", { isEnabled: false })]).block?.text).toMatch(/Every provider is off/);
    expect(find({ kind: "best" }, []).block?.text).toMatch(/No provider is set up/);
  });

  it("is only who can keep a budget of money, as long as somebody can", () => {
    const dear = provider("a", { isCostKnown: () => false, fallbacks: ["b"] });
    const counted = provider("b");
    const around = { now, timeText, isCostLimited: true };
    const best = { choice: { kind: "best" } } as const;
    expect(names(findCandidates(best, none, { ...around, providers: [dear, counted] }))).toEqual(["b"]);
    expect(names(find({ kind: "best" }, [dear, counted]))).toEqual(["a", "b"]);
    const named = { choice: { kind: "provider", providerId: "a", model: null, mayFallBack: true } } as const;
    expect(names(findCandidates(named, none, { ...around, providers: [dear, counted] }))).toEqual(["b"]);
    const limited = { ...counted, limit: { until: now + 9_000_000 } };
    expect(findCandidates(best, none, { ...around, providers: [dear, limited] }).block?.code).toBe("limit");
    expect(names(findCandidates(best, none, { ...around, providers: [dear] }))).toEqual(["a"]);
  });

  it("can be a bigger model, never one the user has named", () => {
    const providers = [provider("a", { models: models("m") })];
    expect(biggerTier({ choice: { kind: "best" } }, { tier: "light" }, providers)).toBe("heavy");
    expect(biggerTier({ choice: { kind: "best" } }, { tier: "heavy" }, providers)).toBeNull();
    const named = { kind: "provider", providerId: "a", model: "m-light", mayFallBack: true } as const;
    expect(biggerTier({ choice: named }, { tier: "light" }, providers)).toBeNull();
  });
});

describe("the budget of a task", () => {
  it("is what all its runs together leave", () => {
    const budget = budgetSchema.parse({ costUsd: 1, tokens: 1_000, minutes: 10 });
    const used = { costUsd: 0.4, tokens: 300, turns: 2, minutes: 3 };
    const twice = [run("transport", { used }), run("transport", { used })];
    expect(budgetLeft(budget, twice)).toEqual({
      left: { costUsd: 0.2, tokens: 400, turns: null, minutes: 4 },
      exceeded: null,
    });
    expect(budgetLeft(budget, [...twice, run("transport", { used })]).exceeded).toBe(
      "Its budget of $1.00 is used up: $1.20 after 3 runs.",
    );
    expect(budgetLeft(budgetSchema.parse({}), twice).exceeded).toBeNull();
  });

  it("is there while nothing was used, however small it is", () => {
    const budget = budgetSchema.parse({ minutes: 0.02 });
    expect(budgetLeft(budget, [])).toMatchObject({ left: { minutes: 0.02 }, exceeded: null });
    const used = { costUsd: 0, tokens: 0, turns: 0, minutes: 0.01 };
    expect(budgetLeft(budget, [run("transport", { used })]).exceeded).toMatch(
      /^Its budget of 0\.02 minutes is used up/,
    );
  });
});
