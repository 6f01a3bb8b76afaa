import { EventEmitter, once } from "node:events";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { MissedPolicy, ClockSchedule } from "../../../contract/features/automation-schedules.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createDueHeap } from "../../../lib/due-heap.ts";
import { createFakeTime } from "./testing/fake-time.ts";
import { maxMissedRows, planDue, resumeDue } from "./missed-policy.ts";
import { createScheduler, type GapCause } from "./scheduler.ts";

const minute = 60_000;
const hour = 60 * minute;
const cron = (expression: string, zone = "UTC"): ClockSchedule => ({ kind: "cron", expression, zone });
const every = (everyMs: number): ClockSchedule => ({ kind: "interval", everyMs, anchor: "2026-01-01T00:00:00.000Z" });
const skip: MissedPolicy = { kind: "skip" };
const at = (time: string): number => Date.parse(time);

const iso = (value: number): string => new Date(value).toISOString();

function setUp(start: string, dealWith: (id: string) => Promise<void> | undefined = () => undefined) {
  const time = createFakeTime(start);
  const fired: { id: string; due: string; lateMs: number }[] = [];
  const missed: { id: string; from: string; to: string; count: number | null; cause: GapCause }[] = [];
  const next = new Map<string, number | null>();
  const scheduler = createScheduler({
    clock: time.clock,
    timers: time.timers,
    logger: silentLogger,
    onDue(id, plan, cause) {
      for (const span of plan.missed)
        missed.push({ id, from: iso(span.from), to: iso(span.to), count: span.count, cause });
      if (plan.run !== null) fired.push({ id, due: iso(plan.run), lateMs: time.clock.now() - plan.run });
      return dealWith(id);
    },
    onNext: (id, due) => next.set(id, due),
  });
  const add = (
    id: string,
    schedule: ClockSchedule,
    more: { lastDue?: number; missedPolicy?: MissedPolicy } = {},
  ): void => {
    const { lastDue = null, missedPolicy = skip } = more;
    scheduler.set({ id, schedule, missedPolicy, from: lastDue ?? time.clock.now(), lastDue });
  };
  return { time, scheduler, fired, missed, next, add };
}

