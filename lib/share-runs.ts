/**
 * Makes calls share runs of `work`, one at a time: a call during a run gets the next one, so that an answer is never
 * older than the question.
 */
export function shareRuns<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  let next: Promise<T> | null = null;

  function run(): Promise<T> {
    next = null;
    const current = work().finally(() => {
      if (running === current) running = null;
    });
    running = current;
    return current;
  }

  return () => {
    if (running === null) return run();
    next ??= running.then(run, run);
    return next;
  };
}
