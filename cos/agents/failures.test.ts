import { describe, expect, it, vi } from "vitest";

import { machineZone } from "../../lib/machine-zone.ts";
import { apiFailure } from "./api/api-failure.ts";
import { failureFromStatus, failureFromText, withLimitEnd } from "./failures.ts";

function end(failure: "rate-limit" | "usage-limit" | "crashed") {
  return { failure, message: "Said", canContinue: true };
}

describe("failures", () => {
  it.each([
    ["API Error: Request rejected (429) · slow down", "rate-limit"],
    ["You've hit your usage limit. Try again at 3pm.", "usage-limit"],
    ["5-hour limit reached ∙ resets 3pm (Europe/Berlin)", "usage-limit"],
    ["You've hit your session limit · resets 5:10pm (Europe/Paris)", "usage-limit"],
    ["Weekly limit reached ∙ resets Dec 5, 3pm", "usage-limit"],
    ["Claude AI usage limit reached|1795276800", "usage-limit"],
    ["[API Error: You have exhausted your daily quota on this model.]", "usage-limit"],
    ["Quota exceeded for quota metric 'Requests' and limit 'Requests per day per user'", "usage-limit"],
    ["This request would exceed your account's rate limit. Please try again later.", "rate-limit"],
    ["Your credit balance is too low", "usage-limit"],
    ["Invalid API key · Please run /login", "not-logged-in"],
    ["Invalid auth method selected.", "not-logged-in"],
    ["The model `gpt-9` does not exist", "missing-model"],
    ["ProviderModelNotFoundError", "missing-model"],
    ["connect ECONNREFUSED 127.0.0.1:1234", "transport"],
    ["Overloaded", "server-error"],
    ["413 Request Entity Too Large", "bad-request"],
    ["request_too_large: Request exceeds the maximum size", "bad-request"],
    ["The image is too large: at most 5 MB", "bad-request"],
    ["something else", "crashed"],
  ] as const)("reads %j as %s", (text, failure) => {
    expect(failureFromText(text, "crashed")).toBe(failure);
  });

  it.each([
    [429, "rate limit exceeded", "rate-limit"],
    [429, "insufficient_quota", "usage-limit"],
    [401, "", "not-logged-in"],
    [403, "", "not-logged-in"],
    [404, "not found", "missing-model"],
    [400, "messages: required", "bad-request"],
    [413, "", "bad-request"],
    [400, "model x does not exist", "missing-model"],
    [500, "", "server-error"],
    [529, "overloaded", "server-error"],
    [429, "Rate limit reached for requests", "rate-limit"],
    [429, "5-hour limit reached", "usage-limit"],
    [504, "", "timeout"],
  ] as const)("reads status %s with %j as %s", (status, text, failure) => {
    expect(failureFromStatus(status, text)).toBe(failure);
  });

  it("reads when a limit ends, and leaves other failures alone", () => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    const said = "You've hit your session limit · resets 5:10pm (Europe/Paris)";
    expect(withLimitEnd(end("usage-limit"), said, now).backAt).toBe("2026-11-21T16:10:00.000Z");
    const soon = "Quota exceeded. Please retry in 17s.";
    expect(withLimitEnd(end("usage-limit"), soon, now)).toMatchObject({
      failure: "rate-limit",
      backAt: "2026-11-21T12:00:17.000Z",
    });
    expect(withLimitEnd(end("crashed"), said, now)).toEqual(end("crashed"));
    expect(withLimitEnd(end("usage-limit"), "no more", now)).toEqual(end("usage-limit"));
    const known = { ...end("rate-limit"), backAt: "2026-11-21T13:00:00.000Z" };
    expect(withLimitEnd(known, said, now)).toEqual(known);
  });

  it("takes a time without a zone for one of the machine, whatever zone the process is in", () => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    const said = "You've hit your usage limit · resets 5:10pm";
    const machine = withLimitEnd(end("usage-limit"), `${said} (${machineZone()})`, now).backAt;
    expect(machine).not.toBeNull();
    vi.stubEnv("TZ", machineZone() === "Asia/Tokyo" ? "America/Bogota" : "Asia/Tokyo");
    expect(withLimitEnd(end("usage-limit"), said, now).backAt).toBe(machine);
    const error = { statusCode: 429, message: said, responseBody: "", responseHeaders: {} };
    expect(apiFailure(error, now).backAt).toBe(machine);
    vi.unstubAllEnvs();
  });
});
