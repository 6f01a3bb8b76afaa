import * as fc from "fast-check";
import { expect, test } from "vitest";

import { callerKindSchema, connectorPolicySchema, effectSchema } from "../../../contract/features/connectors.ts";
import type { ConnectorPolicyInput } from "../../../contract/features/connectors.ts";
import { createPolicyJudge, judgeMode, riskOf, type PolicyQuestion } from "./policy.ts";

const noon = { nowMs: Date.parse("2026-05-04T12:00:00Z"), zone: "UTC" };
const reading: PolicyQuestion = {
  operation: "read-feed",
  effect: "read",
  isToPeople: false,
  caller: "agent",
  isPlanning: false,
  targets: ["https://news.example.org/feed"],
  requestBytes: 100,
};

function judge(policy: ConnectorPolicyInput, question: Partial<PolicyQuestion> = {}, at = noon) {
  return createPolicyJudge(connectorPolicySchema.parse(policy)).judge({ ...reading, ...question }, at);
}

test.each<[string, ConnectorPolicyInput, Partial<PolicyQuestion>, object]>([
  [
    "an operation that is not on the list",
    { operations: ["discover"] },
    {},
    { code: "refused_by_policy", rule: "operation" },
  ],
  ["a caller that is not on the list", { callers: ["person"] }, {}, { code: "refused_by_policy", rule: "caller" }],
  ["a write of somebody who plans", {}, { effect: "write", isPlanning: true }, { code: "planning_phase" }],
  ["a blocked domain with everything below it", { blockedDomains: ["example.org"] }, {}, { rule: "domain_blocked" }],
  ["a domain outside the list", { allowedDomains: ["example.com"] }, {}, { rule: "domain_not_allowed" }],
  ["what is no address", {}, { targets: ["news"] }, { rule: "target" }],
  [
    "a mail server that is blocked, however it is written",
    { blockedDomains: ["mail.example.com"] },
    { targets: ["smtp://MAIL.Example.com:587"] },
    { rule: "domain_blocked", reason: expect.stringContaining("smtp://mail.example.com:587 must not") as string },
  ],
  ["arguments that are too large", { maxRequestBytes: 1_024 }, { requestBytes: 1_025 }, { code: "too_large" }],
  ["an agent in quiet hours", { quietHours: { from: "11:00", to: "13:00" } }, {}, { rule: "quiet_hours" }],
])("%s is refused, with what to do", (_name, policy, question, expected) => {
  const verdict = judge(policy, question);
  expect(verdict).toMatchObject({ ok: false, ...expected });
  expect(verdict.ok ? "" : verdict.hint).toMatch(/\.$/);
});

test("people may call in quiet hours", () => {
  expect(judge({ quietHours: { from: "11:00", to: "13:00" } }, { caller: "person" })).toMatchObject({ ok: true });
});

test.each<[ConnectorPolicyInput["approval"], Partial<PolicyQuestion>, string]>([
  ["rules", {}, "no"],
  ["rules", { effect: "write" }, "no"],
  ["rules", { effect: "write", isToPeople: true }, "rules"],
  ["rules", { effect: "destructive" }, "rules"],
  ["rules", { effect: "write", isToPeople: true, caller: "person" }, "no"],
  ["writes", { effect: "write" }, "yes"],
  ["writes", {}, "no"],
  ["never", { effect: "destructive" }, "no"],
  ["always", {}, "yes"],
  ["always", { caller: "person" }, "yes"],
])("approval %s of %o asks: %s", (approval, question, asks) => {
  expect(judge({ approval }, question)).toMatchObject({ ok: true, asks });
});

test("a closed gateway lets nothing out, a reading one nothing that changes something", () => {
  for (const effect of effectSchema.options) {
    expect(judgeMode("offline", effect)).toMatchObject({ code: "offline" });
    expect(judgeMode("online", effect)).toBeNull();
    expect(judgeMode("read-only", effect)?.code).toBe(effect === "read" ? undefined : "offline");
  }
});

test("the risk of a call never falls when somebody else than a person makes it", () => {
  const order = ["low", "medium", "high", "critical"];
  for (const effect of effectSchema.options)
    for (const isToPeople of [false, true])
      for (const caller of callerKindSchema.options)
        expect(order.indexOf(riskOf({ effect, isToPeople, caller }))).toBeGreaterThanOrEqual(
          order.indexOf(riskOf({ effect, isToPeople, caller: "person" })),
        );
});

test("no spelling of a host outside the list gets in", () => {
  const judged = createPolicyJudge(connectorPolicySchema.parse({ allowedDomains: ["example.com", "*.example.com"] }));
  const spelling = fc.constantFrom(
    (host: string) => host.toUpperCase(),
    (host: string) => `${host}.`,
    (host: string) => `example.com@${host}`,
    (host: string) => `${host}#.example.com`,
    (host: string) => `${host}?x=.example.com`,
    (host: string) => `${host}\\.example.com`,
    (host: string) => host.replaceAll(".", "。"),
    (host: string) => `${host}/example.com`,
    (host: string) => `example.com%2e${host}`,
  );
  fc.assert(
    fc.property(fc.domain(), spelling, (host, spell) => {
      fc.pre(host !== "example.com" && !host.endsWith(".example.com"));
      const url = `https://${spell(host)}`;
      fc.pre(URL.canParse(url));
      const reached = new URL(url).hostname.replace(/\.$/, "");
      fc.pre(reached !== "example.com" && !reached.endsWith(".example.com"));
      expect(judged.judge({ ...reading, targets: [url] }, noon).ok).toBe(false);
    }),
  );
});
