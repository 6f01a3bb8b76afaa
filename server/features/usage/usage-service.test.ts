import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Attempt, Run } from "../../../contract/features/runs.ts";
import { type DailyBudget, dailyBudgetSchema, usageRowSchema } from "../../../contract/features/usage.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createUsageService, type UsageService } from "./usage-service.ts";

let directory: string;
let now = 0;
let usage: UsageService;
let close: () => Promise<void>;

async function start(): Promise<void> {
  const clock = { now: () => now, monotonic: () => now };
  const log = await openJsonLog({
    directory: join(directory, "log"),
    schema: usageRowSchema,
    clock,
    logger: silentLogger,
    dayOf: ({ at }) => at,
  });
  const budget = await openJsonStore<DailyBudget>({
    file: join(directory, "budget.json"),
    schema: dailyBudgetSchema,
    initial: { costUsd: null, tokens: null },
    version: 1,
    logger: silentLogger,
  });
  usage = createUsageService({
    log,
    budget,
    clock,
    zone: "Europe/Berlin",
    nameOfApp: (id) => (id === "blog" ? "Blog" : undefined),
  });
  close = async () => {
    await log.close();
    await budget.close();
  };
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-usage-"));
  now = Date.parse("2026-05-03T12:00:00Z");
  await start();
});
afterEach(async () => {
  await close();
  await rm(directory, { recursive: true, force: true });
});

function attempt(number: number, endedAt: string | null, changes: Partial<Attempt> = {}): Attempt {
  return {
    number,
    providerId: "anthropic",
    providerName: "Anthropic",
    providerType: "api",
    model: "big",
    reason: "First choice",
    startedAt: "2026-05-01T00:00:00.000Z",
    endedAt,
    failure: null,
    message: null,
    usage: { inputTokens: 100, outputTokens: 20, cachedInputTokens: 10, reasoningTokens: 0, turns: 1, costUsd: 0.1 },
    ...changes,
  };
}

