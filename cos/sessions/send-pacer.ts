import type { Clock } from "../../lib/clock.ts";

export interface SendPacer {
  /** There are `pending` bytes to send: does it now, or soon together with what follows. */
  offer(pending: number, enoughBytes: number): void;
  stop(): void;
}

export const pacing = { intervalMs: 8, smallBytes: 1024, smallBurst: 4 };

/**
 * Decides when output is sent. After a quiet spell at once, so that an echo does not wait; up to four small pieces per
 * interval at once, so that fast typing does not either; everything else every 8 ms, or when there is enough.
 */
export function createSendPacer(send: () => void, clock: Pick<Clock, "monotonic">): SendPacer {
  let last = -Infinity;
  let small = 0;
  let timer: NodeJS.Timeout | null = null;

  function sendNow(startsInterval: boolean): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (startsInterval) {
      last = clock.monotonic();
      small = 0;
    }
    send();
  }

  return {
    offer(pending, enoughBytes) {
      if (pending >= enoughBytes) {
        sendNow(true);
        return;
      }
      if (timer) return;
      const waitMs = pacing.intervalMs - (clock.monotonic() - last);
      if (waitMs <= 0) sendNow(true);
      else if (pending < pacing.smallBytes && small < pacing.smallBurst) {
        small += 1;
        sendNow(false);
      } else {
        timer = setTimeout(() => {
          sendNow(true);
        }, waitMs);
      }
    },
    stop() {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}
