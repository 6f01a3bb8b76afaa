import { describe, expect, it } from "vitest";

import { riskText } from "../../lib/approval-text.ts";
import { ruleText } from "./approval-words.ts";

const names = { app: (id: string) => id.toUpperCase(), provider: (id: string) => id };
const rule: Parameters<typeof ruleText>[0] = {
  name: "A rule",
  effect: "allow",
  appId: null,
  folder: null,
  providerId: null,
  runId: null,
  tools: [],
  commandPrefix: [],
  connectors: [],
  operations: [],
  expiresAt: null,
};

describe("ruleText", () => {
  it("says which calls to the outside a rule answers, and never everything", () => {
    const calls = { ...rule, connectors: ["slack"], operations: ["send-message"] };
    expect(ruleText({ ...calls }, names)).toBe("Calls of slack: send-message");
    expect(ruleText({ ...calls, operations: [], runId: "run-1" }, names)).toBe(
      "Calls of slack: every operation, in one run",
    );
  });

  it("says what is done where", () => {
    const work = { ...rule, commandPrefix: ["npm", "test"], appId: "blog" };
    expect(ruleText(work, names)).toBe("Run commands that begin with npm test, in the app BLOG");
  });
});

describe("riskText", () => {
  it("says what a call does and how bad it could be", () => {
    expect(riskText({ effect: "destructive", risk: "critical" })).toBe("Takes away for good, critical risk");
    expect(riskText({ effect: "read", risk: "low" })).toBe("Changes nothing, low risk");
  });
});
