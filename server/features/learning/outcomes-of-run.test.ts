import { describe, expect, it } from "vitest";

import type { Provider } from "../../../contract/features/providers.ts";
import type { Attempt, Run } from "../../../contract/features/runs.ts";
import { candidatesOf } from "./candidates.ts";
import { outcomesOf } from "./outcomes-of-run.ts";

const usage = { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0, reasoningTokens: 0, turns: 1 };

function attempt(providerId: string, failure: Attempt["failure"], changes: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    providerId,
    providerName: providerId,
    providerType: "api",
    model: "m",
    reason: "First choice",
    startedAt: "2026-05-01T10:00:00.000Z",
    endedAt: "2026-05-01T10:05:00.000Z",
    failure,
    message: null,
    activeMs: 60_000,
    usage: { ...usage, costUsd: 0.1 },
    ...changes,
  };
}

function run(attempts: Attempt[], changes: Partial<Run> = {}): Run {
  return {
    id: "run-000000000001",
    title: "Work",
    state: "succeeded",
    source: { kind: "task", id: "task-00000001" },
    groupId: null,
    appId: "blog",
    folder: "/tmp",
    permissionMode: "ask",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    worktree: null,
    taskType: "fix",
    prompt: null,
    createdAt: "2026-05-01T10:00:00.000Z",
    startedAt: null,
    endedAt: null,
    attempts,
    usage: { ...usage, costUsd: null },
    message: null,
    failure: null,
    pending: [],
    agentSessionId: null,
    sessionId: null,
    canContinue: false,
    eventCount: 0,
    lastEventAt: null,
    ...changes,
  };
}

const stoppedBy = (kind: Attempt["stoppedBy"]): Run =>
  run([attempt("first", "crashed"), attempt("second", "budget", { stoppedBy: kind })], { state: "failed" });

const brief = (of: Run) => outcomesOf(of).map(({ providerId, isSuccess }) => [providerId, isSuccess]);

describe("what a run teaches", () => {
  it("who could not be asked has shown nothing, who tried and failed has", () => {
    expect(brief(run([attempt("limited", "rate-limit"), attempt("slow", "timeout"), attempt("able", null)]))).toEqual([
      ["slow", false],
      ["able", true],
    ]);
    expect(brief(run([attempt("rash", "crashed")], { state: "failed" }))).toEqual([["rash", false]]);
    expect(brief(run([attempt("dear", "budget")], { state: "failed" }))).toEqual([["dear", false]]);
  });

  it("a budget of the day or of an automation says nothing of whoever happened to be at work", () => {
    expect(brief(stoppedBy("day-budget"))).toEqual([["first", false]]);
    expect(brief(stoppedBy("automation-budget"))).toEqual([["first", false]]);
    expect(brief(stoppedBy("run-budget"))).toEqual([
      ["first", false],
      ["second", false],
    ]);
  });

  it("nothing is learned from tests, from work of no kind, from what was stopped or has not ended", () => {
    const one = [attempt("able", null)];
    expect(brief(run(one, { source: { kind: "test", id: "x" } }))).toEqual([]);
    expect(brief(run(one, { taskType: null }))).toEqual([]);
    expect(brief(run([attempt("able", "cancelled")], { state: "cancelled" }))).toEqual([]);
    expect(brief(run([attempt("able", "crashed")], { state: "interrupted" }))).toEqual([]);
    expect(brief(run(one, { state: "running" }))).toEqual([]);
  });

  it("a run that went on counts once, with all it cost and the time it worked", () => {
    const [first, ...others] = outcomesOf(
      run([attempt("able", null), attempt("able", null, { number: 2, activeMs: 30_000 })]),
    );
    expect(others).toEqual([]);
    expect(first).toEqual({
      id: 'run-000000000001:["able","m"]',
      type: "fix",
      appId: "blog",
      providerId: "able",
      model: "m",
      isSuccess: true,
      costUsd: 0.2,
      seconds: 90,
    });
  });

  it("what is known in part is not known", () => {
    const [one] = outcomesOf(
      run([attempt("able", null), attempt("able", null, { activeMs: null, usage: { ...usage, costUsd: null } })]),
    );
    expect(one).toMatchObject({ costUsd: null, seconds: null });
  });
});

function provider(id: string, changes: Partial<Pick<Provider, "type" | "isEnabled" | "models">>) {
  return { id, type: "api" as const, isEnabled: true, models: [], ...changes };
}

describe("who can be asked", () => {
  it("those that are on, with the models of tiers, else with the first one", () => {
    const models = [
      { id: "odd", tier: null, price: null },
      { id: "small", tier: "light" as const, price: null },
      { id: "big", tier: "heavy" as const, price: null },
    ];
    const list = [
      provider("tiered", { models }),
      provider("plain", { models: models.slice(0, 1) }),
      provider("off", { isEnabled: false, models }),
      provider("empty", {}),
      provider("program", { type: "cli" }),
    ];
    expect(candidatesOf(list)).toEqual([
      { providerId: "tiered", model: "small" },
      { providerId: "tiered", model: "big" },
      { providerId: "plain", model: "odd" },
      { providerId: "program", model: null },
    ]);
  });
});
