import { describe, expect, it } from "vitest";

import type { ProviderHealth } from "../../../contract/features/providers.ts";
import { AppError } from "../../../lib/app-error.ts";
import { checkFallbacks, walkChain } from "./fallback-chain.ts";
import { type ProviderRecord, providerRecordSchema } from "./provider-record.ts";
import { resolveTargets } from "./resolve-targets.ts";
import { apiInput, record } from "./testing/provider-samples.ts";

const now = Date.parse("2026-05-01T12:00:00Z");

function surroundings(records: ProviderRecord[], limited: Record<string, string> = {}, programs: string[] = []) {
  return {
    find: find(records),
    healthOf: ({ id }: ProviderRecord): ProviderHealth => ({
      id,
      state: id in limited ? "limited" : "up",
      message: null,
      failure: null,
      asOf: null,
      latencyMs: null,
      backAt: limited[id] ?? null,
      models: null,
      version: null,
    }),
    secrets: {
      open: (stored: unknown) =>
        stored === "broken"
          ? Promise.reject(new AppError("unavailable", "The stored secret is damaged and cannot be opened."))
          : Promise.resolve(`opened:${String(stored)}`),
      describe: (stored: unknown) => ({ isSet: stored !== null && stored !== "", last4: null, updatedAt: null }),
    },
    programs: {
      find: (name: string) => (programs.includes(name) ? `/usr/bin/${name}` : null),
      hasLogin: () => null,
    },
    now: () => now,
    timeText: (at: number) => new Date(at).toISOString().slice(11, 16),
  };
}

function choice(providerId: string, more: object = {}) {
  return { providerId, mayFallBack: true, ...more };
}

function program(id: string, changes: Record<string, unknown>): ProviderRecord {
  return providerRecordSchema.parse({ id, name: id.toUpperCase(), isEnabled: true, ...changes });
}

const models = [
  { id: "s", tier: "light", price: { input: 1, output: 2 } },
  { id: "m", tier: "medium", price: null },
  { id: "l", tier: "heavy", price: null },
];

function find(records: ProviderRecord[]): (id: string) => ProviderRecord | null {
  return (id) => records.find((entry) => entry.id === id) ?? null;
}

