import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ClockSchedule } from "../../../contract/features/automation-schedules.ts";
import { isFixedTime, nextDue, previewDueTimes, scheduleIssues } from "./due-times.ts";
import { zoneOffset } from "./zone-time.ts";

const cron = (expression: string, zone = "UTC"): ClockSchedule => ({ kind: "cron", expression, zone });

function dues(schedule: ClockSchedule, from: string, count: number): string[] {
  const found: string[] = [];
  let after = Date.parse(from);
  for (let due = nextDue(schedule, after); due !== null && found.length < count; due = nextDue(schedule, after)) {
    found.push(new Date(due).toISOString().slice(0, 16));
    after = due;
  }
  return found;
}

const preview = (schedule: ClockSchedule, from: string) =>
  previewDueTimes(schedule, Date.parse(from), 2, "UTC").map(({ local, offset, mark }) => [local, offset, mark]);

describe("cron expressions", () => {
  it.each([
    ["7 is Sunday", "0 0 * * 7", ["2026-11-22T00:00", "2026-11-29T00:00"]],
    ["0 is Sunday", "0 0 * * 0", ["2026-11-22T00:00", "2026-11-29T00:00"]],
    ["a range with a step", "1-30/5 0 * * *", ["2026-11-22T00:01", "2026-11-22T00:06"]],
    ["day of month or day of week", "0 0 1 * 1", ["2026-11-23T00:00", "2026-11-30T00:00", "2026-12-01T00:00"]],
    ["day of month alone", "0 0 1 * *", ["2026-12-01T00:00", "2027-01-01T00:00"]],
    ["names", "30 9 * * MON-FRI", ["2026-11-23T09:30", "2026-11-24T09:30"]],
    ["the last day of the month", "0 12 L * *", ["2026-11-30T12:00", "2026-12-31T12:00"]],
    ["the last Friday", "0 12 * * FRI#L", ["2026-11-27T12:00", "2026-12-25T12:00"]],
    ["a leap day", "0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]],
    ["a nickname", "@hourly", ["2026-11-21T13:00", "2026-11-21T14:00"]],
  ])("%s", (_what, expression, expected) => {
    expect(dues(cron(expression), "2026-11-21T12:00:00Z", expected.length)).toEqual(expected);
  });

  it.each([
    ["61 * * * *", "minute"],
    ["* * * * 8", "dayOfWeek"],
    ["* * *", "space separated"],
    ["0 0 31 2 *", "never comes due"],
    ["hello", "configuration format"],
  ])("refuses %s and says why", (expression, reason) => {
    const [issue] = scheduleIssues(cron(expression), Date.parse("2026-11-21T12:00:00Z"));
    expect(issue?.path).toBe("expression");
    expect(issue?.message).toContain(reason);
  });
});

describe("changes of the clocks", () => {
  // New York: 2026-03-08 02:00 → 03:00, 2026-11-01 02:00 → 01:00. Berlin: 2026-03-29, 2026-10-25. Lord Howe: ± 30 minutes.
  it.each([
    [
      "New York, spring, in the gap",
      "30 2 * * *",
      "America/New_York",
      "2026-03-07T12:00",
      ["2026-03-08T07:00", "2026-03-09T06:30"],
    ],
    [
      "New York, spring, before the gap",
      "30 1 * * *",
      "America/New_York",
      "2026-03-07T12:00",
      ["2026-03-08T06:30", "2026-03-09T05:30"],
    ],
    [
      "New York, autumn, repeated",
      "30 1 * * *",
      "America/New_York",
      "2026-10-31T12:00",
      ["2026-11-01T05:30", "2026-11-02T06:30"],
    ],
    [
      "New York, autumn, every half hour",
      "*/30 * * * *",
      "America/New_York",
      "2026-11-01T05:00",
      ["2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30", "2026-11-01T07:00"],
    ],
    [
      "Berlin, spring, in the gap",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00",
      ["2026-03-29T01:00", "2026-03-30T00:30"],
    ],
    [
      "Berlin, spring, a list of hours",
      "30 2,14 * * *",
      "Europe/Berlin",
      "2026-03-28T14:00",
      ["2026-03-29T01:00", "2026-03-29T12:30"],
    ],
    [
      "Berlin, spring, every quarter",
      "*/15 * * * *",
      "Europe/Berlin",
      "2026-03-29T00:30",
      ["2026-03-29T00:45", "2026-03-29T01:00", "2026-03-29T01:15"],
    ],
    [
      "Berlin, autumn, repeated",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T12:00",
      ["2026-10-25T00:30", "2026-10-26T01:30"],
    ],
    [
      "Lord Howe, spring, in the gap",
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T00:00",
      ["2026-10-03T15:30", "2026-10-04T15:15"],
    ],
    [
      "Lord Howe, autumn, repeated",
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2026-04-04T00:00",
      ["2026-04-04T14:45", "2026-04-05T15:15"],
    ],
    [
      "Lord Howe, autumn, every quarter",
      "*/15 * * * *",
      "Australia/Lord_Howe",
      "2026-04-04T14:30",
      ["2026-04-04T14:45", "2026-04-04T15:00", "2026-04-04T15:15"],
    ],
  ])("%s", (_what, expression, zone, from, expected) => {
    expect(dues(cron(expression, zone), `${from}:00Z`, expected.length)).toEqual(expected);
  });

  it("a daily time runs on every day of ten years in every zone with clock changes", () => {
    for (const zone of ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"]) {
      let after = Date.parse("2020-01-01T00:00:00Z");
      const end = Date.parse("2030-01-01T00:00:00Z");
      let count = 0;
      for (let due = nextDue(cron("30 2 * * *", zone), after); due !== null && due < end; count += 1) {
        expect(due - after).toBeGreaterThan(0);
        after = due;
        due = nextDue(cron("30 2 * * *", zone), after);
      }
      expect(count).toBe(3653);
    }
  });

  it("marks moved, repeated and shifted times in the preview", () => {
    expect(preview(cron("30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z")).toEqual([
      ["2026-03-29 03:00:00", "+02:00", "moved"],
      ["2026-03-30 02:30:00", "+02:00", null],
    ]);
    expect(preview(cron("*/30 * * * *", "America/New_York"), "2026-11-01T05:15:00Z")).toEqual([
      ["2026-11-01 01:30:00", "-04:00", "first"],
      ["2026-11-01 01:00:00", "-05:00", "second"],
    ]);
    expect(preview(cron("0 9 * * *", "Europe/Berlin"), "2026-10-24T09:00:00Z")).toEqual([
      ["2026-10-25 09:00:00", "+01:00", "shifted"],
      ["2026-10-26 09:00:00", "+01:00", null],
    ]);
    expect(preview({ kind: "once", at: "2026-03-29T02:30", zone: "Europe/Berlin" }, "2026-01-01T00:00:00Z")).toEqual([
      ["2026-03-29 03:30:00", "+02:00", "moved"],
    ]);
  });

  it("knows half-hour and negative offsets", () => {
    expect(zoneOffset(Date.parse("2026-07-01T00:00:00Z"), "Australia/Lord_Howe")).toBe(10.5 * 3_600_000);
    expect(zoneOffset(Date.parse("2026-07-01T00:00:00Z"), "America/New_York")).toBe(-4 * 3_600_000);
  });
});

describe("intervals and single times", () => {
  it("an interval keeps its beat from the anchor whatever the start", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 90_000_000 }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        (everyMs, anchor, after) => {
          const schedule: ClockSchedule = { kind: "interval", everyMs, anchor: new Date(anchor).toISOString() };
          const due = nextDue(schedule, after) ?? 0;
          expect(due).toBeGreaterThan(after);
          expect((due - anchor) % everyMs).toBe(0);
          if (after >= anchor) expect(due - after).toBeLessThanOrEqual(everyMs);
        },
      ),
    );
  });

  it("next due times strictly grow for any cron of minutes and hours", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.constantFrom("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"),
        fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
        (minute, hour, zone, from) => {
          const schedule = cron(`${minute} ${hour} * * *`, zone);
          const first = nextDue(schedule, from) ?? 0;
          const second = nextDue(schedule, first) ?? 0;
          expect(first).toBeGreaterThan(from);
          expect(second - first).toBeGreaterThanOrEqual(22 * 3_600_000);
          expect(second - first).toBeLessThanOrEqual(26 * 3_600_000);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("a single time is due once", () => {
    const once: ClockSchedule = { kind: "once", at: "2026-11-21T09:00", zone: "Europe/Berlin" };
    expect(dues(once, "2026-11-20T00:00:00Z", 3)).toEqual(["2026-11-21T08:00"]);
    expect(scheduleIssues(once, Date.parse("2026-11-22T00:00:00Z"))).toEqual([
      { path: "at", message: "must not be in the past" },
    ]);
  });

  it("tells hours of the day from elapsed time", () => {
    expect(isFixedTime(cron("30 2,14 * * *"))).toBe(true);
    expect(isFixedTime(cron("*/5 * * * *"))).toBe(false);
    expect(isFixedTime({ kind: "interval", everyMs: 1_000, anchor: "2026-01-01T00:00:00Z" })).toBe(false);
  });
});
