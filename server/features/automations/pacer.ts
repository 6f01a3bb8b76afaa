/** Runs work with at most `limit` pieces at once, in order; what was cancelled before its turn gives `undefined`. */
export type Pacer = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T | undefined>;

/** A pacer with nothing under way. */
export function createPacer(limit: number): Pacer {
  const waiting: (() => void)[] = [];
  let active = 0;
  return async (signal, work) => {
    if (active >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else active += 1;
    try {
      return signal.aborted ? undefined : await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active -= 1;
    }
  };
}
