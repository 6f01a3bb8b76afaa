import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { AgentKind } from "../../../contract/features/providers.ts";
import { createAgentStream, type PlacedItem } from "./agent-stream.ts";

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/${name}.jsonl`, import.meta.url));
}

/** Each piece comes in memory that is used again for the next one, as a reader of files does. */
function readIn(agent: AgentKind, pieces: readonly Uint8Array[]): PlacedItem[] {
  const stream = createAgentStream(agent);
  const memory = Buffer.alloc(Math.max(1, ...pieces.map(({ length }) => length)));
  const items = pieces.flatMap((piece) => {
    memory.set(piece);
    const read = stream.push(memory.subarray(0, piece.length));
    memory.fill(0x7b);
    return read;
  });
  return [...items, ...stream.end()];
}

const fixtures: [AgentKind, string][] = [
  ["claude", "claude-tool"],
  ["claude", "claude-denied"],
  ["claude", "claude-429"],
  ["claude", "claude-input-stream"],
  ["claude", "claude-stream-partial"],
  ["codex", "codex"],
  ["codex", "codex-tool"],
  ["gemini", "gemini-stream"],
  ["gemini", "gemini-tool"],
  ["opencode", "opencode"],
  ["opencode", "opencode-tool"],
];

const answer = (items: PlacedItem[]): string =>
  items.map(({ item }) => (item.kind === "text" ? item.text : "")).join("");
const last = <K extends PlacedItem["item"]["kind"]>(items: PlacedItem[], kind: K) =>
  items
    .map(({ item }) => item)
    .findLast((item): item is Extract<PlacedItem["item"], { kind: K }> => item.kind === kind);

describe("streams of agent programs", () => {
  it.each(fixtures)("%s: %s means the same in every two pieces", (agent, name) => {
    const bytes = fixture(name);
    const whole = readIn(agent, [bytes]);
    expect(whole.length).toBeGreaterThan(1);
    const expected = JSON.stringify(whole);
    for (let at = 1; at < bytes.length; at += 1) {
      const split = JSON.stringify(readIn(agent, [bytes.subarray(0, at), bytes.subarray(at)]));
      if (split !== expected) expect.fail(`differs when cut at byte ${at}`);
    }
  });

  it.each(fixtures)("%s: %s means the same in random pieces", (agent, name) => {
    const bytes = fixture(name);
    const expected = readIn(agent, [bytes]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 }), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
        expect(readIn(agent, pieces)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each(fixtures)("%s: %s goes on after any item exactly where it stopped", (agent, name) => {
    const bytes = fixture(name);
    const whole = readIn(agent, [bytes]);
    for (const [at, { position }] of whole.entries()) {
      const old: PlacedItem["item"][] = [];
      const stream = createAgentStream(agent, position, (item) => old.push(item));
      const known = new Set(["session", "usage", "failed", "done"]);
      const expected = whole.filter(({ item }, index) => index > at || known.has(item.kind));
      expect([...stream.push(bytes), ...stream.end()]).toEqual(expected);
      expect(old).toEqual(whole.slice(0, at + 1).map(({ item }) => item));
    }
  });

  it("keeps characters of several bytes whole in every two pieces", () => {
    const said = "Grüße, 世界 🚀 é";
    const bytes = Buffer.from(`${JSON.stringify({ type: "message", role: "assistant", content: said })}\n`);
    for (let at = 0; at <= bytes.length; at += 1)
      expect(answer(readIn("gemini", [bytes.subarray(0, at), bytes.subarray(at)]))).toBe(said);
  });

  it.each([
    ["claude", "claude-tool", "0223d07f-134e-496e-a06e-94a40dc19fd5", 24, 14, 2],
    ["codex", "codex-tool", "01a1f8d6-68b9-78d1-b7a3-09c729b23e01", 10, 6, 1],
    ["gemini", "gemini-tool", "7bcecc02-fd35-402b-9216-5bdad3d495f9", 10, 6, 2],
    ["opencode", "opencode-tool", "ses_e0727aec7ffeZ8HqM78wKTpR9F", 10, 6, 2],
  ] as const)("reads answer, session, call and usage of %s", (agent, name, session, input, output, turns) => {
    const items = readIn(agent, [fixture(name)]);
    expect(answer(items)).toBe("Hello from mock.");
    expect(last(items, "session")?.id).toBe(session);
    expect(last(items, "usage")?.usage).toMatchObject({ inputTokens: input, outputTokens: output, turns });
    const call = last(items, "tool")?.call;
    expect(call).toMatchObject({ state: "succeeded", tool: "execute" });
    expect(call?.output).toMatch(/^hi\n?$/);
    expect(call?.title).toMatch(/^Run .*echo hi/);
  });

  it("tells text that came in pieces once", () => {
    expect(answer(readIn("claude", [fixture("claude-stream-partial")]))).toBe("Hello from mock.");
  });

  it("trusts the error mark of a result that calls itself a success", () => {
    const items = readIn("claude", [fixture("claude-429")]);
    expect(last(items, "failed")).toMatchObject({ failure: "rate-limit" });
    expect(last(items, "done")).toBeUndefined();
    expect(answer(items)).toBe("");
  });

  it("marks a call that was not allowed", () => {
    expect(last(readIn("claude", [fixture("claude-denied")]), "tool")?.call.state).toBe("denied");
  });

  it("sums the turns of one process and takes its cost as told", () => {
    const usage = last(readIn("claude", [fixture("claude-input-stream")]), "usage")?.usage;
    expect(usage).toMatchObject({ inputTokens: 24, outputTokens: 14, turns: 2, costUsd: 0.000_47 });
  });

  it("gives lines that are no JSON as they are, also the torn last one", () => {
    const items = readIn("gemini", [Buffer.from('Loaded cached credentials.\n{"type":"message","role":"assis')]);
    expect(items.map(({ item }) => item)).toEqual([
      { kind: "line", text: "Loaded cached credentials.\n" },
      { kind: "line", text: '{"type":"message","role":"assis\n' },
    ]);
  });

  it.each([
    [
      "opencode",
      { type: "error", error: { name: "APIError", data: { message: "slow down", statusCode: 429 } } },
      "rate-limit",
    ],
    ["opencode", { type: "error", error: { name: "ProviderModelNotFoundError", data: {} } }, "missing-model"],
    [
      "gemini",
      { type: "result", status: "error", error: { message: "Invalid auth method selected." } },
      "not-logged-in",
    ],
    [
      "gemini",
      { session_id: "x", error: { type: "Error", message: "Invalid auth method selected.", code: 41 } },
      "not-logged-in",
    ],
    ["codex", { type: "turn.failed", error: { message: "You've hit your usage limit." } }, "usage-limit"],
    ["claude", { type: "result", subtype: "error_max_budget_usd", is_error: true }, "budget"],
  ] as const)("classifies what %s says: %o", (agent, line, failure) => {
    const items = readIn(agent, [Buffer.from(`${JSON.stringify(line)}\n`)]);
    expect(last(items, "failed")?.failure).toBe(failure);
  });
});
