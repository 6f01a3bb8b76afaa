import { describe, expect, it } from "vitest";

import type { Approval, ApprovalRule } from "../../../contract/features/approvals.ts";
import type { AgentSubject } from "./approval-subject.ts";
import { conditionsHold, mayReachFurther, previewRule, ruleFor } from "./rule-match.ts";

const now = Date.parse("2026-11-21T12:00:00.000Z");

function subject(parts: Partial<AgentSubject> = {}): AgentSubject {
  return {
    kind: "agent-tool",
    title: "Run npm test",
    why: "",
    onDeny: "",
    runId: "run-000000000001",
    requestId: "q1",
    runTitle: "Fix the tests",
    appId: "blog",
    providerId: "claude",
    providerName: "Claude",
    tool: "execute",
    folder: "/code/blog",
    command: "npm test",
    words: ["npm", "test"],
    input: null,
    paths: [],
    changes: [],
    ...parts,
  };
}

function rule(parts: Partial<ApprovalRule> = {}): ApprovalRule {
  return {
    id: "rule-00000001",
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
    createdAt: "2026-11-21T11:00:00.000Z",
    createdBy: "this machine",
    origin: "user",
    uses: 0,
    lastUsedAt: null,
    ...parts,
  };
}

describe("conditions of a rule", () => {
  it.each<[string, Partial<ApprovalRule>, Partial<AgentSubject>, boolean]>([
    ["the same app", { appId: "blog" }, {}, true],
    ["another app", { appId: "shop" }, {}, false],
    ["no app at all", { appId: "blog" }, { appId: null }, false],
    ["another provider", { providerId: "codex" }, {}, false],
    ["another run", { runId: "run-000000000002" }, {}, false],
    ["the folder itself", { folder: "/code/blog" }, {}, true],
    ["a folder above", { folder: "/code" }, {}, true],
    ["a folder with the same beginning", { folder: "/code/blo" }, {}, false],
    ["a kind", { tools: ["execute"] }, {}, true],
    ["another kind", { tools: ["edit", "read"] }, {}, false],
    ["the beginning of the command", { commandPrefix: ["npm"] }, {}, true],
    ["the whole command", { commandPrefix: ["npm", "test"] }, {}, true],
    ["half a word", { commandPrefix: ["np"] }, {}, false],
    ["more than the command", { commandPrefix: ["npm", "test", "--", "x"] }, {}, false],
    ["a command only a shell understands", { commandPrefix: ["npm"] }, { words: null }, false],
    ["files within", { folder: "/code/blog" }, { tool: "edit", paths: ["/code/blog/a.ts"] }, true],
    ["one file outside", { folder: "/code/blog" }, { tool: "edit", paths: ["/code/blog/a.ts", "/etc/x"] }, false],
    ["an edit of nobody knows what", { folder: "/code/blog" }, { tool: "edit", paths: [] }, false],
    ["a read of nobody knows what", { folder: "/code/blog" }, { tool: "read", paths: [] }, false],
    ["a search of the folder", { folder: "/code/blog" }, { tool: "search", paths: [] }, true],
  ])("%s", (_what, conditions, asked, isMatch) => {
    expect(conditionsHold(rule(conditions), subject(asked))).toBe(isMatch);
  });
});

