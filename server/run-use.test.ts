import { describe, expect, it } from "vitest";

import type { Budget, Run } from "../contract/features/runs.ts";
import { limitNamesOf, narrower, useOf } from "./run-use.ts";
import { noUsage, sampleRun } from "./testing/sample-run.ts";

type Attempt = Run["attempts"][number];

const evening = Date.parse("2026-05-04T20:00:00.000Z");
const at = (minutes: number): string => new Date(evening + minutes * 60_000).toISOString();

function attempt(from: number, to: number | null, activeMs: number | null): Attempt {
  return {
    number: 1,
    providerId: "one",
    providerName: "One",
    providerType: "api",
    model: null,
    reason: "First choice",
    startedAt: at(from),
    endedAt: to === null ? null : at(to),
    failure: null,
    message: null,
    usage: noUsage,
    activeMs,
  };
}

function minutesUsed(attempts: Attempt[], endedAt: string | null): number {
  return useOf(sampleRun({ id: "run-1", createdAt: at(0), startedAt: at(0), endedAt, attempts })).minutes;
}

describe("the minutes a run has used", () => {
  it("are those its attempts were at work", () => {
    expect(minutesUsed([attempt(0, 30, 600_000), attempt(40, 60, 300_000)], at(60))).toBe(15);
    expect(minutesUsed([attempt(0, 30, 600_000), attempt(40, null, null)], null)).toBe(10);
  });

  it("are none when it was stopped before anybody was asked, however long it waited", () => {
    expect(minutesUsed([], at(180))).toBe(0);
  });

  it("leave out the night between an attempt that was cut off and the one it went on with", () => {
    expect(minutesUsed([attempt(0, 5, null), attempt(720, 730, 600_000)], at(730))).toBe(15);
  });
});

describe("whose limits those of a run are", () => {
  const none: Budget = { costUsd: null, tokens: null, turns: null, minutes: null };
  const task = {
    budget: { ...none, costUsd: 2, turns: 1 },
    left: { ...none, costUsd: 2, turns: 1 },
    whose: "of its task",
  };
  const day = {
    budget: { ...none, costUsd: 1, minutes: 30 },
    left: { ...none, costUsd: 0.25, minutes: 30 },
    whose: "a day of the automation Nightly",
  };

  it("is said for each, with what was left of it", () => {
    expect(limitNamesOf(narrower(task.left, day.left), [task, day])).toEqual({
      costUsd: "What was left of the budget of $1.00 a day of the automation Nightly",
      turns: "The budget of 1 turn of its task",
      minutes: "The budget of 30 minutes a day of the automation Nightly",
    });
    expect(limitNamesOf({ ...none, tokens: 5 }, [task, day])).toEqual({});
  });

  it("is not said of what the run has as its own", () => {
    const own = { ...none, costUsd: 0.1, minutes: 30 };
    expect(limitNamesOf(narrower(own, day.left), [day], own)).toEqual({});
  });
});
