import { describe, expect, it } from "vitest";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { LimitNames, Run, RunInput } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import type { RunContext } from "./action-runner.ts";
import { automationRuns, createRunAction, runUseToday } from "./run-action.ts";

const row = { id: "oc-0mb1z2k3a01234567", automationId: "a1", name: "Every night" } as Occurrence;
const runId = "run-0mb1z2k3a01234567";
const noBudget = { costUsd: null, tokens: null, turns: null, minutes: null };
const action = {
  kind: "run",
  prompt: { kind: "template", promptId: "hello", values: { name: "Ada" } },
  choice: { providerId: "one", mayFallBack: true },
  permissionMode: "ask-writes",
  isolation: { kind: "none" },
  budget: noBudget,
} as const;

/** One run as portos-cos would have it, and what was asked of it. */
function scene({ refusal = null as AppError | null, isStartedAllTheSame = false } = {}) {
  const away = { isAway: false };
  const asked: {
    input: RunInput;
    source: Run["source"];
    id: string | undefined;
    limitNames: LimitNames | undefined;
  }[] = [];
  const stopped: string[] = [];
  let run: Run | null = null;
  let printed = "";
  const cancel = new AbortController();
  const detach = new AbortController();
  const service = {
    create(input: RunInput, source: Run["source"], extras: { id?: string; limitNames?: LimitNames | undefined } = {}) {
      if (refusal !== null) {
        if (isStartedAllTheSame) run = sampleRun({ id: extras.id ?? "", state: "running" });
        return Promise.reject(refusal);
      }
      asked.push({ input, source, id: extras.id, limitNames: extras.limitNames });
      run = sampleRun({ id: extras.id ?? "", state: "running" });
      return Promise.resolve([run]);
    },
    get() {
      if (away.isAway) return Promise.reject(new AppError("unavailable", "portos-cos is not running"));
      return run === null ? Promise.reject(new AppError("not_found", "No run")) : Promise.resolve(run);
    },
    recall: () => service.get(),
    stop(_id: string, reason: string) {
      stopped.push(reason);
      return Promise.resolve(end({ state: "cancelled", message: reason }));
    },
  };
  const runs = automationRuns(() => service);
  function end(change: Partial<Run>, { isHeard = true } = {}): Run {
    run = sampleRun({ id: runId, ...change });
    if (isHeard) runs.hear(run);
    return run;
  }
  const context = {
    row,
    output: {
      append(_from: number, bytes: Uint8Array) {
        printed += Buffer.from(bytes).toString();
        return Promise.resolve();
      },
    },
    signal: cancel.signal,
    detach: detach.signal,
  } as unknown as RunContext;
  const day = { used: { costUsd: 0, tokens: 0, turns: 0, minutes: 0 } };
  const runner = createRunAction(runs, { usedToday: () => Promise.resolve(day.used) });
  return { day, asked, stopped, cancel, detach, context, runner, runs, away, end, printed: () => printed };
}

describe("an automation that runs a prompt", () => {
  it("starts a run in its own name and ends with it", async () => {
    const { asked, context, runner, end, printed } = scene();
    const outcome = runner.start(context, action);
    await expect.poll(() => asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      id: runId,
      source: { kind: "automation", id: "a1" },
      input: { title: "Every night", prompt: { promptId: "hello" }, choices: [{ providerId: "one" }] },
    });
    end({ state: "succeeded" });
    expect(await outcome).toEqual({ state: "succeeded", reason: null });
    expect(printed()).toContain(runId);
  });

  it.each([
    [
      { state: "failed", message: "Out of paper" },
      { state: "failed", reason: "Out of paper" },
    ],
    [
      { state: "interrupted", message: null },
      { state: "interrupted", reason: "The run was interrupted" },
    ],
  ] as const)("says how it ended: %j", async (change, expected) => {
    const { asked, context, runner, end } = scene();
    const outcome = runner.start(context, action);
    await expect.poll(() => asked).toHaveLength(1);
    end(change);
    expect(await outcome).toEqual(expected);
  });

  it("stops the run when it is cancelled", async () => {
    const { asked, stopped, cancel, context, runner } = scene();
    const outcome = runner.start(context, action);
    await expect.poll(() => asked).toHaveLength(1);
    cancel.abort("Cancelled by Ada");
    expect(await outcome).toEqual({ state: "cancelled", reason: "Cancelled by Ada" });
    expect(stopped).toEqual(["Cancelled by Ada"]);
  });

  it("leaves the run alone when the server stops, and takes it up again", async () => {
    const { asked, detach, context, runner, end } = scene();
    const outcome = runner.start(context, action);
    await expect.poll(() => asked).toHaveLength(1);
    detach.abort();
    expect(await outcome).toBe("detached");
    end({ state: "succeeded" });
    const later = { ...context, detach: new AbortController().signal };
    expect(await runner.adopt?.(later)).toEqual({ state: "succeeded", reason: null });
  });

  it("fails with why it could not be started, and knows nothing of a run that never was", async () => {
    const refusal = new AppError("invalid_request", "name is missing");
    const { context, runner } = scene({ refusal });
    expect(await runner.start(context, action)).toEqual({ state: "failed", reason: "name is missing" });
    expect(await runner.adopt?.(context)).toBeNull();
  });

  it("ends with what became of the run while portos-cos was away", async () => {
    const { asked, away, context, runner, runs, end } = scene();
    const outcome = runner.start(context, action);
    await expect.poll(() => asked).toHaveLength(1);
    away.isAway = true;
    await runs.lookAgain(); // still away: nothing is known
    away.isAway = false;
    end({ state: "succeeded" }, { isHeard: false });
    await runs.lookAgain();
    expect(await outcome).toEqual({ state: "succeeded", reason: null });
  });

  it("waits for no run that never began", async () => {
    const { away, context, runner, runs } = scene();
    away.isAway = true;
    const outcome = runner.adopt?.(context);
    away.isAway = false;
    await runs.lookAgain();
    expect(await outcome).toBeNull();
  });

  it("waits for no run that was deleted", async () => {
    const { asked, context, runner, runs } = scene();
    const outcome = runner.start(context, action);
    await expect.poll(() => asked).toHaveLength(1);
    runs.forget({ id: runId });
    expect(await outcome).toEqual({ state: "failed", reason: "The run was deleted" });
  });

  const torn = new AppError("unavailable", "portos-cos is not running", { cause: new Error("socket hang up") });

  it("follows the run when the connection was torn while it was started", async () => {
    const { context, runner, end } = scene({ refusal: torn, isStartedAllTheSame: true });
    const outcome = runner.start(context, action);
    await new Promise(setImmediate);
    end({ state: "succeeded" });
    expect(await outcome).toEqual({ state: "succeeded", reason: null });
  });

  it("says that the connection was torn when the run was never started", async () => {
    const { context, runner } = scene({ refusal: torn });
    expect(await runner.start(context, action)).toEqual({ state: "failed", reason: "portos-cos is not running" });
  });
});

