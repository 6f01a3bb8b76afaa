/** When a refused caller may come again, in milliseconds since 1970, from `retry-after` (RFC 9110: seconds or a date); `null` when nothing is said. Header names in lower case. */
export function retryAfterTime(headers: Readonly<Record<string, string>>, now: number): number | null {
  const milliseconds = headers["retry-after-ms"];
  if (milliseconds !== undefined && /^\d+(?:\.\d+)?$/.test(milliseconds)) return now + Number(milliseconds);
  const value = headers["retry-after"]?.trim();
  if (value === undefined || value === "") return null;
  if (/^\d+(?:\.\d+)?$/.test(value)) return now + Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : date;
}

/**
 * When the limits that are used up are reset, in milliseconds since 1970, from what rate limit headers say: `RateLimit`
 * (IETF httpapi, both of its forms), `RateLimit-Reset`, `X-RateLimit-Reset` and their kin of vendors, in seconds, seconds or
 * milliseconds since 1970, durations ("6m0s") or dates. The last reset counts, because before it the next call is refused
 * again. `null` when no limit is used up or nothing is said.
 */
export function rateLimitReset(headers: Readonly<Record<string, string>>, now: number): number | null {
  const resets: number[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name === "ratelimit") resets.push(...structuredResets(value, now));
    const match = /^(?:anthropic-|x-)?rate-?limit-(?:(.+)-)?reset(?:-(.+))?$/.exec(name);
    if (!match || !isUsedUp(headers, name, match[1] ?? match[2])) continue;
    const at = resetTime(value, now);
    if (at !== null) resets.push(at);
  }
  return resets.length === 0 ? null : Math.max(...resets);
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

/** `"burst";r=0;t=30, "day";r=100;t=3600` of the newer form, `limit=100, remaining=0, reset=30` of the older one. */
function structuredResets(value: string, now: number): number[] {
  const items = /remaining\s*=/i.test(value) ? [value] : value.split(",");
  return items.flatMap((item) => {
    const remaining = /(?:^|[;,\s])(?:r|remaining)\s*=\s*(\d{1,15})/i.exec(item)?.[1];
    const reset = /(?:^|[;,\s])(?:t|reset)\s*=\s*(\d{1,15})/i.exec(item)?.[1];
    return remaining !== undefined && Number(remaining) === 0 && reset !== undefined
      ? [now + Number(reset) * 1_000]
      : [];
  });
}

function isUsedUp(headers: Readonly<Record<string, string>>, resetName: string, what: string | undefined): boolean {
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
