import { expect, test } from "vitest";

import type { GatewayCode } from "../../../contract/features/connectors.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { fallbacks, statusFailure, toSearchFailure, type SearchFailureKind } from "./search-failure.ts";

const now = Date.UTC(2026, 0, 1);
const reply = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers,
  url: "https://search.example/",
  bytes: new Uint8Array(),
  text: () => "",
  json: () => null,
});

test.each<[number, SearchFailureKind]>([
  [302, "unreadable"],
  [400, "query_refused"],
  [401, "key_refused"],
  [402, "used_up"],
  [403, "key_refused"],
  [404, "unreadable"],
  [408, "timeout"],
  [422, "query_refused"],
  [429, "used_up"],
  [432, "used_up"],
  [433, "used_up"],
  [500, "failed"],
  [503, "failed"],
])("the status %i means %s", (status, kind) => {
  expect(statusFailure(reply(status), "Somebody", now)).toMatchObject({ kind, message: `Somebody answered ${status}` });
});

test("who names a time to come again is quoted", () => {
  expect(statusFailure(reply(429, { "retry-after": "90" }), "Somebody", now).askedMs).toBe(90_000);
  const limits = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30" };
  expect(statusFailure(reply(429, limits), "Somebody", now).askedMs).toBe(30_000);
});

test.each<[GatewayCode, SearchFailureKind]>([
  ["timeout", "timeout"],
  ["cancelled", "cancelled"],
  ["refused_by_guard", "refused_by_rules"],
  ["refused_by_policy", "refused_by_rules"],
  ["offline", "refused_by_rules"],
  ["too_large", "unreadable"],
  ["reply_invalid", "unreadable"],
  ["circuit_open", "unreachable"],
  ["upstream_failed", "unreachable"],
  ["invalid_params", "failed"],
])("what the network calls %s is %s", (code, kind) => {
  const failure = toSearchFailure(new GatewayError(code, "It was so", { hint: "Do this.", askedMs: 5 }), "Somebody");
  expect(failure).toMatchObject({ kind, message: "Somebody: It was so", hint: "Do this.", askedMs: 5 });
});

test("what may go around the user's rules, or would only be refused again, asks nobody else", () => {
  const final = Object.entries(fallbacks).filter(([, { fallsBack }]) => !fallsBack);
  expect(final.map(([kind]) => kind)).toEqual(["query_refused", "refused_by_rules", "cancelled"]);
});
