/** Lets so many things happen at once; the others wait for their turn. */
export interface Slots {
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Creates them, all free. */
export function createSlots(most: number): Slots {
  const waiting: (() => void)[] = [];
  let taken = 0;

  function take(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (taken < most) {
      taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(turn), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", leave, { once: true });
      waiting.push(turn);
    });
  }

  function free(): void {
    const next = waiting.shift();
    if (next) next();
    else taken -= 1;
  }

  return {
    async run(work, signal) {
      await take(signal);
      try {
        return await work();
      } finally {
        free();
      }
    },
  };
}
