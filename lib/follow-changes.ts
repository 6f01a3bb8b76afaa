import type { Logger } from "./logger.ts";

export interface FollowOptions<T> {
  /** Asks for the state after `after`, waiting up to `waitMs` for it to change. */
  ask(after: string | undefined, waitMs: number, signal: AbortSignal): Promise<{ revision: string } & T>;
  onChange(change: T): void;
  /** The other side stopped answering. Called once until it answers again. */
  onLost(error: unknown): void;
  logger: Logger;
  waitMs?: number;
  /** Pause after a failure. */
  retryMs?: number;
}

/** The client side of long polling: follows another process until `stop`, however often that process comes and goes. */
export function createFollower<T extends object>(options: FollowOptions<T>): { start(): void; stop(): void } {
  const { waitMs = 25_000, retryMs = 2_000, logger } = options;
  let stopped: AbortController | null = null;

  async function run(signal: AbortSignal): Promise<void> {
    let after: string | undefined;
    let isLost = false;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        const change = await options.ask(after, after === undefined ? 0 : waitMs, signal);
        if (isOver()) return;
        if (change.revision !== after || isLost) options.onChange(change);
        after = change.revision;
        isLost = false;
      } catch (error) {
        if (isOver()) return;
        if (!isLost) options.onLost(error);
        isLost = true;
        after = undefined;
        await pause(retryMs, signal);
      }
    }
  }

  return {
    start() {
      if (stopped) return;
      stopped = new AbortController();
      run(stopped.signal).catch((error: unknown) => {
        logger.error("Following another process ended", {}, error);
      });
    },
    stop() {
      stopped?.abort();
      stopped = null;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
