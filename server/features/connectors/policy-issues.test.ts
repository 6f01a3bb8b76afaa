import { expect, test } from "vitest";

import { connectorPolicySchema, type ConnectorPolicyInput } from "../../../contract/features/connectors.ts";
import { policyIssues } from "./policy-issues.ts";

const issues = (policy: ConnectorPolicyInput, before: ConnectorPolicyInput = {}): string[] =>
  policyIssues(connectorPolicySchema.parse(policy), {
    before: connectorPolicySchema.parse(before),
    operations: ["fetch"],
    ownPorts: [7100],
  }).map(({ path, message }) => `${path} ${message}`);

test("every field and line that cannot be read is named", () => {
  const found = issues({
    allowedDomains: ["example.com", "https://x.example"],
    blockedDomains: ["a b"],
    insides: ["*", "127.0.0.1:7190", "foo bar"],
  });
  expect(found.map((text) => text.split(" ")[0])).toEqual([
    "allowedDomains.1",
    "blockedDomains.0",
    "insides.0",
    "insides.2",
  ]);
  expect(found[3]).toContain("foo bar: this is not a host with a port");
});

test.each([
  [{ insides: ["127.0.0.1:7100"] }, /^insides\.0 127\.0\.0\.1:7100: port 7100 belongs to PortOS itself/],
  [{ insides: ["http://localhost:7100"] }, /^insides\.0 .*belongs to PortOS itself/],
  [{ insides: ["169.254.169.254:80"] }, /^insides\.0 169\.254\.169\.254:80: this address is never called/],
  [{ insides: ["[::ffff:127.0.0.1]:80"] }, /^insides\.0 .*this address is never called/],
  [{ insides: ["http://127.0.0.1:7190/x"] }, /^insides\.0 .*without a path: write http:\/\/127\.0\.0\.1:7190$/],
  [{ operations: ["nope"] }, /^operations\.0 nope: this connector has no such operation/],
  [{ quietHours: { from: "10:00", to: "10:00" } }, /^quietHours\.to must differ from 10:00/],
])("what can never work is refused with the reason: %j", (policy, expected) => {
  const found = issues(policy);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
});

test("what can work is taken, and what is in force already is not judged again", () => {
  expect(issues({ insides: ["nas.local:9000", "http://127.0.0.1:3000/", "[::1]:80"], operations: ["fetch"] })).toEqual(
    [],
  );
  expect(issues({ quietHours: { from: "22:00", to: "07:00" }, operations: [] })).toEqual([]);
  expect(issues({ operations: ["gone"], perDay: 5 }, { operations: ["gone"] })).toEqual([]);
});
