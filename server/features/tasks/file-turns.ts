import { AppError } from "../../../lib/app-error.ts";
import type { FileChoice } from "./tasks-reader.ts";

/** One look at the file after the other, each until nothing is left to do. */
export interface FileTurns {
  /** Looks soon; what is asked for meanwhile is one look. */
  touch(delayMs?: number): void;
  /** Looks again after a while, in place of what was asked for so before. */
  touchLate(): void;
  /** Looks now, with the user's word, and resolves when that is done. */
  take(choice: FileChoice): Promise<void>;
  stop(): Promise<void>;
}

/** Changes of one moment are written together. */
const pauseMs = 30;
const retryMs = 5_000;
/** How long a program that opened the file before it was replaced may still write into the old content. */
const lateMs = [200, 2_000];
const maxRounds = 20;

/** `pass` answers whether nothing is left to do. */
export function createFileTurns(
  pass: (choice: FileChoice | null) => Promise<boolean>,
  onFailure: (error: unknown) => void,
): FileTurns {
  let timer: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let lateTimers: NodeJS.Timeout[] = [];
  let running: Promise<void> | null = null;
  /** One choice of the user after the other. */
  let choices: Promise<void> = Promise.resolve();
  let isDirty = false;
  let isStopped = false;

  function touch(delayMs = pauseMs): void {
    if (isStopped) return;
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => void run(), delayMs);
  }

  function run(choice: FileChoice | null = null): Promise<void> {
    clearTimeout(timer);
    running ??= work(choice).finally(() => {
      running = null;
      if (isDirty) touch();
    });
    return running;
  }

  async function work(choice: FileChoice | null): Promise<void> {
    isDirty = false;
    clearTimeout(retry);
    try {
      for (let round = 1; !(await pass(choice)); round += 1)
        if (round === maxRounds) throw new AppError("conflict", "TASKS.md is being changed all the time.");
    } catch (error) {
      onFailure(error);
      if (!isStopped) retry = setTimeout(touch, retryMs, 0).unref();
    }
  }

  return {
    touch,
    touchLate() {
      for (const late of lateTimers) clearTimeout(late);
      lateTimers = lateMs.map((delay) => setTimeout(() => void run(), delay).unref());
    },
    take(choice) {
      // A choice is never taken for the look that is under way, which was begun without it.
      const taken = choices.then(async () => {
        await running;
        await run(choice);
      });
      choices = taken;
      return taken;
    },
    async stop() {
      isStopped = true;
      for (const each of [timer, retry, ...lateTimers]) clearTimeout(each);
      await choices;
      await running;
    },
  };
}
