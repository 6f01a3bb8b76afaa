import { describe, expect, it } from "vitest";

import { rateLimitReset, retryAfterTime } from "./retry-after.ts";

const now = Date.UTC(2026, 0, 1, 12);

describe("when to come again", () => {
  it.each([
    [{ "retry-after": "30" }, 30_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "1.5" }, 1_500],
    [{ "retry-after": " Thu, 01 Jan 2026 12:01:00 GMT " }, 60_000],
    [{ "retry-after": "soon" }, null],
    [{ "retry-after": "" }, null],
    [{ "retry-after": "60", "retry-after-ms": "250" }, 250],
    [{}, null],
  ] as const)("%j: %s ms from now", (headers, expected) => {
    const at = retryAfterTime(headers, now);
    expect(at === null ? null : at - now).toBe(expected);
  });

  it.each([
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1_000 + 40) }, 40_000],
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now + 40) }, 40],
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "40" }, 40_000],
    [{ "x-ratelimit-remaining": "7", "x-ratelimit-reset": "40" }, null],
    [{ "x-rate-limit-remaining": "0", "x-rate-limit-reset": "40" }, 40_000],
    [{ "ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "50" }, 50_000],
    [{ ratelimit: "limit=100, remaining=0, reset=50" }, 50_000],
    [{ ratelimit: "limit=100, remaining=3, reset=50" }, null],
    [{ ratelimit: '"burst";r=0;t=30, "day";r=0;t=90' }, 90_000],
    [{ ratelimit: '"burst";r=0;t=30, "day";r=5;t=90' }, 30_000],
    [{ ratelimit: "nonsense" }, null],
    [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 360_000],
  ] as const)("%j: %s ms from now", (headers, expected) => {
    const at = rateLimitReset(headers, now);
    expect(at === null ? null : at - now).toBe(expected);
  });
});
