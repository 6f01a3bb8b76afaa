import type { Clock } from "../lib/clock.ts";

export interface TickerOptions {
  everyMs: number;
  /** Something that is due earlier, in milliseconds since 1970. */
  dueAt(): number | null;
  run(): Promise<void>;
  clock: Clock;
}

/** Runs something regularly and additionally when it is due; never twice at the same time. */
export function createTicker({ everyMs, dueAt, run, clock }: TickerOptions) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let isStopped = true;

  function reschedule(): void {
    clearTimeout(timer);
    if (isStopped || running) return;
    const due = dueAt();
    const untilDue = due === null ? everyMs : Math.max(0, due - clock.now());
    timer = setTimeout(tick, Math.min(everyMs, untilDue));
  }

  function tick(): void {
    running = run().finally(() => {
      running = null;
      reschedule();
    });
  }

  return {
    start(): void {
      isStopped = false;
      tick();
    },
    reschedule,
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