describe("scheduler", () => {
  it("fires each due time once and on time", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T12:00:30.000Z");
    add("a", cron("* * * * *"));
    add("b", every(90_000));
    scheduler.start();
    time.pass(5 * minute);
    expect(fired.filter(({ id }) => id === "a").map(({ due }) => due.slice(11, 19))).toEqual([
      "12:01:00",
      "12:02:00",
      "12:03:00",
      "12:04:00",
      "12:05:00",
    ]);
    expect(fired.filter(({ id }) => id === "b")).toHaveLength(3);
    expect(Math.max(...fired.map(({ lateMs }) => lateMs))).toBeLessThanOrEqual(1);
  });

  it("touches no other schedule when one is edited or removed", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T12:00:00.000Z");
    add("kept", every(10_000));
    add("edited", every(10_000));
    scheduler.start();
    time.pass(15_000);
    add("edited", cron("0 0 1 1 *"));
    time.pass(10_000);
    scheduler.remove("edited");
    time.pass(10_000);
    expect(fired.filter(({ id }) => id === "kept")).toHaveLength(3);
    expect(fired.filter(({ id }) => id === "edited")).toHaveLength(1);
  });

  it("notices within a second that the machine slept, runs the last time and reports the others", () => {
    const { time, scheduler, fired, missed, add } = setUp("2026-11-21T12:00:00.500Z");
    add("a", cron("* * * * *"));
    scheduler.start();
    time.pass(minute);
    time.suspend(10 * minute);
    time.pass(1_100);
    expect(fired.map(({ due }) => due.slice(11, 16))).toEqual(["12:01", "12:11"]);
    expect(fired[1]?.lateMs).toBeLessThanOrEqual(2_000);
    expect(missed.map(({ from }) => from.slice(14, 16))).toEqual([
      "02",
      "03",
      "04",
      "05",
      "06",
      "07",
      "08",
      "09",
      "10",
    ]);
    expect(new Set(missed.map(({ cause }) => cause))).toEqual(new Set(["jump"]));
    time.pass(minute);
    expect(fired.at(-1)?.due.slice(11, 16)).toBe("12:12");
  });

  it("reports missed times after a restart, and makes up for one within the grace time", () => {
    const start = "2026-11-21T12:30:00.000Z";
    const graced = setUp(start);
    const lastDue = at("2026-11-21T09:00:00Z");
    graced.add("late", cron("0 * * * *"), { lastDue, missedPolicy: { kind: "run-once", graceMs: hour } });
    graced.add("too-late", cron("0 * * * *"), { lastDue, missedPolicy: { kind: "run-once", graceMs: 10 * minute } });
    graced.add("skip", cron("0 * * * *"), { lastDue });
    graced.scheduler.start();
    graced.time.pass(10);
    expect(graced.fired.map(({ id, due }) => [id, due.slice(11, 16)])).toEqual([["late", "12:00"]]);
    const hours = (id: string): string[] =>
      graced.missed.filter((span) => span.id === id).map(({ from }) => from.slice(11, 13));
    expect(hours("late")).toEqual(["10", "11"]);
    expect(hours("too-late")).toEqual(["10", "11", "12"]);
    expect(hours("skip")).toEqual(["10", "11", "12"]);
    expect(graced.missed[0]?.cause).toBe("start");
  });

  it("does not repeat a time of day when the clock is set back by an hour", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T11:59:00.000Z");
    add("daily", cron("0 12 * * *"));
    scheduler.start();
    time.pass(30 * minute);
    time.setWall(-hour);
    time.pass(2 * hour);
    expect(fired).toHaveLength(1);
    time.pass(24 * hour);
    expect(fired.map(({ due }) => due.slice(0, 10))).toEqual(["2026-11-21", "2026-11-22"]);
  });

  it("goes on at once with what counts elapsed time when the clock is set back", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T12:00:30.000Z");
    add("often", cron("*/10 * * * *"));
    add("interval", every(10 * minute));
    scheduler.start();
    time.pass(30 * minute);
    time.setWall(-2 * hour);
    time.pass(30 * minute);
    for (const id of ["often", "interval"]) expect(fired.filter((entry) => entry.id === id)).toHaveLength(6);
  });

  it("recovers from a clock that was years ahead", () => {
    const { time, scheduler, fired, add } = setUp("2030-01-01T11:59:30.000Z");
    add("daily", cron("0 12 * * *"));
    scheduler.start();
    time.pass(minute);
    time.setWall(at("2026-11-21T11:00:00Z") - time.clock.now());
    time.pass(2 * hour);
    expect(fired.map(({ due }) => due.slice(0, 13))).toEqual(["2030-01-01T12", "2026-11-21T12"]);
  });

  it("starts thousands that are due together once each, and works out their next times after that", async () => {
    const gate = new EventEmitter();
    const dealtWith = once(gate, "open").then(() => undefined);
    const { time, scheduler, fired, next, add } = setUp("2026-11-21T12:00:30.000Z", () => dealtWith);
    for (let id = 0; id < 1_234; id += 1) add(String(id), cron("* * * * *"));
    scheduler.start();
    time.pass(30_100);
    expect(new Set(fired.map(({ id }) => id)).size).toBe(1_234);
    expect(fired).toHaveLength(1_234);
    expect([...next.values()].every((due) => due === at("2026-11-21T12:01:00Z"))).toBe(true);
    gate.emit("open");
    await dealtWith;
    await Promise.resolve();
    await Promise.resolve();
    time.pass(0);
    expect([...next.values()].every((due) => due === at("2026-11-21T12:02:00Z"))).toBe(true);
    time.pass(minute);
    expect(fired).toHaveLength(2 * 1_234);
  });

  it("works out the next times when what is due takes long to be dealt with", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T12:00:30.000Z", () => new Promise(() => undefined));
    add("a", cron("* * * * *"));
    scheduler.start();
    time.pass(3 * minute);
    expect(fired.map(({ due }) => due.slice(11, 16))).toEqual(["12:01", "12:02", "12:03"]);
  });

  it("tries again what could not be recorded before the next due time was worked out", async () => {
    const rig = setUp("2026-11-21T12:00:00.000Z", (id) => {
      if (rig.fired.length > 1) return undefined;
      return Promise.resolve().then(() => {
        rig.scheduler.retry(id, at("2026-11-21T12:01:00Z"), 5_000);
      });
    });
    rig.add("a", cron("1 12 * * *"));
    rig.scheduler.start();
    rig.time.pass(minute + 10);
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    rig.time.pass(6_000);
    expect(rig.fired.map(({ due }) => due.slice(11, 16))).toEqual(["12:01", "12:01"]);
    expect(rig.scheduler.nextDue("a")).toBe(at("2026-11-22T12:01:00Z"));
  });

  it("tries again when asked to, without losing the due time", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T12:00:00.000Z");
    add("a", cron("1 12 * * *"));
    scheduler.start();
    time.pass(minute + 10);
    scheduler.retry("a", at("2026-11-21T12:01:00Z"), 5_000);
    time.pass(6_000);
    expect(fired.map(({ due }) => due.slice(11, 16))).toEqual(["12:01", "12:01"]);
  });

  it("isolates a schedule that cannot be worked out", () => {
    const { time, scheduler, fired, next, add } = setUp("2026-11-21T12:00:00.000Z");
    add("bad", cron("not cron"));
    add("good", every(1_000));
    scheduler.start();
    time.pass(1_500);
    expect(next.get("bad") ?? null).toBeNull();
    expect(fired.map(({ id }) => id)).toContain("good");
  });

  it("fires ten thousand schedules, none twice, none forgotten", () => {
    const { time, scheduler, fired, add } = setUp("2026-11-21T12:00:00.000Z");
    for (let index = 0; index < 10_000; index += 1) add(String(index), every(10_000 + (index % 60) * 1_000));
    scheduler.start();
    time.pass(10 * minute);
    const due = new Set(fired.map(({ id, due: time_ }) => `${id} ${time_}`));
    expect(due.size).toBe(fired.length);
    const start = at("2026-11-21T12:00:00Z");
    let expected = 0;
    for (let index = 0; index < 10_000; index += 1) {
      const period = 10_000 + (index % 60) * 1_000;
      const anchor = at("2026-01-01T00:00:00Z");
      expected += Math.floor((start + 10 * minute - anchor) / period) - Math.floor((start - anchor) / period);
    }
    expect(fired.length).toBe(expected);
    expect(fired.every(({ lateMs }) => lateMs <= 1)).toBe(true);
  });
});

