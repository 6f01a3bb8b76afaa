import { describe, expect, it } from "vitest";

import { connectorPolicySchema, type ConnectorPolicy } from "../../../../contract/features/connectors.ts";
import { policyLabel, policyParts, toPolicy, toValues } from "./policy-fields.ts";

const usual = connectorPolicySchema.parse({});

function back(policy: ConnectorPolicy): ConnectorPolicy {
  return connectorPolicySchema.parse(toPolicy(toValues(policy)));
}

describe("a policy in the form", () => {
  it("comes back as it was", () => {
    expect(back(usual)).toEqual(usual);
    const strict: ConnectorPolicy = {
      ...usual,
      operations: ["fetch"],
      callers: ["person"],
      allowedDomains: ["example.com"],
      extraPorts: [8443],
      approval: "always",
      quietHours: { from: "22:00", to: "07:00" },
      perMinute: 3,
      keepsExcerpt: true,
    };
    expect(back(strict)).toEqual(strict);
  });

  it("is whole, whatever was left empty", () => {
    expect(toPolicy({})).toEqual({ ...usual, callers: [], perMinute: null, perDay: null });
    expect(toPolicy({ ...usual, timeoutMs: undefined, blockedDomains: undefined })).toEqual(usual);
  });

  it("keeps no limit as no limit, not as the usual one", () => {
    const open = { ...usual, perMinute: null, perDay: null };
    expect(back(open)).toEqual(open);
  });

  it("never widens an empty list of callers to everybody", () => {
    expect(back({ ...usual, callers: [] }).callers).toEqual([]);
  });

  it("has a field, a label and an explanation for everything a policy holds", () => {
    const fields = policyParts([{ name: "fetch", title: "Read a page" }]).flatMap((part) => part.fields);
    expect(fields.map(({ name }) => name).toSorted()).toEqual(Object.keys(connectorPolicySchema.shape).toSorted());
    for (const { name, label, description } of fields) {
      expect(description, name).not.toBe("");
      expect(policyLabel(name)).toBe(label);
    }
  });
});