function run(name: string, attempts: Attempt[], changes: Partial<Run> = {}): Run {
  return {
    id: `run-${name.padEnd(12, "0")}`,
    title: name,
    state: "succeeded",
    source: { kind: "user", id: "user" },
    groupId: null,
    appId: null,
    folder: "/tmp",
    permissionMode: "ask",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    worktree: null,
    taskType: null,
    prompt: null,
    createdAt: "2026-05-01T00:00:00.000Z",
    startedAt: null,
    endedAt: null,
    attempts,
    usage: attempt(1, null).usage,
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

function names(list: { name: string; sum: { attempts: number } }[]): [string, number][] {
  return list.map(({ name, sum }) => [name, sum.attempts]);
}

describe("usage", () => {
  it("counts each ended attempt once, told twice at once, again, and after a restart", async () => {
    const ended = run("a", [attempt(1, "2026-05-03T10:00:00.000Z"), attempt(2, null)]);
    const [first, second] = await Promise.all([usage.record(ended), usage.record(ended)]);
    expect([first.length, second.length]).toEqual([1, 0]);
    expect(await usage.record(ended)).toEqual([]);
    await close();
    await start();
    expect(await usage.record(ended)).toEqual([]);
    expect((await usage.totals(undefined, undefined)).total).toMatchObject({
      attempts: 1,
      inputTokens: 100,
      costUsd: 0.1,
    });
  });

  it("sums by day of the machine, provider, model, source, app and kind of work", async () => {
    const failed = attempt(1, "2026-05-02T22:30:00.000Z", {
      failure: "rate-limit",
      providerId: "local",
      providerName: "Local",
      model: null,
    });
    const unpriced = { ...attempt(1, null).usage, costUsd: null };
    await usage.record(run("a", [failed, attempt(2, "2026-05-03T10:00:00.000Z")], { appId: "blog", taskType: "fix" }));
    await usage.record(
      run("b", [attempt(1, "2026-05-01T10:00:00.000Z", { usage: unpriced })], {
        source: { kind: "automation", id: "au-1" },
      }),
    );
    const totals = await usage.totals("2026-05-01", "2026-05-03");
    expect(totals.days.map(({ day, sum }) => [day, sum.attempts])).toEqual([
      ["2026-05-01", 1],
      ["2026-05-02", 0],
      ["2026-05-03", 2],
    ]);
    expect(totals.total).toEqual({
      attempts: 3,
      failures: 1,
      inputTokens: 300,
      outputTokens: 60,
      cachedInputTokens: 30,
      costUsd: 0.2,
      unpriced: 1,
    });
    expect(names(totals.providers)).toEqual([
      ["Anthropic", 2],
      ["Local", 1],
    ]);
    expect(names(totals.models)).toEqual([
      ["big", 2],
      ["Not told", 1],
    ]);
    expect(names(totals.sources)).toEqual([
      ["By hand", 2],
      ["Automations", 1],
    ]);
    expect(names(totals.apps)).toEqual([
      ["Blog", 2],
      ["No app", 1],
    ]);
    expect(names(totals.taskTypes)).toEqual([
      ["fix", 2],
      ["No kind", 1],
    ]);
    expect((await usage.totals("2026-05-02", "2026-05-02")).total.attempts).toBe(0);
  });

  it("reads what was written before there were kinds of work", async () => {
    await close();
    const old = usageRowSchema.omit({ taskType: true });
    const { usage: used } = attempt(1, null);
    const log = await openJsonLog({
      directory: join(directory, "log"),
      schema: old,
      clock: { now: () => now, monotonic: () => now },
      logger: silentLogger,
      dayOf: ({ at }) => at,
    });
    await log.append({
      id: "run-000000000000:1",
      at: "2026-05-02T10:00:00.000Z",
      day: "2026-05-02",
      runId: "run-000000000000",
      providerId: "anthropic",
      providerName: "Anthropic",
      model: "big",
      source: "user",
      appId: null,
      failure: null,
      usage: used,
    });
    await log.close();
    await start();
    await usage.record(run("a", [attempt(1, "2026-05-03T10:00:00.000Z")], { taskType: "docs" }));
    const { taskTypes } = await usage.totals("2026-05-01", "2026-05-03");
    expect(names(taskTypes)).toEqual([
      ["No kind", 1],
      ["docs", 1],
    ]);
  });

  it("shows thirty days when none are named and refuses a range without end", async () => {
    const totals = await usage.totals(undefined, undefined);
    expect([totals.from, totals.to, totals.days.length]).toEqual(["2026-04-04", "2026-05-03", 30]);
    await expect(usage.totals("1990-01-01", undefined)).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("refuses a further run when the budget of the day is used up, and allows one on the next day", async () => {
    await usage.record(run("a", [attempt(1, "2026-05-03T10:00:00.000Z")]));
    await expect(usage.check()).resolves.toBeUndefined();
    expect((await usage.setBudget({ costUsd: 0.1, tokens: null })).exceeded).toBe(
      "Today's budget of $0.10 is used up: $0.10 were spent",
    );
    await expect(usage.check()).rejects.toMatchObject({ code: "rate_limited" });
    await usage.setBudget({ costUsd: null, tokens: 120 });
    await expect(usage.check()).rejects.toMatchObject({
      message: "Today's budget of 120 tokens is used up: 120 were used",
    });
    expect((await usage.setBudget({ costUsd: 0.005, tokens: null })).exceeded).toBe(
      "Today's budget of $0.005 is used up: $0.10 were spent",
    );
    await usage.setBudget({ costUsd: 0.11, tokens: 121 });
    await expect(usage.check()).resolves.toBeUndefined();
    await usage.setBudget({ costUsd: 0.05, tokens: null });
    now = Date.parse("2026-05-03T22:00:00Z");
    await expect(usage.check()).resolves.toBeUndefined();
  });

  it("forgets what is older than asked for", async () => {
    await usage.record(run("a", [attempt(1, "2026-04-01T10:00:00.000Z"), attempt(2, "2026-05-03T10:00:00.000Z")]));
    await usage.prune(7);
    expect((await usage.totals("2026-01-01", "2026-05-03")).total.attempts).toBe(1);
  });
});
