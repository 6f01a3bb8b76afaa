import { describe, expect, it } from "vitest";

import { failureKindSchema } from "../contract/features/providers.ts";
import { mayFallBack } from "./provider-failures.ts";
import { type LimitReply, readLimit } from "./provider-limits.ts";
import { durationMs } from "./retry-after.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const minute = 60_000;
const hour = 60 * minute;

function backAt(reply: LimitReply, zone = "UTC"): string | null {
  const { backAt: at } = readLimit(reply, now, zone);
  return at === null ? null : new Date(at).toISOString();
}

describe("end of a limit in headers", () => {
  it.each<[string, Record<string, string>, string | null]>([
    ["retry-after in seconds", { "retry-after": "7" }, "2026-11-21T12:00:07.000Z"],
    ["retry-after as a date", { "retry-after": "Sat, 21 Nov 2026 12:30:00 GMT" }, "2026-11-21T12:30:00.000Z"],
    ["milliseconds before seconds", { "retry-after-ms": "1500", "retry-after": "2" }, "2026-11-21T12:00:01.500Z"],
    [
      "Anthropic, the limit that is used up",
      {
        "anthropic-ratelimit-requests-remaining": "40",
        "anthropic-ratelimit-requests-reset": "2026-11-21T15:00:00Z",
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-21T12:00:42Z",
      },
      "2026-11-21T12:00:42.000Z",
    ],
    [
      "Anthropic, a subscription",
      { "anthropic-ratelimit-unified-status": "rejected", "anthropic-ratelimit-unified-reset": "1795276800" },
      "2026-11-21T16:00:00.000Z",
    ],
    [
      "OpenAI durations",
      {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1h2m3s",
      },
      "2026-11-21T13:02:03.000Z",
    ],
    ["OpenRouter milliseconds", { "x-ratelimit-reset": "1795262460000" }, "2026-11-21T12:01:00.000Z"],
    ["limits that are not used up", { "x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "1s" }, null],
    ["nonsense", { "retry-after": "soon" }, null],
    ["a time that is past", { "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, null],
    ["a time too far away", { "retry-after": "99999999" }, null],
  ])("%s", (_what, headers, expected) => {
    expect(backAt({ headers })).toBe(expected);
  });

  it.each([
    ["1s", 1_000],
    ["6m0s", 360_000],
    ["250ms", 250],
    ["1h2m3.5s", 3_723_500],
    ["18h31m10s", 66_670_000],
    ["2m", 120_000],
    ["", null],
    ["s", null],
    ["1x", null],
  ])("duration %s", (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });
});

describe("end of a limit in a sentence", () => {
  it.each<[string, string | null]>([
    [
      '{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17s"}]}}',
      "2026-11-21T12:00:17.000Z",
    ],
    ["Quota exceeded. Please retry in 17.5s.", "2026-11-21T12:00:17.500Z"],
    ["Rate limit reached for gpt-5. Please try again in 1.2s.", "2026-11-21T12:00:01.200Z"],
    ["Please try again in 6m0s. Visit the page", "2026-11-21T12:06:00.000Z"],
    ["Please try again in 20ms.", "2026-11-21T12:00:00.020Z"],
    ["Your quota will reset after 18h31m10s.", "2026-11-22T06:31:10.000Z"],
    ["You've hit your usage limit. Upgrade or try again in 5 hours.", "2026-11-21T17:00:00.000Z"],
    ["You've hit your usage limit. try again in 5 days 3 hours 20 minutes.", "2026-11-26T15:20:00.000Z"],
    ["Please wait for 2 minutes and 30 seconds", "2026-11-21T12:02:30.000Z"],
    ["try again in an hour", "2026-11-21T13:00:00.000Z"],
    ["Claude AI usage limit reached|1795276800", "2026-11-21T16:00:00.000Z"],
    ["5-hour limit reached ∙ resets 3pm (Europe/Berlin)", "2026-11-21T14:00:00.000Z"],
    ["5-hour limit reached ∙ resets 9:30am (Europe/Berlin)", "2026-11-22T08:30:00.000Z"],
    ["You've hit your limit · resets 12am (America/New_York)", "2026-11-22T05:00:00.000Z"],
    ["You've hit your limit · resets 12pm (UTC)", "2026-11-22T12:00:00.000Z"],
    ["Weekly limit reached ∙ resets Dec 5, 3pm (Europe/Berlin)", "2026-12-05T14:00:00.000Z"],
    ["You've hit your usage limit. Try again at 3:05 PM.", "2026-11-21T15:05:00.000Z"],
    ["You've hit your session limit · resets 5:10pm (Europe/Paris)", "2026-11-21T16:10:00.000Z"],
    ["You've hit your weekly limit · resets Nov 28, 2am (UTC)", "2026-11-28T02:00:00.000Z"],
    ["Usage limit reached for gemini-3-flash-preview. Access resets at 10:57 PM GMT-3.", "2026-11-22T01:57:00.000Z"],
    ["Usage limit reached. Access resets at 10:57 PM GMT+11.", "2026-11-22T11:57:00.000Z"],
    ["Usage limit reached. Access resets at 10:57 PM UTC.", "2026-11-21T22:57:00.000Z"],
    ["Try again at Dec 5th, 2026 3:05 PM.", "2026-12-05T15:05:00.000Z"],
    ["limit resets at 2026-11-21T18:00:00+02:00", "2026-11-21T16:00:00.000Z"],
    ["resets 3pm (Mars/Base)", "2026-11-21T15:00:00.000Z"],
    ["Too many requests", null],
    ["resets 5", null],
    ["resets 25:00", null],
    ["The model gpt-4 has 3 limits", null],
  ])("%s", (text, expected) => {
    expect(backAt({ text })).toBe(expected);
  });

  it("reads a time without a zone in the machine's own", () => {
    expect(backAt({ text: "resets 3pm" }, "Europe/Berlin")).toBe("2026-11-21T14:00:00.000Z");
    expect(backAt({ text: "resets 3pm" }, "America/New_York")).toBe("2026-11-21T20:00:00.000Z");
  });

  it("reads the same in no time from a long text without an answer", () => {
    const start = performance.now();
    expect(backAt({ text: `try again in ${"1 hour and ".repeat(3_000)}` })).not.toBe("");
    expect(backAt({ text: "again retry wait resets ".repeat(5_000) })).toBeNull();
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe("kind of a limit", () => {
  it.each<[LimitReply, "rate-limit" | "usage-limit", number | null]>([
    [{ headers: { "retry-after": "7" } }, "rate-limit", 7_000],
    [{ text: "You exceeded your current quota (per minute). Please retry in 17s." }, "rate-limit", 17_000],
    [{ text: "You've hit your usage limit. Try again in 5 hours." }, "usage-limit", 5 * hour],
    [{ text: '{"error":{"code":"insufficient_quota"}}', headers: { "retry-after": "1" } }, "usage-limit", null],
    [{ text: "Your credit balance is too low" }, "usage-limit", null],
    [{ text: "Too many requests" }, "rate-limit", null],
  ])("%j", (reply, kind, afterMs) => {
    expect(readLimit(reply, now, "UTC")).toEqual({ kind, backAt: afterMs === null ? null : now + afterMs });
  });
});

describe("failures that may fall back", () => {
  it("are those another provider may heal, and none the user or a rule decided", () => {
    const not = failureKindSchema.options.filter((failure) => !mayFallBack(failure));
    expect(not).toEqual(["bad-request", "refused", "budget", "cancelled"]);
  });
});
