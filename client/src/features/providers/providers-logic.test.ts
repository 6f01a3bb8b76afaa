import { describe, expect, it } from "vitest";

import type { Provider, ProviderHealth, ProviderList } from "../../../../contract/features/providers.ts";
import { reduceProviders } from "../../lib/live-reducers.ts";
import { chainStarts } from "./chain-list.tsx";
import { draftErrors, draftOf, inputOf, joinCommand, splitCommand, withTier } from "./provider-draft.ts";
import { modelsByTier, placeOf, statusOf } from "./provider-words.ts";
import { niceTop } from "./usage-chart.tsx";

const at = "2026-05-01T12:00:00.000Z";
const provider: Provider = {
  type: "api",
  id: "local",
  name: "Local",
  isEnabled: true,
  createdAt: at,
  updatedAt: at,
  dialect: "openai-compatible",
  baseUrl: "http://localhost:1234/v1",
  apiKey: { isSet: true, last4: "abcd", updatedAt: at },
  models: [
    { id: "large", tier: "heavy", price: null },
    { id: "small", tier: "light", price: { input: 1, output: 2 } },
    { id: "other", tier: null, price: null },
  ],
  fallbackProvider: null,
  tierFallbacks: {},
  timeoutMs: 60_000,
};
const health: ProviderHealth = {
  id: "local",
  state: "up",
  message: null,
  failure: null,
  asOf: at,
  latencyMs: 3,
  backAt: null,
  models: null,
  version: null,
};

describe("draft of a provider", () => {
  it("keeps everything but what the server adds, and never holds a key", () => {
    const draft = draftOf(provider);
    expect(draft).toEqual({
      type: "api",
      name: "Local",
      dialect: "openai-compatible",
      baseUrl: "http://localhost:1234/v1",
      apiKey: null,
      models: provider.models,
      fallbackProvider: null,
      tierFallbacks: {},
      timeoutMs: 60_000,
      tools: null,
    });
    expect(inputOf({ ...draft, models: [...draft.models, { id: " ", tier: null, price: null }] }).models).toHaveLength(
      3,
    );
  });

  it("gives a tier to one model only", () => {
    expect(withTier(provider.models, 2, "light").map(({ tier }) => tier)).toEqual(["heavy", null, "light"]);
    expect(withTier(provider.models, 0, null).map(({ tier }) => tier)).toEqual([null, "light", null]);
  });

  it.each([
    ["claude --verbose", ["claude", "--verbose"]],
    ['"/opt/my agent/run" --say "hello there"', ["/opt/my agent/run", "--say", "hello there"]],
    ["  ", []],
    ["a '' b", ["a", "", "b"]],
  ])("splits the command line %j", (line, command) => {
    expect(splitCommand(line)).toEqual(command);
    expect(splitCommand(joinCommand(command))).toEqual(command);
  });

  it("finds the errors of fields whichever call they come from", () => {
    expect(draftErrors({ "input.name": "a", baseUrl: "b" })).toEqual({ name: "a", baseUrl: "b" });
  });
});

function link(id: string, fallbackProvider: string | null, tierFallbacks: Provider["tierFallbacks"] = {}) {
  return { id, name: id, fallbackProvider, tierFallbacks };
}

describe("chains of providers", () => {
  it("begin with those who have a fallback and are nobody's own", () => {
    const list = [link("a", "b"), link("b", "c"), link("c", null), link("d", null, { heavy: "c" }), link("e", null)];
    expect(chainStarts(list).map(({ id }) => id)).toEqual(["a", "d"]);
  });
});

describe("words for a provider", () => {
  it("tell what it is, where, and how it is", () => {
    expect(placeOf(provider)).toBe("localhost:1234");
    expect(modelsByTier(provider.models)).toEqual([
      { tier: "light", id: "small" },
      { tier: "heavy", id: "large" },
    ]);
    expect(statusOf(undefined)).toBe("unknown");
    expect(statusOf({ ...health, state: "down", failure: "not-installed" })).toBe("not installed");
    expect(statusOf({ ...health, state: "down", failure: "transport" })).toBe("down");
  });

  it.each([
    [0, 1],
    [0.03, 0.05],
    [1, 1],
    [1.2, 2],
    [7, 10],
    [4_100, 5_000],
  ])("the scale for %d ends at %d", (largest, top) => {
    expect(niceTop(largest)).toBeCloseTo(top, 10);
  });
});

describe("list of providers", () => {
  it("follows its feed", () => {
    const list: ProviderList = { providers: [], health: [], problems: [] };
    const added = reduceProviders(reduceProviders(list, { kind: "changed", provider }), { kind: "health", health });
    expect([added.providers, added.health]).toEqual([[provider], [health]]);
    const limited: ProviderHealth = { ...health, state: "limited" };
    expect(reduceProviders(added, { kind: "health", health: limited }).health).toEqual([limited]);
    expect(reduceProviders(added, { kind: "removed", id: "local" })).toEqual(list);
    const problems = [{ index: 0, name: "x", message: "y" }];
    expect(reduceProviders(added, { kind: "problems", problems }).problems).toEqual(problems);
  });
});
