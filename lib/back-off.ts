/** How something that keeps failing is tried again: with growing pauses, and not for ever. */
export interface BackOff {
  /** Pause in milliseconds before each further try; there are as many tries as pauses. */
  readonly pausesMs: readonly number[];
  /** Running this long makes a try count as good. */
  readonly stableMs: number;
}

/** Pause in milliseconds before the next try when so many were in vain; `null` when it is to be given up. */
export function nextPauseMs({ pausesMs }: BackOff, triesInVain: number): number | null {
  return pausesMs[triesInVain] ?? null;
}

/** Whether what has run since `since` counts as good at `now`, both in milliseconds: its earlier failures are forgotten then. */
export function hasProvedItself({ stableMs }: BackOff, since: number, now: number): boolean {
  return now - since >= stableMs;
}
