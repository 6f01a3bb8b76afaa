import { AppError } from "./app-error.ts";

interface Patience {
  /** How long it may be away. */
  patienceMs: number;
  signal: AbortSignal;
}

const retryMs = 500;

/** Does the work again while it says `unavailable`, which is that nothing was sent: somebody restarts, and comes back soon. */
export async function whenAvailable(work: () => Promise<void>, { patienceMs, signal }: Patience): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      const mayComeBack = error instanceof AppError && error.code === "unavailable";
      if (!mayComeBack || Date.now() >= until || signal.aborted) throw error;
      await pause(retryMs, signal);
    }
  }
}

/** Resolves early when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