describe("whom to ask", () => {
  it("is the chosen provider, then its chain, each with the model of the tier, price and opened key", async () => {
    const records = [
      record("a", { models, fallbackProvider: "b", apiKey: "env:KEY" }),
      record("b", { models: [{ id: "only" }], fallbackProvider: "c" }),
      record("c", { models }),
    ];
    const targets = await resolveTargets(choice("a", { tier: "light" }), surroundings(records));
    expect(targets.map(({ providerId, model, reason }) => [providerId, model, reason])).toEqual([
      ["a", "s", "First choice"],
      ["b", "only", "Fallback of A"],
      ["c", "s", "Fallback of B"],
    ]);
    expect(targets[0]).toMatchObject({ engine: "api", apiKey: "opened:env:KEY", price: { input: 1, output: 2 } });
    expect(targets[1]).toMatchObject({ apiKey: null, price: null });
  });

  it("leaves out a model with a limit of its own, not the others of the provider", async () => {
    const records = [record("a", { models })];
    const own = { model: "s", failure: "rate-limit", message: null, asOf: "2026-05-01T11:00:00.000Z" } as const;
    const around = surroundings(records);
    const limited = {
      ...around,
      healthOf: (one: ProviderRecord): ProviderHealth => ({
        ...around.healthOf(one),
        modelTroubles: [{ ...own, backAt: "2026-05-01T14:30:00.000Z" }],
      }),
    };
    await expect(resolveTargets(choice("a", { tier: "light" }), limited)).rejects.toThrow(
      "Nobody can be asked: A is limited until 14:30 (s)",
    );
    expect(await resolveTargets(choice("a", { tier: "heavy" }), limited)).toMatchObject([{ model: "l" }]);
  });

  it("prefers the fallback of the tier, and takes the tier of the named model", async () => {
    const records = [
      record("a", { models, fallbackProvider: "b", tierFallbacks: { heavy: "c" } }),
      record("b", { models }),
      record("c", { models }),
    ];
    const ids = async (more: object) =>
      (await resolveTargets(choice("a", more), surroundings(records))).map(({ providerId, model }) => [
        providerId,
        model,
      ]);
    expect(await ids({ tier: "heavy" })).toEqual([
      ["a", "l"],
      ["c", "l"],
    ]);
    expect(await ids({ model: "l" })).toEqual([
      ["a", "l"],
      ["c", "l"],
    ]);
    expect(await ids({})).toEqual([
      ["a", "m"],
      ["b", "m"],
    ]);
    expect(await ids({ model: "unlisted" })).toEqual([
      ["a", "unlisted"],
      ["b", "m"],
    ]);
    expect(await ids({ mayFallBack: false })).toEqual([["a", "m"]]);
  });

  it("leaves out who is off, limited, without a key or not installed, and says so with the next", async () => {
    const records = [
      record("a", { models, fallbackProvider: "b" }),
      record("b", { models, isEnabled: false, fallbackProvider: "c" }),
      record("c", { models, baseUrl: "https://api.openai.com/v1", fallbackProvider: "d" }),
      program("d", { type: "cli", agent: "codex", fallbackProvider: "e" }),
      record("e", { models: [], fallbackProvider: "f" }),
      record("f", { models }),
    ];
    const around = surroundings(records, { a: "2026-05-01T14:30:00.000Z" });
    const targets = await resolveTargets(choice("a"), around);
    expect(targets.map(({ providerId, reason }) => [providerId, reason])).toEqual([["f", "E is without a model"]]);
  });

  it("asks those a choice names instead of the provider's own fallbacks, across kinds, and says who of them is gone", async () => {
    const records = [
      record("a", { models, fallbackProvider: "b" }),
      record("b", { models }),
      program("c", { type: "cli", agent: "codex" }),
      record("d", { models }),
    ];
    const around = surroundings(records, {}, ["codex"]);
    const named = { ...choice("a"), fallbacks: ["c", "gone", "a", "d", "c"] };
    const targets = await resolveTargets(named, around);
    expect(targets.map(({ providerId, reason }) => [providerId, reason])).toEqual([
      ["a", "First choice"],
      ["c", "Fallback of A"],
      ["d", "gone does not exist"],
    ]);
    expect(await resolveTargets({ ...named, mayFallBack: false }, around)).toHaveLength(1);
    expect((await resolveTargets({ ...named, fallbacks: [] }, around)).map(({ providerId }) => providerId)).toEqual([
      "a",
      "b",
    ]);
  });

  it("asks a provider again whose limit is over", async () => {
    const around = surroundings([record("a", { models })], { a: "2026-05-01T11:59:00.000Z" });
    expect(await resolveTargets(choice("a"), around)).toHaveLength(1);
  });

  it.each([
    ["an unknown one", "nobody", [], {}, "providerId: must be a provider that exists, not nobody"],
    ["one that is off", "a", [record("a", { models, isEnabled: false })], {}, "Nobody can be asked: A is off"],
    ["one without a model", "a", [record("a", { models: [] })], {}, "Nobody can be asked: A is without a model"],
    [
      "one without a key",
      "a",
      [record("a", { models, dialect: "anthropic", baseUrl: "https://api.anthropic.com/v1" })],
      {},
      "Nobody can be asked: A is without an API key",
    ],
    [
      "one that is limited",
      "a",
      [record("a", { models })],
      { a: "2026-05-01T14:30:00.000Z" },
      "Nobody can be asked: A is limited until 14:30",
    ],
    [
      "one whose key cannot be opened",
      "a",
      [record("a", { models, apiKey: "broken" })],
      {},
      "Nobody can be asked: A: The stored secret is damaged and cannot be opened.",
    ],
  ] as const)("is nobody for %s, and says why", async (_what, id, records, limited, message) => {
    await expect(resolveTargets(choice(id), surroundings([...records], limited))).rejects.toMatchObject({ message });
  });

  it("runs agents over their protocol, as streams of JSON or in a terminal, by absolute path", async () => {
    const records = [
      program("a", { type: "acp", agent: "gemini" }),
      program("b", { type: "cli", agent: "codex", models: [{ id: "gpt-5" }] }),
      program("c", { type: "cli", agent: "custom", command: ["my-agent", "--fast"] }),
      program("d", { type: "cli", agent: "goose" }),
    ].map((entry, index, all) => ({ ...entry, fallbackProvider: all[index + 1]?.id ?? null }));
    const around = surroundings(records, {}, ["gemini", "codex", "my-agent", "goose"]);
    const targets = await resolveTargets(choice("a"), around);
    expect(targets.map((target) => ("command" in target ? [target.engine, target.command, target.model] : []))).toEqual(
      [
        ["acp", ["/usr/bin/gemini", "--acp"], null],
        ["headless", ["/usr/bin/codex"], "gpt-5"],
        ["terminal", ["/usr/bin/my-agent", "--fast"], null],
        ["terminal", ["/usr/bin/goose"], null],
      ],
    );
  });
});

describe("fallback chain", () => {
  it("ends at a loop or a gap of a file edited by hand, and says which", () => {
    const loop = [record("a", { fallbackProvider: "b" }), record("b", { fallbackProvider: "a" })] as const;
    expect(walkChain(loop[0], "medium", find([...loop]))).toMatchObject({
      records: [{ id: "a" }, { id: "b" }],
      problem: "B falls back to a, which was asked before",
    });
    const gap = record("a", { fallbackProvider: "gone" });
    expect(walkChain(gap, "medium", find([gap])).problem).toBe("A falls back to gone, which does not exist");
  });

  it.each([
    [{ fallbackProvider: "a" }, "body.fallbackProvider", "must be another provider"],
    [{ fallbackProvider: "nobody" }, "body.fallbackProvider", "must be a provider that exists, not nobody"],
    [{ tierFallbacks: { heavy: "nobody" } }, "body.tierFallbacks.heavy", "must be a provider that exists, not nobody"],
    [{ fallbackProvider: "b" }, "body.fallbackProvider", "must not lead back to itself: Local → B → C → Local"],
    [{ tierFallbacks: { light: "c" } }, "body.tierFallbacks.light", "must not lead back to itself: Local → C → Local"],
  ])("refuses %j by field and rule", (changes, path, message) => {
    const records = [record("a"), record("b", { fallbackProvider: "c" }), record("c", { fallbackProvider: "a" })];
    let thrown: unknown;
    try {
      checkFallbacks("a", apiInput(changes), find(records));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "invalid_request", issues: [{ path, message }] });
  });

  it("allows what only looks like a loop: a tier that goes another way", () => {
    const records = [record("a"), record("b", { fallbackProvider: "a", tierFallbacks: { light: "c" } }), record("c")];
    expect(() => {
      checkFallbacks("a", apiInput({ tierFallbacks: { light: "b" } }), find(records));
    }).not.toThrow();
  });
});
