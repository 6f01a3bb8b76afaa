/** What decides about the order: who asked, and whom it asks. */
export interface Queued {
  id: string;
  /** Runs of one lane take turns with those of the others. */
  lane: string;
  provider: string;
}

export interface QueueLimits {
  total: number;
  /** Runs of one provider at once. */
  perProvider: number;
}

/**
 * The run to start next, or `null` when none may. `waiting` is in the order of arrival. The lane with the fewest running
 * comes first, so that twenty runs of one app do not keep another one waiting; within a lane the oldest.
 */
export function chooseNext<T extends Queued>(
  waiting: readonly T[],
  running: readonly Queued[],
  limits: QueueLimits,
): T | null {
  if (running.length >= limits.total) return null;
  const inLane = (lane: string): number => running.filter((run) => run.lane === lane).length;
  const ofProvider = (provider: string): number => running.filter((run) => run.provider === provider).length;
  let best: T | null = null;
  for (const run of waiting) {
    if (ofProvider(run.provider) >= limits.perProvider) continue;
    if (best === null || inLane(run.lane) < inLane(best.lane)) best = run;
  }
  return best;
}
