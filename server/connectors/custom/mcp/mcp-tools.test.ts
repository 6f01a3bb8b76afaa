import { expect, test } from "vitest";

import type { McpToolFacts } from "../../../../contract/features/mcp-connectors.ts";
import { toleratedInput } from "../json-input.ts";
import { acceptTools, compareTools, effectOf, factsOf, isWhole, type DescribedTool } from "./mcp-tools.ts";

function facts(tool: Partial<DescribedTool> = {}): McpToolFacts {
  const made = factsOf({ name: "echo", description: "Says it again.", inputSchema: { type: "object" }, ...tool });
  if (made === null) throw new Error("It cannot be used");
  return made;
}

const taken = (one: McpToolFacts) => ({ facts: one, effect: effectOf(one), isToPeople: false });

test("any part of a description changes the hash, the order of its fields does not", () => {
  const base = facts();
  const changed: Partial<DescribedTool>[] = [
    { description: "Says it again!" },
    { title: "Echo" },
    { inputSchema: { type: "object", properties: { words: {} } } },
    { annotations: { readOnlyHint: true } },
    { annotations: { destructiveHint: false } },
    { name: "echo2" },
  ];
  for (const part of changed) expect([part, facts(part).hash === base.hash]).toEqual([part, false]);
  const schema = { properties: {}, type: "object" };
  expect(facts({ inputSchema: schema }).hash).toBe(facts({ inputSchema: { type: "object", properties: {} } }).hash);
  expect(isWhole(base)).toBe(true);
  expect(isWhole({ ...base, description: "Something else." })).toBe(false);
});

test("what cannot be used is left out, what is too long is cut", () => {
  expect(factsOf({ name: "", inputSchema: {} })).toBeNull();
  expect(factsOf({ name: "x", inputSchema: "object" })).toBeNull();
  const long = facts({ description: "x".repeat(30_000), title: "y".repeat(300) });
  expect([long.description.length, long.title.length]).toEqual([20_000, 200]);
  expect(isWhole(long)).toBe(true);
});

const effect = (annotations: DescribedTool["annotations"]) => effectOf(facts({ annotations }));

test("what is not said to read may write", () => {
  expect(effect(undefined)).toBe("write");
  expect(effect({})).toBe("write");
  expect(effect({ readOnlyHint: true })).toBe("read");
  expect(effect({ readOnlyHint: false, destructiveHint: true })).toBe("destructive");
});

test("names are made of those of the server, each once, and stay when a tool is accepted anew", () => {
  const offered = ["Get.Issue", "get_issue", "list_tools", "日本"].map((name) => facts({ name }));
  const tools = acceptTools([], offered.map(taken), []);
  expect(Object.fromEntries(tools.map(({ tool, name }) => [tool, name]))).toEqual({
    "Get.Issue": "get-issue",
    get_issue: "get-issue-2",
    list_tools: "list-tools-2",
    日本: "tool",
  });
  const changed = facts({ name: "get_issue", description: "Gets it." });
  const again = acceptTools(tools, [taken(changed)], ["Get.Issue"]);
  expect(again.find(({ tool }) => tool === "get_issue")).toMatchObject({ name: "get-issue-2", hash: changed.hash });
  expect(again.map(({ tool }) => tool)).not.toContain("Get.Issue");
});

test("what is offered stands beside what was accepted", () => {
  const kept = facts();
  const other = facts({ name: "other" });
  const accepted = acceptTools([], [taken(kept), taken(other)], []);
  const now = [
    facts({ description: "Something else.", annotations: { readOnlyHint: true } }),
    facts({ name: "fresh" }),
  ];
  const states = (offered: McpToolFacts[] | null) =>
    Object.fromEntries(compareTools(accepted, offered).map(({ tool, state, changes }) => [tool, [state, ...changes]]));
  expect(states(null)).toEqual({ echo: ["accepted"], other: ["accepted"] });
  expect(states(now)).toEqual({ echo: ["changed", "description", "hints"], other: ["gone"], fresh: ["new"] });
});

test("of parameters only what can be read is checked here, and the server checks the rest", () => {
  const input = toleratedInput({
    type: "object",
    properties: {
      count: { type: "integer" },
      when: { if: { type: "string" }, else: { minLength: 3 } },
      what: { not: { type: "number" } },
    },
    required: ["count", "when"],
  });
  expect(input.safeParse({ count: 1, when: "x" }).success).toBe(true);
  expect(input.safeParse({ count: 1.5, when: "x" }).success).toBe(false);
  expect(input.safeParse({ when: "x" }).success).toBe(false);
  expect(toleratedInput({ type: "object", allOf: [{ if: {} }] }).safeParse({ any: "thing" }).success).toBe(true);
});
