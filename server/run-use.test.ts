import { describe, expect, it } from "vitest";

import type { Run } from "../contract/features/runs.ts";
import { useOf } from "./run-use.ts";
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
