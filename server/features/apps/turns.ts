/** Work on the same key waits for the work before it, whether that succeeds or not; work on different keys does not. */
export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Creates queues that exist only while there is work in them. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}
