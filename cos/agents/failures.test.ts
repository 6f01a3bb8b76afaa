import { describe, expect, it } from "vitest";

import { failureFromStatus, failureFromText } from "./failures.ts";

describe("failures", () => {
  it.each([
    ["API Error: Request rejected (429) · slow down", "rate-limit"],
    ["You've hit your usage limit. Try again at 3pm.", "usage-limit"],
    ["Your credit balance is too low", "usage-limit"],
    ["Invalid API key · Please run /login", "not-logged-in"],
    ["Invalid auth method selected.", "not-logged-in"],
    ["The model `gpt-9` does not exist", "missing-model"],
    ["ProviderModelNotFoundError", "missing-model"],
    ["connect ECONNREFUSED 127.0.0.1:1234", "transport"],
    ["Overloaded", "server-error"],
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
    [400, "model x does not exist", "missing-model"],
    [500, "", "server-error"],
    [529, "overloaded", "server-error"],
    [504, "", "timeout"],
  ] as const)("reads status %s with %j as %s", (status, text, failure) => {
    expect(failureFromStatus(status, text)).toBe(failure);
  });
});
