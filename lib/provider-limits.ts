import { limitTimeFromText } from "./provider-limit-text.ts";

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
    fromRetryAfter(headers, now) ??
    fromResetHeaders(headers, now) ??
    fromRetryInfo(text, now) ??
    limitTimeFromText(text, now, zone);
  const backAt = found !== null && found > now && found - now <= longestMs ? Math.ceil(found) : null;
  const isUsage = usageWords.test(text) && (backAt === null || backAt - now > soonMs);
  return { kind: isUsage ? "usage-limit" : "rate-limit", backAt };
}

/** Milliseconds of a duration as Go and the OpenAI API write it ("1s", "6m0s", "1h2m3.5s", "250ms"), or `null`. */
export function durationMs(text: string): number | null {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text.trim());
  if (!match || match[0] === "") return null;
  const [days, hours, minutes, seconds, milliseconds] = match.slice(1).map((part?: string) => Number(part ?? 0));
  return (
    (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1_000 + (milliseconds ?? 0)
  );
}

function fromRetryAfter(headers: Record<string, string>, now: number): number | null {
  const milliseconds = headers["retry-after-ms"];
  if (milliseconds !== undefined && /^\d+(?:\.\d+)?$/.test(milliseconds)) return now + Number(milliseconds);
  const value = headers["retry-after"]?.trim();
  if (value === undefined || value === "") return null;
  if (/^\d+(?:\.\d+)?$/.test(value)) return now + Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : date;
}

/** Limits that are used up; the last of their resets counts, because before it the next request is refused again. */
function fromResetHeaders(headers: Record<string, string>, now: number): number | null {
  const resets: number[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const match = /^(?:anthropic-|x-)?ratelimit-(?:(.+)-)?reset(?:-(.+))?$/.exec(name);
    if (!match || !isUsedUp(headers, name, match[1] ?? match[2])) continue;
    const at = resetTime(value, now);
    if (at !== null) resets.push(at);
  }
  return resets.length === 0 ? null : Math.max(...resets);
}

function isUsedUp(headers: Record<string, string>, resetName: string, what: string | undefined): boolean {
  const status = headers[resetName.replace("-reset", "-status")];
  if (status !== undefined) return /rejected|blocked|exceeded/i.test(status);
  const remaining = headers[resetName.replace("reset", "remaining")];
  if (remaining !== undefined) return Number(remaining) <= 0;
  return what === undefined || what === "unified"; // one limit only: it is the one that was hit
}

function resetTime(value: string, now: number): number | null {
  if (/^\d{13}$/.test(value)) return Number(value);
  if (/^\d{10}$/.test(value)) return Number(value) * 1_000;
  if (/^\d+(?:\.\d+)?$/.test(value)) return now + Number(value) * 1_000;
  const duration = durationMs(value);
  if (duration !== null) return now + duration;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : date;
}

/** `google.rpc.RetryInfo` within the error's details. */
function fromRetryInfo(text: string, now: number): number | null {
  const delay = /"retryDelay"\s*:\s*"([^"]{1,30})"/.exec(text)?.[1];
  const duration = delay === undefined ? null : durationMs(delay);
  return duration === null ? null : now + duration;
}
