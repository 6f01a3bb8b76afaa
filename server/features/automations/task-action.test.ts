import { describe, expect, it } from "vitest";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { TaskInput } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RunUse } from "../../run-use.ts";
import { automationTasks, budgetState, createTaskAction } from "./task-action.ts";

const budget = { costUsd: 1, tokens: null, turns: null, minutes: 10 };
const done = (): Promise<void> => Promise.resolve();
const nothing: RunUse = { costUsd: 0, tokens: 0, turns: 0, minutes: 0 };

function tasksWith(used: Partial<RunUse> | AppError, made: TaskInput[] = []) {
  return automationTasks({
    board: () => ({
      list: () => [],
      create: (input, { source }) => {
        made.push(input);
        return Promise.resolve({ id: "task-00000001", title: input.title, source });
      },
    }),
    usedToday: () => (used instanceof AppError ? Promise.reject(used) : Promise.resolve({ ...nothing, ...used })),
  });
}

/** What becomes of an occurrence when so much is used already. */
async function occur(used: Partial<RunUse>) {
  const made: TaskInput[] = [];
  const at = "2026-05-03T12:00:00.000Z";
  const row: Occurrence = {
    id: "oc-00000000",
    automationId: "one",
    name: "Every night",
    trigger: "schedule",
    who: null,
    action: "task",
    due: at,
    dueUntil: null,
    count: 1,
    state: "running",
    reason: null,
    startedAt: at,
    endedAt: null,
    lateMs: 0,
    durationMs: null,
    exitCode: null,
    httpStatus: null,
    outputBytes: 0,
  };
  const output = { position: () => 0, size: () => 0, append: done, settle: done, close: done, release: done };
  const { signal } = new AbortController();
  const wanted = {
    kind: "task",
    title: "Tidy up",
    instructions: "",
    template: null,
    appId: null,
    type: "chore",
    priority: "low",
    needsReview: true,
    state: "ready",
    budget,
  } as const;
  return {
    outcome: await createTaskAction(tasksWith(used, made)).start(
      { row, output, progress: () => Promise.resolve(), signal, detach: signal },
      wanted,
    ),
    made,
  };
}

describe("the budget of an automation", () => {
  it("leaves its next task what was not used today", async () => {
    const { outcome, made } = await occur({ costUsd: 0.75, minutes: 3.5 });
    expect(outcome).toMatchObject({ state: "succeeded" });
    expect(made).toMatchObject([{ budget: { costUsd: 0.25, tokens: null, turns: null, minutes: 6.5 } }]);
  });

  it("skips an occurrence when it is used up, and says so", async () => {
    expect(await occur({ costUsd: 1.2 })).toEqual({
      outcome: { state: "skipped", reason: "Its budget of $1.00 a day is used up: $1.20 today" },
      made: [],
    });
    expect(await occur({ minutes: 10 })).toMatchObject({
      outcome: { state: "skipped", reason: "Its budget of 10 minutes a day is used up: 10.0 today" },
    });
  });

  it("spends nothing while nobody can tell what was spent", async () => {
    const away = tasksWith(new AppError("unavailable", "portos-cos does not answer"));
    await expect(budgetState(away, "one", budget)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("is none where none is set", async () => {
    const away = tasksWith(new AppError("unavailable", "away"));
    const none = { costUsd: null, tokens: null, turns: null, minutes: null };
    for (const limits of [none, undefined])
      expect(await budgetState(away, "one", limits)).toMatchObject({ budget: null, exceeded: null });
  });
});
