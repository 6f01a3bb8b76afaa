import { describe, expect, it } from "vitest";

import type { Run } from "../../../../contract/features/runs.ts";
import { filterQuery, reduceRunPages, type RunFilter, type RunPages } from "./run-list.ts";
import { formatCost, formatTokens } from "../../lib/format.ts";
import { allTokens, providerPath } from "./run-words.ts";

const usage = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: null };

function run(id: string, change: Partial<Run> = {}): Run {
  return {
    id: `run-${id.padStart(12, "0")}`,
    title: `Title ${id}`,
    state: "running",
    source: { kind: "user", id: "user" },
    groupId: null,
    appId: null,
    folder: "/tmp",
    permissionMode: "ask-writes",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    worktree: null,
    taskType: null,
    prompt: null,
    createdAt: "2026-11-21T10:00:00.000Z",
    startedAt: null,
    endedAt: null,
    attempts: [],
    usage,
    message: null,
    failure: null,
    pending: [],
    agentSessionId: null,
    sessionId: null,
    canContinue: false,
    eventCount: 0,
    lastEventAt: null,
    ...change,
  };
}

const all: RunFilter = { state: "", provider: "", app: "", group: "", text: "" };

function pages(...items: Run[][]): RunPages {
  return {
    pages: items.map((list) => ({ items: list, next: null, isUp: true, asOf: null })),
    pageParams: items.map(() => null),
  };
}

const ids = (data: RunPages): string[][] => data.pages.map(({ items }) => items.map(({ title }) => title.slice(6)));

describe("the list of runs", () => {
  it("changes a run in its place and puts a new one on top", () => {
    const before = pages([run("5"), run("4")], [run("3")]);
    const changed = reduceRunPages(before, { kind: "changed", run: run("4", { state: "failed" }) }, all);
    expect(changed.pages[0]?.items[1]?.state).toBe("failed");
    expect(ids(reduceRunPages(before, { kind: "changed", run: run("6") }, all))).toEqual([["6", "5", "4"], ["3"]]);
  });

  it("does not take an older run of a page not read yet, nor one the filter leaves out", () => {
    const before = pages([run("5"), run("4")]);
    expect(reduceRunPages(before, { kind: "changed", run: run("1") }, all)).toBe(before);
    const filter = { ...all, state: "running" };
    expect(reduceRunPages(before, { kind: "changed", run: run("6", { state: "failed" }) }, filter)).toBe(before);
    expect(ids(reduceRunPages(before, { kind: "changed", run: run("4", { state: "failed" }) }, filter))).toEqual([
      ["5"],
    ]);
  });

  it("loses what was deleted and knows when portos-cos is away", () => {
    const before = pages([run("5")], [run("3")]);
    expect(ids(reduceRunPages(before, { kind: "removed", id: run("3").id }, all))).toEqual([["5"], []]);
    expect(reduceRunPages(before, { kind: "up", isUp: false }, all).pages.map(({ isUp }) => isUp)).toEqual([
      false,
      false,
    ]);
  });

  it("asks for what is filtered only", () => {
    expect(filterQuery(all)).toEqual({});
    expect(filterQuery({ ...all, state: "failed", text: "x" })).toEqual({ state: "failed", text: "x" });
  });
});

describe("figures of a run", () => {
  it("are short", () => {
    expect([0, 0.0004, 0.0123, 12.3].map(formatCost)).toEqual(["$0", "< $0.001", "$0.012", "$12.30"]);
    expect(formatCost(null)).toBe("–");
    expect([999, 12_345, 250_000, 2_000_000].map(formatTokens)).toEqual(["999", "12.3k", "250k", "2.0M"]);
    expect(allTokens(usage)).toBe(15);
  });

  it("name each provider once in a row", () => {
    const attempts = ["A", "A", "B", "A"].map((providerName, index) => ({
      number: index + 1,
      providerId: providerName.toLowerCase(),
      providerName,
      providerType: "api" as const,
      model: null,
      reason: "",
      startedAt: "2026-11-21T10:00:00.000Z",
      endedAt: null,
      failure: null,
      message: null,
      usage,
    }));
    expect(providerPath({ attempts })).toEqual(["A", "B", "A"]);
  });
});
