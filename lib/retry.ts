import type { Clock } from "./clock.ts";

/** How often and how far apart something is tried. */
export interface RetryPolicy {
  /** Tries in all, the first one included; 1 means no second one. */
  maxAttempts: number;
  /** Longest pause before the second try, in milliseconds; it doubles with each further one. */
  baseMs: number;
  /** Longest pause of our own choice, in milliseconds. */
  maxPauseMs: number;
  /** Longest pause the other side may ask for, in milliseconds; if it asks for more, the last outcome stands. */
  maxAskedMs: number;
}

/** Four tries within a few seconds, and a minute's patience when the other side asks for it. */
export const usualRetries: RetryPolicy = { maxAttempts: 4, baseMs: 250, maxPauseMs: 8_000, maxAskedMs: 60_000 };

/** What one try led to. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: unknown };

/** Whether another try makes sense: `askedMs` is the pause the other side asked for. */
export type RetryAdvice = { again: false } | { again: true; reason: string; askedMs: number | null };

/** A pause that is about to begin. */
export interface RetryPause {
  /** Number of the try that was in vain, from 1. */
  attempt: number;
  pauseMs: number;
  reason: string;
}

export interface RetryOptions<T> {
  run(attempt: number): Promise<T>;
  /** Only calls that may be repeated are advised to be. */
  advise(outcome: Outcome<T>): RetryAdvice;
  policy: RetryPolicy;
  clock: Pick<Clock, "monotonic">;
  /** When the caller no longer waits, on the monotonic clock: no pause begins that would not end before. */
  deadline?: number;
  signal?: AbortSignal;
  onPause?(pause: RetryPause): void;
  /** From 0 up to 1. */
  random?(): number;
  sleep?(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

/**
 * Tries until it is good, until another try makes no sense, or until tries or time are used up; the last outcome is then the
 * result, value or error. Pauses grow exponentially with full jitter, and are never shorter than the other side asked for.
 */
export async function withRetries<T>(options: RetryOptions<T>): Promise<{ value: T; attempts: number }> {
  const { run, advise, policy, signal, sleep = sleepUntilAborted } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const outcome = await settled(run(attempt));
    const pause =
      attempt < policy.maxAttempts && signal?.aborted !== true ? pauseOf(advise(outcome), attempt, options) : null;
    if (pause === null) {
      if (outcome.ok) return { value: outcome.value, attempts: attempt };
      throw outcome.error;
    }
    options.onPause?.(pause);
    await sleep(pause.pauseMs, signal);
  }
}

/** Full jitter: anything between nothing and the pause that has doubled with each try in vain, in milliseconds. */
export function jitteredPauseMs(
  attempt: number,
  { baseMs, maxPauseMs }: Pick<RetryPolicy, "baseMs" | "maxPauseMs">,
  random: () => number = Math.random,
): number {
  return Math.floor(random() * Math.min(maxPauseMs, baseMs * 2 ** Math.min(attempt - 1, 40)));
}

function pauseOf<T>(advice: RetryAdvice, attempt: number, options: RetryOptions<T>): RetryPause | null {
  const { policy, clock, deadline } = options;
  if (!advice.again || (advice.askedMs ?? 0) > policy.maxAskedMs) return null;
  // Jitter on top of what was asked for: all who were refused together would come again together.
  const pauseMs = Math.max(0, Math.ceil(advice.askedMs ?? 0)) + jitteredPauseMs(attempt, policy, options.random);
  if (deadline !== undefined && clock.monotonic() + pauseMs >= deadline) return null;
  return { attempt, pauseMs, reason: advice.reason };
}

async function settled<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error };
  }
}

function sleepUntilAborted(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
