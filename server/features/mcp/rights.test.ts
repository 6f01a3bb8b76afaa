import { expect, test } from "vitest";
import { z } from "zod";

import { mcpRightsSchema, type McpRights } from "../../../contract/features/mcp.ts";
import { defineOperation } from "../../connectors/framework/define-connector.ts";
import { isNothing, mayCall, narrowed, rightsOfRun } from "./rights.ts";
import { toolName } from "./tools/connector-tools.ts";
import { answerIn } from "./tools/run-tools.ts";

const rights = (given: Partial<McpRights>): McpRights => ({ ...mcpRightsSchema.parse({}), ...given });
const operation = (effect: "read" | "write" | "destructive") =>
  defineOperation({
    title: "T",
    description: "D.",
    effect,
    input: z.object({}),
    output: z.object({}),
    targets: () => [],
    examples: [],
    run: () => Promise.resolve({}),
  });

test("a token calls what it was given, and nothing that does more", () => {
  const all = rights({});
  expect(mayCall(all, { id: "rss" }, "fetch-feed", operation("read"))).toBe(true);
  expect(mayCall(all, { id: "rss" }, "subscribe", operation("write"))).toBe(false);
  const some = rights({ connectors: [{ connector: "rss", operations: ["fetch-feed"] }], effects: ["read", "write"] });
  expect(mayCall(some, { id: "rss" }, "fetch-feed", operation("read"))).toBe(true);
  expect(mayCall(some, { id: "rss" }, "subscribe", operation("write"))).toBe(false);
  expect(mayCall(some, { id: "slack" }, "auth-test", operation("read"))).toBe(false);
  expect(mayCall(rights({ effects: [] }), { id: "rss" }, "fetch-feed", operation("read"))).toBe(false);
});

test("what a run was given counts only as far as runs may have it now, whichever was wider", () => {
  const wide = rights({
    effects: ["read", "write"],
    areas: ["apps", "logs"],
    mayRestartApps: true,
    asksBeforeWrites: false,
  });
  const tight = rights({ connectors: [{ connector: "rss", operations: ["fetch-feed"] }], areas: ["logs"] });
  for (const both of [narrowed(wide, tight), narrowed(tight, wide)])
    expect(both).toEqual({
      connectors: [{ connector: "rss", operations: ["fetch-feed"] }],
      effects: ["read"],
      asksBeforeWrites: true,
      areas: ["logs"],
      mayRestartApps: false,
    });
  const other = rights({ connectors: [{ connector: "slack", operations: null }] });
  expect(narrowed(tight, other).connectors).toEqual([]);
});

test("a run in which everything is asked for gets nothing that changes something", () => {
  const given = rights({ effects: ["read", "write", "destructive"], mayRestartApps: true });
  expect(rightsOfRun(given, "ask")).toMatchObject({ effects: ["read"], mayRestartApps: false });
  expect(rightsOfRun(given, "ask-writes")).toEqual(given);
});

test("names of tools are no longer than clients take, and stay different", () => {
  expect(toolName("rss", "fetch-feed")).toBe("rss__fetch-feed");
  const long = `a${"b".repeat(39)}`;
  const names = ["create-a-very-long-named-thing-one", "create-a-very-long-named-thing-two"].map((name) =>
    toolName(long, name),
  );
  for (const name of names) expect(name).toMatch(/^[\w-]{1,64}$/);
  expect(new Set(names).size).toBe(2);
});

test("the answer of a run is what it said since it was spoken to last", () => {
  const at = "2026-03-01T12:00:00.000Z";
  const bodies = [
    { kind: "user" as const, text: "Do it" },
    { kind: "text" as const, text: "old" },
    { kind: "user" as const, text: "More" },
    { kind: "text" as const, text: "I look" },
    { kind: "text" as const, text: " at it." },
    { kind: "notice" as const, level: "info" as const, text: "…" },
    { kind: "text" as const, text: "Done." },
  ];
  expect(answerIn(bodies.map((body, index) => ({ number: index + 1, at, body })))).toBe("I look at it.\n\nDone.");
});

test("nothing is nothing, in whichever words", () => {
  expect(isNothing(rights({ connectors: [], effects: ["read"] }))).toBe(true);
  expect(isNothing(rights({ effects: [] }))).toBe(true);
  expect(isNothing(rights({ effects: [], areas: ["logs"] }))).toBe(false);
  expect(isNothing(rights({ effects: [], mayRestartApps: true }))).toBe(false);
  expect(isNothing(rights({}))).toBe(false);
});
