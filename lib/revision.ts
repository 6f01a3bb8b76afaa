import { randomBytes } from "node:crypto";

/** A state others wait for: each `bump` gives it a new name, and wakes everybody who waits for one. */
export interface Revision {
  /** Name of the present state; never the same after a restart. */
  current(): string;
  bump(): void;
  /** Resolves at once when `after` is not the present state, else at the next change, after `waitMs` or when aborted. */
  wait(after: string | undefined, waitMs: number, signal?: AbortSignal): Promise<void>;
}

/** The server side of long polling: a change reaches a waiting caller at once and idling costs one request per wait. */
export function createRevision(): Revision {
  const epoch = randomBytes(5).toString("hex");
  let number = 0;
  const waiting = new Set<() => void>();

  function current(): string {
    return `${epoch}:${number}`;
  }

  return {
    current,
    bump() {
      number += 1;
      for (const wake of waiting) wake();
    },
    wait(after, waitMs, signal) {
      if (after !== current() || waitMs <= 0 || signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, waitMs);
        waiting.add(wake);
        signal?.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
