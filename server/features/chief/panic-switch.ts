import { panicSchema, type Panic } from "../../../contract/features/chief.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";

/** How `data/panic.json` is opened. */
export const panicFile = {
  schema: panicSchema,
  initial: {
    isOn: false,
    at: null,
    by: null,
    stoppedRuns: 0,
    deniedQuestions: 0,
    pausedAutomations: 0,
    stoppedCommands: 0,
    stoppedChecks: 0,
    stoppedDownloads: 0,
    stoppedCalls: 0,
  } satisfies Panic,
  version: 1,
};

/** What a brake has stopped is counted under one of these. */
export type BrakeCount =
  | "stoppedRuns"
  | "deniedQuestions"
  | "pausedAutomations"
  | "stoppedCommands"
  | "stoppedChecks"
  | "stoppedDownloads"
  | "stoppedCalls";

/**
 * One switch that stops everything that runs by itself. It is on as soon as that is on disk; whoever starts something asks it
 * first. Terminals know nothing of it.
 */
export interface PanicSwitch {
  get(): Panic;
  isOn(): boolean;
  /** Throws `conflict` saying who stopped everything while it is on. */
  check(): void;
  /** Stops everything; again while it is on, it stops what has slipped through. */
  panic(by: string): Promise<Panic>;
  /** Allows things again; starts nothing. */
  calm(): Promise<Panic>;
  /** `brake` stops one kind of thing and answers how many; what it cannot reach now must be stopped when it can. */
  addBrake(count: BrakeCount, brake: (by: string) => Promise<number>): void;
  /** What was stopped later, because it could not be reached before or was being started just then. */
  countLate(count: BrakeCount, stopped: number): Promise<void>;
  onChange(listener: (panic: Panic) => void): void;
}

interface PanicOptions {
  store: JsonStore<Panic>;
  clock: Clock;
  logger: Logger;
}

/** The switch as its file says; nothing is stopped by building it. */
export function createPanicSwitch({ store, clock, logger }: PanicOptions): PanicSwitch {
  const brakes: { count: BrakeCount; brake: (by: string) => Promise<number> }[] = [];
  const listeners: ((panic: Panic) => void)[] = [];
  store.subscribe((panic) => {
    for (const listener of listeners) listener(panic);
  });

  async function add(count: BrakeCount, stopped: number): Promise<void> {
    if (stopped > 0)
      await store.update((panic) => ({
        next: panic.isOn ? { ...panic, [count]: panic[count] + stopped } : panic,
        result: null,
      }));
  }

  /** `isAgain`: what is held back and not ended was counted the first time. */
  async function pull({ count, brake }: (typeof brakes)[number], by: string, isAgain: boolean): Promise<void> {
    try {
      const stopped = await brake(by);
      if (!(isAgain && count === "pausedAutomations")) await add(count, stopped);
    } catch (error) {
      logger.error("Something could not be stopped", { what: count }, error);
    }
  }

  return {
    get: () => store.get(),
    isOn: () => store.get().isOn,
    check() {
      const { isOn, by } = store.get();
      if (!isOn) return;
      throw new AppError("conflict", `Everything is stopped${by === null ? "" : ` by ${by}`}`, {
        hint: 'Press "Allow again" first.',
      });
    },
    async panic(by) {
      const isAgain = await store.update((panic) => ({
        next: panic.isOn ? panic : { ...panicFile.initial, isOn: true, at: new Date(clock.now()).toISOString(), by },
        result: panic.isOn,
      }));
      // Together: an agent that hangs must not keep the schedules going.
      await Promise.all(brakes.map((one) => pull(one, by, isAgain)));
      return store.get();
    },
    async calm() {
      await store.update(() => ({ next: panicFile.initial, result: null }));
      return store.get();
    },
    addBrake(count, brake) {
      brakes.push({ count, brake });
    },
    countLate: add,
    onChange: (listener) => void listeners.push(listener),
  };
}
