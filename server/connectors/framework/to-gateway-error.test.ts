import { expect, test } from "vitest";

import { AppError } from "../../../lib/app-error.ts";
import { CallFailure, networkFailure, type FailureReason } from "../../../lib/guarded-http/call-failure.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { GatewayError } from "./gateway-error.ts";
import { toGatewayError } from "./to-gateway-error.ts";

test.each<[FailureReason, string, boolean]>([
  ["refused", "refused_by_guard", true],
  ["name_not_found", "upstream_failed", false],
  ["connect", "upstream_failed", false],
  ["tls", "upstream_failed", false],
  ["timeout", "timeout", false],
  ["cut", "upstream_failed", false],
  ["cancelled", "cancelled", false],
  ["protocol", "upstream_failed", false],
  ["redirect", "upstream_failed", true],
  ["too_large", "too_large", true],
  ["request_too_large", "too_large", true],
])("a call that ends with %s is %s; a further try helps: not %s", (reason, code, isFinal) => {
  const error = toGatewayError(new CallFailure(reason, "No answer"));
  expect(error).toMatchObject({ gatewayCode: code, isFinal, message: "No answer", evidenceId: null });
  expect(error.hint).toMatch(/^[A-Z].*\.$/);
});

test("what is one already stays itself, and what the guard advises is passed on", () => {
  const own = new GatewayError("offline", "Closed", { hint: "Open it." });
  expect(toGatewayError(own)).toBe(own);
  const refusal = { code: "loopback" as const, reason: "it is this machine itself", hint: "Name exactly that host." };
  expect(toGatewayError(new CallFailure("refused", "No", { refusal }))).toMatchObject({ hint: refusal.hint });
});

test.each(["scheme", "credentials", "host", "other"] as const)("nobody is told to widen the policy for: %s", (code) => {
  const { hint } = toGatewayError(new CallFailure("refused", "No", { refusal: { code, reason: "it is none" } }));
  expect(hint).toBe("Correct what is called, then call again.");
});

test("a failure of the network inside a library's error is what is told, and the cause is kept", () => {
  const failure = networkFailure(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
  const wrapped = new Error("The client could not connect", { cause: failure });
  const error = toGatewayError(wrapped);
  expect(error).toMatchObject({ gatewayCode: "upstream_failed", message: "No answer: nothing listens there" });
  expect(error.cause).toBe(failure);
});

test.each([
  ["invalid_request", "invalid_params", true],
  ["forbidden", "refused_by_guard", false],
  ["timeout", "timeout", false],
  ["too_large", "too_large", false],
  ["unavailable", "unavailable", false],
  ["conflict", "conflict", false],
  ["disk_full", "disk_full", false],
  ["rate_limited", "rate_limited", false],
  ["upstream_failed", "upstream_failed", false],
] as const)("an error of ours, %s, is %s, with its fields and advice", (code, expected, isFinal) => {
  const issues = [{ path: "params.to", message: "is missing" }];
  const error = toGatewayError(new AppError(code, "Not so", { hint: "Do it otherwise.", issues }));
  expect(error).toMatchObject({ gatewayCode: expected, isFinal, hint: "Do it otherwise.", issues });
});

test("anything else is a failure of the connector: in words, short, and without secrets", () => {
  registerSecret("correct-horse-7");
  const error = toGatewayError(new TypeError(`cannot read correct-horse-7 ${"x".repeat(5_000)}`));
  expect(error).toMatchObject({ gatewayCode: "upstream_failed", isFinal: false });
  expect(error.message).toMatch(/^The connector failed: cannot read \[redacted\] x/);
  expect(error.message.length).toBeLessThan(1_100);
  expect(toGatewayError("only a text").message).toBe("The connector failed: only a text");
  expect(toGatewayError(new CallFailure("cut", "No answer: correct-horse-7")).message).toBe("No answer: [redacted]");
});
