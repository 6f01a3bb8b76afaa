import { expect, test } from "vitest";

import { factsOf, keptHeaders } from "./message-facts.ts";

const facts = (kind: Parameters<typeof factsOf>[0], body: unknown, headers: Record<string, string> = {}) =>
  factsOf(kind, { headers, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) });

test("each kind of sender names its event where it does, and only what is signed tells a repetition", () => {
  expect(facts("github", { type: "x" }, { "x-github-event": "push", "x-github-delivery": "1" })).toEqual({
    event: "push",
    eventId: null,
    challenge: null,
  });
  expect(facts("slack", { type: "event_callback", event_id: "Ev1", event: { type: "message" } })).toEqual({
    event: "message",
    eventId: "Ev1",
    challenge: null,
  });
  expect(facts("slack", { type: "url_verification", challenge: "c" }).challenge).toBe("c");
  expect(facts("stripe", { type: "invoice.paid", id: "evt_1" })).toMatchObject({
    event: "invoice.paid",
    eventId: "evt_1",
  });
  expect(facts("standard", { type: "a.b" }, { "webhook-id": "m" })).toMatchObject({ event: "a.b", eventId: "m" });
  expect(facts("token", { type: "y" }, { "x-gitlab-event": "Push Hook" }).event).toBe("Push Hook");
});

test.each(["", "no json", "null", "[]", '{"type":5,"id":{},"event":null}'])("a body %j says nothing", (body) => {
  for (const kind of ["slack", "stripe", "standard", "token"] as const)
    expect(facts(kind, body)).toEqual({ event: null, eventId: null, challenge: null });
});

test("headers that hold secrets say only that they were there", () => {
  const headers = { authorization: "Bearer x", "x-own": "tok", "x-note": "hello", "tailscale-user-login": "me" };
  expect(keptHeaders(headers, "x-own").map(({ value }) => value)).toEqual([
    "[redacted]",
    "[redacted]",
    "hello",
    "[redacted]",
  ]);
});
