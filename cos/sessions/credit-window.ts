export interface CreditWindow {
  /** Bytes that may be on their way to a viewer. */
  readonly size: number;
  /** Bytes sent and not yet processed by the viewer's terminal. */
  readonly owed: number;
  sent(bytes: number): void;
  /** The viewer has processed `bytes` more. */
  processed(bytes: number): void;
  /** The window was in the way: it may grow when the viewer turns out to be fast. */
  limited(): void;
}

export const windowBytes = { least: 32_768, most: 524_288 };
const delayMs = 60;

/**
 * How much may be on its way to one viewer, so that output waits about 60 ms there whatever its speed: what has been
 * sent cannot be called back, and must have been shown before the prompt after a Ctrl-C is.
 */
export function createCreditWindow(now: () => number): CreditWindow {
  let size = windowBytes.most;
  let owed = 0;
  let isLimited = false;
  let leastDelay = Infinity;
  const waiting: { bytes: number; at: number }[] = [];
  let first = 0;

  /** Delay of the newest message that `bytes` cover, or `null` when none is covered fully. */
  function settle(bytes: number): number | null {
    let left = bytes;
    let delay: number | null = null;
    for (let entry = waiting[first]; entry && left > 0; entry = waiting[first]) {
      if (entry.bytes > left) {
        entry.bytes -= left;
        break;
      }
      left -= entry.bytes;
      delay = now() - entry.at;
      first += 1;
    }
    if (first > 64) {
      waiting.splice(0, first);
      first = 0;
    }
    return delay;
  }

  return {
    get size() {
      return size;
    },
    get owed() {
      return owed;
    },
    sent(bytes) {
      owed += bytes;
      waiting.push({ bytes, at: now() });
    },
    processed(bytes) {
      owed = Math.max(0, owed - bytes);
      const delay = settle(bytes);
      if (delay === null) return;
      leastDelay = Math.min(leastDelay, delay);
      if (delay > leastDelay + delayMs) size = Math.max(windowBytes.least, Math.floor(size * 0.7));
      else if (isLimited && delay < leastDelay + delayMs / 2) {
        size = Math.min(windowBytes.most, Math.floor(size * 1.5));
        isLimited = false;
      }
    },
    limited() {
      isLimited = true;
    },
  };
}
