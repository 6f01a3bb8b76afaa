import { describe, expect, it } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import { automationTasks, budgetToday } from "./task-action.ts";

const now = Date.parse("2026-05-02T22:30:00Z"); // 3 May in Berlin
const budget = { costUsd: 1, tokens: null, turns: null, minutes: 10 };
const noUsage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: null };

function used(id: string, costUsd: number, minutes: number, startedAt = "2026-05-02T22:05:00.000Z"): Run {
  const endedAt = new Date(Date.parse(startedAt) + minutes * 60_000).toISOString();
  return sampleRun({ id, startedAt, endedAt, usage: { ...noUsage, costUsd } });
}

/** What is left for an automation whose tasks had these runs; one that is an error cannot be read. */
function left(runs: readonly (Run | AppError)[], wanted: Parameters<typeof budgetToday>[2] = budget, source = "one") {
  const tasks = automationTasks({
    board: () => ({
      list: () =>
        runs.map((run, index) => ({
          id: `task-${index}`,
          title: "Before",
          source: { kind: "automation" as const, id: source },
          endedAt: null,
          runs: [
            {
              runId: `run-${index}`,
              startedAt: run instanceof AppError ? new Date(now).toISOString() : (run.startedAt ?? ""),
              recovery: null,
            },
          ],
        })),
      create: () => Promise.reject(new Error("not asked for")),
    }),
    run(id) {
      const run = runs[Number(id.slice(4))];
      return run === undefined || run instanceof AppError ? Promise.reject(run ?? new Error(id)) : Promise.resolve(run);
    },
    clock: { now: () => now, monotonic: () => now },
    zone: "Europe/Berlin",
  });
  return budgetToday(tasks, "one", wanted);
}

describe("the budget of an automation", () => {
  it("leaves what its tasks of today have not used, by the machine's own day", async () => {
    const yesterday = used("run-b", 5, 1, "2026-05-02T21:55:00.000Z");
    expect(await left([used("run-a", 0.25, 2), yesterday, used("run-c", 0.5, 1.5)])).toEqual({
      costUsd: 0.25,
      tokens: null,
      turns: null,
      minutes: 6.5,
    });
  });

  it("adds nothing more when it is used up, and says so", async () => {
    expect(await left([used("run-a", 1.2, 1)])).toBe("Its budget of $1.00 a day is used up: $1.20 today");
    expect(await left([used("run-a", 0, 10)])).toBe("Its budget of 10 minutes a day is used up: 10.0 today");
  });

  it("counts neither what others have used nor runs that were deleted", async () => {
    expect(await left([used("run-a", 5, 1)], budget, "another")).toEqual(budget);
    expect(await left([new AppError("not_found", "There is no such run")])).toEqual(budget);
  });

  it("spends nothing while nobody can tell what was spent", async () => {
    await expect(left([new AppError("unavailable", "portos-cos does not answer")])).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  it("is none where none is set", async () => {
    const none = { costUsd: null, tokens: null, turns: null, minutes: null };
    expect(await left([new AppError("unavailable", "away")], none)).toBeNull();
  });
});
