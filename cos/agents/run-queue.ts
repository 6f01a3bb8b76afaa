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

/** What was started before. */
export interface QueueHistory {
  /** Runs started so far. */
  startCount: number;
  /** Lanes in the order of their last start. */
  lanes: readonly string[];
}

const noHistory: QueueHistory = { startCount: 0, lanes: [] };

/**
 * The run to start next, or `null` when none may. `waiting` is in the order of arrival. The most urgent comes first; among equals
 * the lane with the fewest running, then the one whose last start is longest ago, so that twenty runs of one app do not keep
 * another one waiting, not even where only one may run; within a lane the oldest.
 */
export function chooseNext<T extends Queued>(
  waiting: readonly T[],
  running: readonly Queued[],
  limits: QueueLimits,
  { startCount, lanes }: QueueHistory = noHistory,
): T | null {
  if (running.length >= limits.total) return null;
  const inLane = (lane: string): number => running.filter((run) => run.lane === lane).length;
  const isFree = ({ appId, provider }: T): boolean =>
    running.filter((run) => run.provider === provider).length < limits.perProvider &&
    (appId === null || running.filter((run) => run.appId === appId).length < limits.perApp);
  const free = waiting.filter(isFree);
  if (startCount % startsPerTurn === startsPerTurn - 1) return free[0] ?? null;
  const order = ({ rank, lane }: T): number[] => [rank, inLane(lane), lanes.indexOf(lane)];
  return free.toSorted((one, other) => compare(order(one), order(other)))[0] ?? null;
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