function at(time: string): string {
  return `2026-05-04T${time}:00.000Z`;
}

function occurrence(id: string, startedAt: string | null, kind = "run"): Occurrence {
  return { id: `oc-${id}`, action: kind, startedAt, due: at("00:00") } as Occurrence;
}

describe("the budget of a day of an automation that runs a prompt", () => {
  const dayBudget = { ...noBudget, costUsd: 1, turns: 5 };

  it("gives each run what is left of it, or the run's own budget where that is less", async () => {
    const { day, asked, context, runner, end } = scene();
    day.used = { costUsd: 0.75, tokens: 10, turns: 1, minutes: 1 };
    const outcome = runner.start(context, { ...action, budget: { ...noBudget, turns: 2 }, dayBudget });
    await expect.poll(() => asked).toHaveLength(1);
    expect(asked[0]?.input.budget).toEqual({ ...noBudget, costUsd: 0.25, turns: 2 });
    expect(asked[0]?.limitNames).toEqual({
      costUsd: `What was left of the budget of $1.00 a day of the automation ${context.row.name}`,
    });
    end({ state: "succeeded" });
    expect(await outcome).toMatchObject({ state: "succeeded" });
  });

  it("starts no run once it is used up, and says so", async () => {
    const { day, asked, context, runner } = scene();
    day.used = { costUsd: 1.2, tokens: 10, turns: 1, minutes: 1 };
    const reason = "Its budget of $1.00 a day is used up: $1.20 today";
    expect(await runner.start(context, { ...action, dayBudget })).toEqual({ state: "skipped", reason });
    expect(asked).toEqual([]);
  });

  it("counts the runs that were started today, over all pages, and none that never was", async () => {
    const pages: Record<string, { items: Occurrence[]; next: string | null }> = {
      first: { items: [occurrence("one", at("09:00")), occurrence("never", at("08:00"))], next: "second" },
      second: {
        items: [
          occurrence("two", at("01:00")),
          occurrence("skipped", null),
          occurrence("task", at("01:00"), "task"),
          occurrence("former", "2026-05-03T23:00:00.000Z"),
        ],
        next: null,
      },
    };
    const asked: string[] = [];
    const usedToday = runUseToday({
      ledger: { page: ({ before = "first" }) => Promise.resolve(pages[before] ?? { items: [], next: null }) },
      runs: {
        recall(id) {
          asked.push(id);
          if (id === "run-never") return Promise.reject(new AppError("not_found", "No run"));
          return Promise.resolve(sampleRun({ id, usage: { ...sampleRun({ id }).usage, turns: 2, costUsd: 0.5 } }));
        },
      },
      dayOf: (ms) => new Date(ms).toISOString().slice(0, 10),
      now: () => Date.parse(at("12:00")),
    });
    expect(await usedToday("a1")).toEqual({ costUsd: 1, tokens: 0, turns: 4, minutes: 0 });
    expect(asked).toEqual(["run-one", "run-never", "run-two"]);
  });
});
