/** What decides about the order: who asked, how urgent it is, and whom it asks. */
export interface Queued {
  id: string;
  /** Runs of one lane take turns with those of the others. */
  lane: string;
  appId: string | null;
  provider: string;
  /** 0 comes first: what somebody started by hand, and urgent tasks. */
  rank: number;
}

export interface QueueLimits {
  total: number;
  /** Runs of one app at once. */
  perApp: number;
  /** Runs of one provider at once. */
  perProvider: number;
}

/** In force until portos-server says what the user has set. */
export const defaultLimits: QueueLimits = { total: 4, perApp: 4, perProvider: 4 };

/** So many are started by rank, then the one that came first has its turn: none waits for ever. */
export const startsPerTurn = 4;

/**
 * The run to start next, or `null` when none may. `waiting` is in the order of arrival, `startCount` counts those started so far.
 * The most urgent comes first; among equals the lane with the fewest running, so that twenty runs of one app do not keep another
 * one waiting; within a lane the oldest.
 */
export function chooseNext<T extends Queued>(
  waiting: readonly T[],
  running: readonly Queued[],
  limits: QueueLimits,
  startCount = 0,
): T | null {
  if (running.length >= limits.total) return null;
  const inLane = (lane: string): number => running.filter((run) => run.lane === lane).length;
  const isFree = ({ appId, provider }: T): boolean =>
    running.filter((run) => run.provider === provider).length < limits.perProvider &&
    (appId === null || running.filter((run) => run.appId === appId).length < limits.perApp);
  const free = waiting.filter(isFree);
  if (startCount % startsPerTurn === startsPerTurn - 1) return free[0] ?? null;
  let best: T | null = null;
  for (const run of free) {
    const isBetter =
      best === null || run.rank < best.rank || (run.rank === best.rank && inLane(run.lane) < inLane(best.lane));
    if (isBetter) best = run;
  }
  return best;
}
