/** Work done one after the other: what starts and ends runs never meets itself. */
export interface WorkLine {
  /** Resolves with what `work` resolves with, when it was its turn. */
  add<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when everything added so far is done. */
  empty(): Promise<void>;
}

export function createWorkLine(): WorkLine {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    add(work) {
      const done = tail.then(work);
      tail = done.catch(() => undefined); // whoever added it hears of it
      return done;
    },
    async empty() {
      await tail;
    },
  };
}
