import type { Outcome, RetryAdvice } from "../retry.ts";
import { rateLimitReset, retryAfterTime } from "../retry-after.ts";
import { CallFailure } from "./call-failure.ts";
import { isIdempotentMethod } from "./open-request.ts";

/** What advice about a call looks at: the reply's status and headers (names in lower case). */
export interface AnsweredCall {
  status: number;
  headers: Readonly<Record<string, string>>;
}

export interface RepeatOptions {
  method: string;
  /** Doing it twice is the same as doing it once, although its method does not say so; a key that says so was sent, or it only reads. */
  isIdempotent?: boolean | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

/** Statuses that may be gone a moment later. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529]);

/**
 * Whether a call should be made again. One that can be repeated: after what may be gone a moment later. Any other: only when
 * no connection came about, or when the server refused it for now and said when to come again (429 or 503), so that it has
 * not been done. Waits as long as `Retry-After` and the rate limit headers ask for.
 */
export function adviseRepeat(outcome: Outcome<AnsweredCall>, options: RepeatOptions): RetryAdvice {
  const isRepeatable = options.isIdempotent ?? isIdempotentMethod(options.method);
  return outcome.ok
    ? adviseAfterReply(outcome.value, isRepeatable, options.now)
    : adviseAfterFailure(outcome.error, isRepeatable);
}

function adviseAfterReply({ status, headers }: AnsweredCall, isRepeatable: boolean, now: number): RetryAdvice {
  const isLimited = status === 429 || (status === 403 && rateLimitReset(headers, now) !== null);
  if (!isLimited && !passing.has(status)) return { again: false };
  const at = retryAfterTime(headers, now) ?? (isLimited ? rateLimitReset(headers, now) : null);
  const wasRefused = at !== null && (isLimited || status === 503);
  if (!isRepeatable && !wasRefused) return { again: false };
  return { again: true, reason: `it answered ${status}`, askedMs: at === null ? null : Math.max(0, at - now) };
}

function adviseAfterFailure(error: unknown, isRepeatable: boolean): RetryAdvice {
  if (!(error instanceof CallFailure)) return { again: false };
  const isPassing = error.reason === "connect" || error.reason === "cut" || error.reason === "timeout";
  if (!isPassing || (error.isSent && !isRepeatable)) return { again: false };
  return { again: true, reason: error.message, askedMs: null };
}

/** What a call says about its target: `null` when nothing, because it was refused, cancelled or limited. */
export function targetVerdict(
  outcome: Outcome<AnsweredCall>,
): { isGood: true } | { isGood: false; reason: string } | null {
  if (outcome.ok) {
    const { status } = outcome.value;
    if (status === 429) return null;
    return status >= 500 && status !== 501 && status !== 505
      ? { isGood: false, reason: `it answered ${status}` }
      : { isGood: true };
  }
  const { error } = outcome;
  if (!(error instanceof CallFailure) || !troubles.has(error.reason)) return null;
  return { isGood: false, reason: error.message };
}

const troubles = new Set(["name_not_found", "connect", "tls", "timeout", "cut", "protocol"]);
