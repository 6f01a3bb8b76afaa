import type { MissedPolicy, ClockSchedule } from "../../../contract/features/automation-schedules.ts";
import { isFixedTime, nextDue } from "./due-times.ts";

/** A due time at most this long ago is run late and not counted as missed: it covers a quick restart. */
export const onTimeToleranceMs = 30_000;
/** More missed due times than this share one ledger row. */
export const maxMissedRows = 500;
/** A clock set back by at most this much does not repeat fixed times that ran already. */
export const repeatGuardMs = 3 * 3_600_000;

/** Missed due times: one, or a span of many. */
export interface MissedSpan {
  from: number;
  to: number;
  /** `null`: too many to count. */
  count: number | null;
}

export interface DuePlan {
  missed: MissedSpan[];
  /** The due time to run now. */
  run: number | null;
  /** The run makes up for a missed time. */
  isCatchUp: boolean;
  /** Due time after all of these. */
  next: number | null;
}

/** Decides what to do at `now` about every due time from `firstDue` (≤ now) on. */
export function planDue(schedule: ClockSchedule, firstDue: number, now: number, policy: MissedPolicy): DuePlan {
  const { missed, newest, next } = collectDue(schedule, firstDue, now);
  const late = now - newest;
  if (late <= onTimeToleranceMs) return { missed, run: newest, isCatchUp: false, next };
  if (policy.kind === "run-once" && late <= policy.graceMs) return { missed, run: newest, isCatchUp: true, next };
  return { missed: [...missed, { from: newest, to: newest, count: 1 }], run: null, isCatchUp: false, next };
}

function single(due: number): MissedSpan {
  return { from: due, to: due, count: 1 };
}

function collectDue(schedule: ClockSchedule, firstDue: number, now: number) {
  const dues = [firstDue];
  let next = nextDue(schedule, firstDue);
  while (next !== null && next <= now && dues.length <= maxMissedRows) {
    dues.push(next);
    next = nextDue(schedule, next);
  }
  const newest = dues.pop() ?? firstDue;
  if (next === null || next > now) return { missed: dues.map(single), newest, next };
  const [before, last] = lastTwoDue(schedule, next, now);
  const count = schedule.kind === "interval" ? Math.round(((before ?? last) - firstDue) / schedule.everyMs) + 1 : null;
  return {
    missed: [{ from: firstDue, to: before ?? newest, count }],
    newest: last,
    next: nextDue(schedule, last),
  };
}

/** The last due time at or before `now`, and the one before it; `known` is one that lies before `now`. */
function lastTwoDue(schedule: ClockSchedule, known: number, now: number): [number | null, number] {
  for (let back = 60_000; ; back *= 2) {
    const start = Math.max(known - 1, now - back);
    const found: number[] = [];
    for (let due = nextDue(schedule, start); due !== null && due <= now; due = nextDue(schedule, due)) found.push(due);
    const [last, before] = [found.at(-1), found.at(-2)];
    if (last !== undefined && (before !== undefined || start < known)) return [before ?? null, last];
    if (start < known) return [null, known];
  }
}

/**
 * The due time to wait for, given the last one handled: never one that was handled already, except that a clock set back by
 * more than three hours was wrong before, and that what counts elapsed time goes on at once.
 */
export function resumeDue(schedule: ClockSchedule, from: number, lastDue: number | null, now: number): number | null {
  const base = Math.max(from, lastDue ?? from);
  if (base <= now) return nextDue(schedule, base);
  const isRepeat = isFixedTime(schedule) && base - now <= repeatGuardMs;
  return nextDue(schedule, isRepeat || schedule.kind === "once" ? base : now);
}
