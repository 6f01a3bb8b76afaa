import { describe, expect, it } from "vitest";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { Run, RunInput } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import type { RunContext } from "./action-runner.ts";
import { automationRuns, createRunAction } from "./run-action.ts";

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
  const asked: { input: RunInput; source: Run["source"]; id: string | undefined }[] = [];
  const stopped: string[] = [];
  let run: Run | null = null;
  let printed = "";
  const cancel = new AbortController();
  const detach = new AbortController();
  const service = {
    create(input: RunInput, source: Run["source"], extras: { id?: string } = {}) {
      if (refusal !== null) {
        if (isStartedAllTheSame) run = sampleRun({ id: extras.id ?? "", state: "running" });
        return Promise.reject(refusal);
      }
      asked.push({ input, source, id: extras.id });
      run = sampleRun({ id: extras.id ?? "", state: "running" });
      return Promise.resolve([run]);
    },
    get() {
      if (away.isAway) return Promise.reject(new AppError("unavailable", "portos-cos is not running"));
      return run === null ? Promise.reject(new AppError("not_found", "No run")) : Promise.resolve(run);
    },
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
  const runner = createRunAction(runs);
  return { asked, stopped, cancel, detach, context, runner, runs, away, end, printed: () => printed };
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
