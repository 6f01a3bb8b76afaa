import { Cron, CronPattern } from "croner";

import type { ClockSchedule } from "../../../contract/features/automation-schedules.ts";
import type { DueTime } from "../../../contract/features/automations.ts";
import { offsetText, repetition, wallTime, zoneOffset } from "./zone-time.ts";

/**
 * Times without wildcards ("30 2 * * *", "0 9,17 * * 1-5") follow the clock on the wall: what falls into a spring gap runs at the
 * first time after it, what would come twice in autumn comes once. The others count real time.
 */
const fixedTimeRule = "no-wildcard";
const mode = "5-or-6-parts";
const keptCrons = 2_000;
const crons = new Map<string, Cron>();

function cronOf(expression: string, zone: string): Cron {
  const key = `${zone} ${expression}`;
  const known = crons.get(key);
  if (known) return known;
  const made = new Cron(expression, { timezone: zone, mode, fixedTimeRule, paused: true });
  if (crons.size >= keptCrons) crons.delete(crons.keys().next().value ?? "");
  crons.set(key, made);
  return made;
}

function onceAt(at: string, zone: string): number {
  // croner moves a time in a spring gap behind it and takes the first of two equal ones
  const local = at.length === 16 ? `${at}:00` : at.slice(0, 19);
  return new Cron(local, { timezone: zone, paused: true }).nextRun(new Date(0))?.getTime() ?? Number.NaN;
}

/** First due time after `afterMs`, in milliseconds; `null` when there is none. Throws when croner refuses the expression. */
export function nextDue(schedule: ClockSchedule, afterMs: number): number | null {
  if (schedule.kind === "cron")
    return cronOf(schedule.expression, schedule.zone).nextRun(new Date(afterMs))?.getTime() ?? null;
  if (schedule.kind === "once") {
    const at = onceAt(schedule.at, schedule.zone);
    return at > afterMs ? at : null;
  }
  const anchor = Date.parse(schedule.anchor);
  const steps = Math.max(0, Math.floor((afterMs - anchor) / schedule.everyMs) + 1);
  return anchor + steps * schedule.everyMs;
}

/** Whether due times name hours of the day (true) or count elapsed time (false); decides what a clock set back does. */
export function isFixedTime(schedule: ClockSchedule): boolean {
  if (schedule.kind !== "cron") return schedule.kind === "once";
  return new CronPattern(schedule.expression, schedule.zone, { mode, fixedTimeRule }).isFixedTime;
}

/** What is wrong with a schedule that has the right shape; empty when it will come due after `nowMs`. */
export function scheduleIssues(schedule: ClockSchedule, nowMs: number): { path: string; message: string }[] {
  const path = schedule.kind === "cron" ? "expression" : schedule.kind === "once" ? "at" : "everyMs";
  try {
    const due = nextDue(schedule, nowMs);
    if (due !== null && Number.isFinite(due)) return [];
    return [{ path, message: schedule.kind === "once" ? "must not be in the past" : "never comes due" }];
  } catch (error) {
    const text = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    return [{ path, message: text }];
  }
}

/** The next `count` due times after `fromMs` with zone and clock-change marks. Intervals are shown in `zone`. */
export function previewDueTimes(schedule: ClockSchedule, fromMs: number, count: number, zone: string): DueTime[] {
  const shownIn = schedule.kind === "interval" ? zone : schedule.zone;
  const times: DueTime[] = [];
  let offsetBefore = zoneOffset(fromMs, shownIn);
  let after = fromMs;
  while (times.length < count) {
    const due = nextDue(schedule, after);
    if (due === null) break;
    const offset = zoneOffset(due, shownIn);
    times.push({
      at: new Date(due).toISOString(),
      local: new Date(wallTime(due, shownIn)).toISOString().slice(0, 19).replace("T", " "),
      offset: offsetText(offset),
      mark: isMoved(schedule, due)
        ? "moved"
        : (repetition(due, shownIn) ?? (offset === offsetBefore ? null : "shifted")),
    });
    offsetBefore = offset;
    after = due;
  }
  return times;
}

function isMoved(schedule: ClockSchedule, due: number): boolean {
  if (schedule.kind === "interval") return false;
  if (schedule.kind === "cron") return !cronOf(schedule.expression, schedule.zone).match(new Date(due));
  return !new Date(wallTime(due, schedule.zone)).toISOString().startsWith(schedule.at.slice(0, 19));
}
