import { describe, expect, it } from "vitest";

import { CallFailure, type FailureReason } from "./call-failure.ts";
import { adviseRepeat, targetVerdict } from "./repeat-advice.ts";

const now = Date.UTC(2026, 0, 1, 12);

function afterReply(method: string, status: number, headers: Record<string, string> = {}, isIdempotent?: boolean) {
  const advice = adviseRepeat({ ok: true, value: { status, headers } }, { method, now, isIdempotent });
  return advice.again ? advice.askedMs : "no";
}

function failure(reason: FailureReason, isSent: boolean): CallFailure {
  const made = new CallFailure(reason, "x");
  made.isSent = isSent;
  return made;
}

function afterFailure(method: string, error: unknown) {
  return adviseRepeat({ ok: false, error }, { method, now }).again;
}

describe("whether to call again", () => {
  it.each([
    ["GET", 200, {}, "no"],
    ["GET", 404, {}, "no"],
    ["GET", 501, {}, "no"],
    ["GET", 500, {}, null],
    ["GET", 503, {}, null],
    ["DELETE", 502, {}, null],
    ["PUT", 504, {}, null],
    ["GET", 503, { "retry-after": "3" }, 3_000],
    ["GET", 503, { "retry-after": "Thu, 01 Jan 2026 11:59:00 GMT" }, 0],
    ["GET", 429, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" }, 9_000],
    ["GET", 429, { "retry-after": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" }, 2_000],
    ["GET", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1_000 + 5) }, 5_000],
    ["GET", 403, { "x-ratelimit-remaining": "4", "x-ratelimit-reset": "5" }, "no"],
    ["POST", 500, {}, "no"],
    ["POST", 503, {}, "no"],
    ["POST", 429, {}, "no"],
    ["POST", 502, { "retry-after": "3" }, "no"],
    ["POST", 503, { "retry-after": "3" }, 3_000],
    ["POST", 429, { "retry-after": "3" }, 3_000],
    ["PATCH", 429, { ratelimit: "limit=1, remaining=0, reset=4" }, 4_000],
  ] as const)("%s answered %i with %j: %s", (method, status, headers, expected) => {
    expect(afterReply(method, status, headers)).toBe(expected);
  });

  it("believes a caller who says that a call can be repeated, or that it cannot", () => {
    expect(afterReply("POST", 503, {}, true)).toBeNull();
    expect(afterReply("GET", 503, {}, false)).toBe("no");
  });

  it.each([
    ["POST", "connect", false, true],
    ["POST", "cut", true, false],
    ["POST", "timeout", true, false],
    ["POST", "timeout", false, true],
    ["GET", "cut", true, true],
    ["GET", "timeout", true, true],
    ["GET", "refused", false, false],
    ["GET", "tls", false, false],
    ["GET", "name_not_found", false, false],
    ["GET", "cancelled", false, false],
    ["GET", "too_large", true, false],
    ["GET", "protocol", true, false],
  ] as const)("%s that failed with %s, sent: %s → %s", (method, reason, isSent, expected) => {
    expect(afterFailure(method, failure(reason, isSent))).toBe(expected);
  });

  it("does not repeat after an error of our own", () => {
    expect(afterFailure("GET", new TypeError("bug"))).toBe(false);
  });
});

function said(reason: FailureReason) {
  return targetVerdict({ ok: false, error: failure(reason, true) })?.isGood;
}

describe("what a call says about its target", () => {
  it.each([
    [200, true],
    [404, true],
    [501, true],
    [500, false],
    [503, false],
    [429, undefined],
  ])("status %i: %s", (status, expected) => {
    expect(targetVerdict({ ok: true, value: { status, headers: {} } })?.isGood).toBe(expected);
  });

  it("counts failures of the target, not refusals of ours", () => {
    for (const reason of ["connect", "cut", "timeout", "tls", "protocol", "name_not_found"] as const)
      expect(said(reason)).toBe(false);
    for (const reason of ["refused", "cancelled", "too_large", "request_too_large", "redirect"] as const)
      expect(said(reason)).toBeUndefined();
  });
});
