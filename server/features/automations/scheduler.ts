import type { MissedPolicy, ClockSchedule } from "../../../contract/features/automation-schedules.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { createAfterwork } from "./afterwork.ts";
import { createDueHeap } from "../../../lib/due-heap.ts";
import { nextDue } from "./due-times.ts";
import { type DuePlan, planDue, resumeDue } from "./missed-policy.ts";

/** The timer must look at the wall clock this often: a suspended machine and a clock set forward fire no timer. */
const lookEveryMs = 1_000;
/** A wall clock that moved this much more or less than real time was set, or the machine slept. */
const jumpMs = 2_000;
/** No schedule is due twice within this time, so a due time this young needs no look for others. */
const shortestGapMs = 1_000;
/** So many are started, then what came in meanwhile is dealt with: their claims share one write. */
const startsPerTurn = 500;

export type GapCause = "start" | "jump" | null;

export interface Timers {
  /** Calls `work` once after `delayMs`; returns how to prevent it. */
  set(delayMs: number, work: () => void): () => void;
  /** Calls `work` as soon as waiting input has been dealt with. */
  soon(work: () => void): void;
}

/** Timers of Node that do not keep the process alive. */
export const nodeTimers: Timers = {
  set(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
  soon: (work) => {
    setImmediate(work);
  },
};

export interface ScheduleEntry {
  id: string;
  schedule: ClockSchedule;
  missedPolicy: MissedPolicy;
  /** Due times count from here (milliseconds). */
  from: number;
  /** The due time handled last. */
  lastDue: number | null;
}

export interface SchedulerOptions {
  clock: Clock;
  timers: Timers;
  logger: Logger;
  /**
   * Something is due. Called synchronously, must not throw nor reject; resolves once it is dealt with. `cause` says why times were
   * missed, when they were.
   */
  onDue(id: string, plan: Omit<DuePlan, "next">, cause: GapCause): Promise<void> | undefined;
  /** The next due time of an automation is another one now. */
  onNext(id: string, next: number | null): void;
  /** The wall clock was set back; a good moment to write down what is known. */
  onSetBack?: () => void;
}

/** Wakes automations at their due times with one timer for all of them. */
export interface Scheduler {
  /** Adds or replaces an entry; the others are not touched. */
  set(entry: ScheduleEntry): void;
  remove(id: string): void;
  nextDue(id: string): number | null;
  /** Wakes `id` again for `due` after `delayMs`: its row could not be written. */
  retry(id: string, due: number, delayMs: number): void;
  start(): void;
  stop(): void;
}

interface Waiting extends ScheduleEntry {
  next: number | null;
}

/** A scheduler that does nothing until `start()`. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { clock, timers, logger, onDue, onNext } = options;
  const waiting = new Map<string, Waiting>();
  const heap = createDueHeap();
  /** Working out the next time of thousands must not delay those that are due now. */
  const toAdvance = createAfterwork<Waiting>({
    timers,
    isMoreDue: () => (heap.first() ?? Infinity) <= clock.now(),
    work(entry) {
      const { lastDue } = entry;
      if (lastDue !== null && waiting.get(entry.id) === entry) guarded(entry, () => nextDue(entry.schedule, lastDue));
    },
    onTurn: arm,
  });
  let cancelTimer: (() => void) | null = null;
  let isRunning = false;
  let isLooking = false;
  let cause: GapCause = "start";
  const noticeJump = watchForJumps(clock);

  function wait(entry: Waiting, next: number | null, wakeAt = next): void {
    const isNew = entry.next !== next;
    entry.next = next;
    if (wakeAt === null) heap.remove(entry.id);
    else heap.set(entry.id, wakeAt);
    if (isNew) onNext(entry.id, next);
  }

  function arm(): void {
    cancelTimer?.();
    cancelTimer = null;
    const first = heap.first();
    if (!isRunning || first === null) return;
    const leftMs = Math.ceil(first - clock.now());
    if (leftMs > 0) cancelTimer = timers.set(Math.min(leftMs, lookEveryMs), look);
    else lookSoon();
  }

  function lookSoon(): void {
    if (isLooking) return;
    isLooking = true;
    timers.soon(() => {
      isLooking = false;
      look();
    });
  }

  function look(): void {
    if (!isRunning) return;
    const jump = noticeJump();
    if (jump > jumpMs) cause = "jump";
    else if (jump < -jumpMs) setBack();
    const dealt = heap.take(clock.now(), startsPerTurn).map((id) => {
      const entry = waiting.get(id);
      return entry !== undefined && entry.next !== null ? fire(entry, entry.next) : undefined;
    });
    toAdvance.beginAfter(dealt.filter((work) => work !== undefined));
    if (cause !== null && toAdvance.size() === 0) cause = null;
    arm();
  }

  function setBack(): void {
    logger.warn("The clock was set back; due times are worked out again");
    const now = clock.now();
    for (const entry of waiting.values())
      guarded(entry, () => resumeDue(entry.schedule, entry.from, entry.lastDue, now));
    options.onSetBack?.();
  }

  function guarded(entry: Waiting, work: () => number | null): void {
    try {
      wait(entry, work());
    } catch (error) {
      logger.error("The next due time cannot be worked out", { automation: entry.id }, error);
      wait(entry, null);
    }
  }

  function fire(entry: Waiting, due: number): Promise<void> | undefined {
    const now = clock.now();
    if (now - due < shortestGapMs) {
      entry.lastDue = due;
      toAdvance.add(entry);
      return onDue(entry.id, { missed: [], run: due, isCatchUp: false }, null);
    }
    let dealt: Promise<void> | undefined;
    guarded(entry, () => {
      const { next, ...plan } = planDue(entry.schedule, due, now, entry.missedPolicy);
      entry.lastDue = plan.run ?? plan.missed.at(-1)?.to ?? due;
      dealt = onDue(entry.id, plan, cause);
      return next;
    });
    return dealt;
  }

  return {
    set(given) {
      const entry = { ...given, next: waiting.get(given.id)?.next ?? null };
      waiting.set(given.id, entry);
      guarded(entry, () => resumeDue(given.schedule, given.from, given.lastDue, clock.now()));
      if (isRunning) arm();
    },
    remove(id) {
      waiting.delete(id);
      heap.remove(id);
    },
    nextDue: (id) => waiting.get(id)?.next ?? null,
    retry(id, due, delayMs) {
      const entry = waiting.get(id);
      if (!entry) return;
      toAdvance.drop(entry); // this due time comes first
      wait(entry, due, clock.now() + delayMs);
      arm();
    },
    start() {
      isRunning = true;
      cause = "start";
      noticeJump();
      arm();
    },
    stop() {
      isRunning = false;
      cancelTimer?.();
      cancelTimer = null;
      toAdvance.stop();
    },
  };
}

/** Says at each call by how much the wall clock moved more than real time since the one before. */
function watchForJumps(clock: Clock): () => number {
  let seen = { wall: clock.now(), monotonic: clock.monotonic() };
  return () => {
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const jump = now.wall - seen.wall - (now.monotonic - seen.monotonic);
    seen = now;
    return jump;
  };
}