describe("missed due times", () => {
  it("names every one of a few and the span of very many", () => {
    const few = planDue(every(1_000), at("2026-11-21T12:00:00Z"), at("2026-11-21T12:05:00Z"), skip);
    expect(few.missed).toHaveLength(300);
    expect(few.run).toBe(at("2026-11-21T12:05:00Z"));
    const many = planDue(every(1_000), at("2025-11-21T12:00:00Z"), at("2026-11-21T12:00:00.400Z"), skip);
    expect(many.missed).toEqual([
      { from: at("2025-11-21T12:00:00Z"), to: at("2026-11-21T11:59:59Z"), count: 365 * 86_400 },
    ]);
    expect(many.run).toBe(at("2026-11-21T12:00:00Z"));
    expect(many.next).toBe(at("2026-11-21T12:00:01Z"));
  });

  it("collapses very many times of a cron expression without walking through all of them", () => {
    const began = performance.now();
    const plan = planDue(cron("* * * * *"), at("2016-01-01T00:00:00Z"), at("2026-01-01T00:00:40Z"), skip);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(plan.missed).toEqual([
      { from: at("2016-01-01T00:00:00Z"), to: at("2025-12-31T23:59:00Z"), count: null },
      { from: at("2026-01-01T00:00:00Z"), to: at("2026-01-01T00:00:00Z"), count: 1 },
    ]);
    expect(plan.next).toBe(at("2026-01-01T00:01:00Z"));
  });

  it("every due time is either missed or run, whatever the gap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 10 * minute }),
        fc.integer({ min: 0, max: 2 * hour }),
        fc.boolean(),
        (everyMs, gap, isGraced) => {
          const first = at("2026-01-01T00:00:00Z");
          const policy: MissedPolicy = isGraced ? { kind: "run-once", graceMs: hour } : skip;
          const plan = planDue(every(everyMs), first, first + gap, policy);
          const counted = plan.missed.reduce((sum, { count }) => sum + (count ?? 0), 0) + (plan.run === null ? 0 : 1);
          expect(counted).toBe(Math.floor(gap / everyMs) + 1);
          expect(plan.missed.length).toBeLessThanOrEqual(maxMissedRows + 1);
          expect(plan.next).toBeGreaterThan(first + gap);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never waits for a time it has handled", () => {
    const lastDue = at("2026-11-21T12:00:00Z");
    expect(resumeDue(cron("0 12 * * *"), 0, lastDue, at("2026-11-21T11:30:00Z"))).toBe(at("2026-11-22T12:00:00Z"));
    expect(resumeDue(cron("0 12 * * *"), 0, lastDue, at("2026-11-21T12:00:00Z"))).toBe(at("2026-11-22T12:00:00Z"));
    expect(resumeDue(cron("0 12 * * *"), 0, lastDue, at("2026-11-21T13:00:00Z"))).toBe(at("2026-11-22T12:00:00Z"));
  });
});

describe("heap of due times", () => {
  it("gives ids in the order of a sorted list through any changes", () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.integer({ min: 0, max: 1_000 })));
    const inputs = [fc.array(change, { maxLength: 200 }), fc.integer({ min: 0, max: 1_000 }), fc.nat(40)] as const;
    fc.assert(
      fc.property(...inputs, (changes, now, limit) => {
        const heap = createDueHeap();
        const model = new Map<string, number>();
        for (const [id, wakeAt] of changes) {
          if (wakeAt === null) {
            heap.remove(String(id));
            model.delete(String(id));
          } else {
            heap.set(String(id), wakeAt);
            model.set(String(id), wakeAt);
          }
          expect(heap.first()).toBe(model.size === 0 ? null : Math.min(...model.values()));
        }
        const taken = heap.take(now, limit);
        expect(taken.map((id) => model.get(id))).toEqual(
          [...model.values()]
            .filter((wakeAt) => wakeAt <= now)
            .toSorted((a, b) => a - b)
            .slice(0, limit),
        );
        expect(heap.size()).toBe(model.size - taken.length);
      }),
    );
  });
});
