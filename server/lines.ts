/** Work by key: what has the same key is done one after the other. */
export interface Lines {
  /** Resolves or rejects as `work` does; what comes behind it is done in any case. */
  inLine<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way that was there at the call. */
  settled(): Promise<void>;
}

export function createLines(): Lines {
  const lines = new Map<string, Promise<void>>();
  return {
    inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
      const next = (lines.get(key) ?? Promise.resolve()).then(work);
      const quiet = next.then(nothing, nothing);
      lines.set(key, quiet);
      void quiet.then(() => {
        if (lines.get(key) === quiet) lines.delete(key);
      });
      return next;
    },
    async settled() {
      await Promise.all(lines.values());
    },
  };
}

function nothing(): void {
  // what comes of it is told to whoever asked for it
}
