import type { Clock } from "../lib/clock.ts";

export interface TickerOptions {
  everyMs: number;
  /** What is due first after a time, both in milliseconds since 1970; what came due before was seen by a run. */
  dueAt(after: number): number | null;
  run(): Promise<void>;
  clock: Clock;
}

/** Runs something regularly and additionally when it is due; never twice at the same time. */
export function createTicker({ everyMs, dueAt, run, clock }: TickerOptions) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let isStopped = true;
  let ranAt = 0;

  function reschedule(): void {
    clearTimeout(timer);
    if (isStopped || running) return;
    const due = dueAt(ranAt);
    const untilDue = due === null ? everyMs : Math.max(0, due - clock.now());
    timer = setTimeout(tick, Math.min(everyMs, untilDue));
  }

  function tick(): void {
    ranAt = clock.now();
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
