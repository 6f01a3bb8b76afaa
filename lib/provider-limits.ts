import { limitTimeFromText } from "./provider-limit-text.ts";
import { durationMs, rateLimitReset, retryAfterTime } from "./retry-after.ts";

/** What a provider said when it refused for a limit. */
export interface LimitReply {
  /** Names in lower case. */
  headers?: Record<string, string>;
  /** The error as text: the body of a reply, or what a program printed. */
  text?: string;
}

/** A limit as understood. */
export interface Limit {
  kind: "rate-limit" | "usage-limit";
  /** When it ends, milliseconds since 1970; `null` when that was not said in a form known here. */
  backAt: number | null;
}

const longestMs = 32 * 86_400_000;
/** A limit that ends so soon is one of the rate, whatever it is called. */
const soonMs = 10 * 60_000;
const usageWords =
  /usage.?limit|insufficient_quota|exceeded your current quota|quota|credit|billing|(?:hour|daily|weekly|monthly|session) limit|hit your (?:\w+ )?limit|(?<!rate[ _-]?)limit reached/i;
/** A limit that no waiting ends. */
const moneyWords = /insufficient_quota|credit balance|out of credits|billing|payment required/i;

/**
 * Reads when a limit ends, from whatever the provider says best: `retry-after` (RFC 9110: seconds or a date), the reset headers
 * of Anthropic (RFC 3339, or seconds since 1970 for subscriptions), of OpenAI (durations as "6m0s") and OpenRouter
 * (milliseconds since 1970), Google's `RetryInfo`, else its sentence ("resets 3pm (Europe/Berlin)", "try again in 5 hours").
 * `zone` is where times without one are meant. A time that is past or more than 32 days away is no answer.
 */
export function readLimit(reply: LimitReply, now: number, zone: string): Limit {
  const { headers = {}, text = "" } = reply;
  if (moneyWords.test(text)) return { kind: "usage-limit", backAt: null };
  const found =
    retryAfterTime(headers, now) ??
    rateLimitReset(headers, now) ??
    fromRetryInfo(text, now) ??
    limitTimeFromText(text, now, zone);
  const backAt = found !== null && found > now && found - now <= longestMs ? Math.ceil(found) : null;
  const isUsage = usageWords.test(text) && (backAt === null || backAt - now > soonMs);
  return { kind: isUsage ? "usage-limit" : "rate-limit", backAt };
}

/** `google.rpc.RetryInfo` within the error's details. */
function fromRetryInfo(text: string, now: number): number | null {
  const delay = /"retryDelay"\s*:\s*"([^"]{1,30})"/.exec(text)?.[1];
  const duration = delay === undefined ? null : durationMs(delay);
  return duration === null ? null : now + duration;
}