describe("the rule that answers", () => {
  it("is one that denies before one that allows, whatever came first", () => {
    const allow = rule({ appId: "blog" });
    const deny = rule({ id: "rule-00000002", effect: "deny", commandPrefix: ["npm"] });
    expect(ruleFor([allow, deny], subject(), now)).toBe(deny);
    expect(ruleFor([allow], subject(), now)).toBe(allow);
  });

  it("is none whose time is over", () => {
    expect(ruleFor([rule({ appId: "blog", expiresAt: "2026-11-21T12:00:00.000Z" })], subject(), now)).toBeNull();
  });

  it.each([".vscode/tasks.json", "AGENTS.md", ".git/hooks/pre-commit", "packages/a/.envrc"])(
    "is none that allows a change of %s, which is always asked for",
    (name) => {
      const change = subject({ tool: "edit", words: null, paths: ["/code/blog/a.ts", `/code/blog/${name}`] });
      const allow = rule({ runId: change.runId, tools: ["edit"] });
      expect(ruleFor([allow], change, now)).toBeNull();
      expect(ruleFor([allow], { ...change, paths: ["/code/blog/a.ts"] }, now)).toBe(allow);
      const deny = rule({ effect: "deny", tools: ["edit"] });
      expect(ruleFor([allow, deny], change, now)).toBe(deny);
      expect(mayReachFurther(change)).toBe(false);
      expect(previewRule(allow, [settled(1, "allowed", change)], [])).toMatchObject({ matched: 0 });
      expect(mayReachFurther({ ...change, tool: "read" })).toBe(true);
    },
  );

  it("reaches further only where the next question is of the same sort", () => {
    expect(mayReachFurther(subject())).toBe(true);
    expect(mayReachFurther(subject({ tool: "other" }))).toBe(false);
  });
});

const settled = (id: number, state: Approval["state"], asked: Partial<AgentSubject>): Approval => ({
  id: String(id).padStart(20, "0"),
  createdAt: "2026-11-21T11:00:00.000Z",
  expiresAt: "2026-11-21T11:30:00.000Z",
  subject: subject(asked),
  hash: "0".repeat(64),
  state,
  decision: null,
  isDelivered: true,
});

describe("the preview of a rule", () => {
  it("counts what it would have answered, and what was answered the other way", () => {
    const history = [
      settled(1, "allowed", {}),
      settled(2, "denied", { title: "Run npm publish", words: ["npm", "publish"] }),
      settled(3, "allowed", { tool: "edit", words: null, paths: ["/code/blog/a"] }),
      settled(4, "expired", { appId: "shop" }),
    ];
    const waiting = [{ ...settled(5, "pending", {}) }, settled(6, "pending", { appId: "shop" })];
    const preview = previewRule(rule({ appId: "blog", commandPrefix: ["npm"] }), history, waiting);
    expect(preview).toMatchObject({ looked: 4, matched: 2, waiting: 1, contradicted: 1 });
    expect(preview.examples.map(({ title }) => title)).toEqual(["Run npm publish", "Run npm test"]);
  });
});

describe("rules for calls to the outside", () => {
  const asked = {
    kind: "connector-call",
    title: "Slack: Send a message",
    why: "",
    onDeny: "",
    connectorId: "slack",
    connectorName: "Slack",
    operation: "send-message",
    input: "{}",
    effect: "write",
    risk: "high",
    callerKind: "agent",
    callerName: "Builder",
    callerId: "run-000000000001",
    isForUser: false,
  } as const;
  const sends = rule({ connectors: ["slack"], operations: ["send-message"] });

  it.each<[string, Partial<ApprovalRule>, boolean]>([
    ["the connector and its operation", {}, true],
    ["another connector", { connectors: ["email-smtp"] }, false],
    ["another operation", { operations: ["upload-file"] }, false],
    ["the run that asks", { runId: "run-000000000001" }, true],
    ["another run", { runId: "run-000000000002" }, false],
    ["no connector at all", { connectors: [], operations: [], folder: "/" }, false],
  ])("%s", (_what, parts, isAnswered) => {
    expect(ruleFor([{ ...sends, ...parts }], asked, now) !== null).toBe(isAnswered);
  });

  it("says no where the policy wants the user's own answer, and never yes", () => {
    const own = { ...asked, isForUser: true };
    expect(ruleFor([sends], own, now)).toBeNull();
    expect(ruleFor([{ ...sends, effect: "deny" }], own, now)).not.toBeNull();
  });

  it("answers nothing that agents do in folders", () => {
    expect(ruleFor([rule({ connectors: ["slack"], operations: [], effect: "deny" })], subject(), now)).toBeNull();
  });
});
