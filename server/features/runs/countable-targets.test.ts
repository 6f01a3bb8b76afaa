import { describe, expect, it } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { countableTargets, targetsToGoOn } from "./countable-targets.ts";

const price = { input: 1, output: 2 };
const basis = { providerId: "one", reason: "First choice", timeoutMs: 1_000 } as const;

function api(providerName: string, more: { price?: typeof price; baseUrl?: string } = {}): RunTarget {
  const { price: known = null, baseUrl = "https://models.example/v1" } = more;
  return {
    ...basis,
    providerName,
    providerType: "api",
    model: "big",
    engine: "api",
    dialect: "openai-compatible",
    baseUrl,
    apiKey: null,
    price: known,
  };
}

function program(agent: "claude" | "codex", engine: "acp" | "headless" | "terminal" = "headless"): RunTarget {
  const command = [`/usr/bin/${agent}`];
  const who = { providerName: agent, providerType: "cli", model: null } as const;
  return { ...basis, ...who, engine, agent, command, environment: {}, price: null };
}

const names = (targets: RunTarget[]): string[] => targets.map(({ providerName }) => providerName);

function begun(providerId: string, model: string, costUsd: number | null): Pick<Run, "attempts" | "budget"> {
  const attempts = [{ providerId, model }] as Run["attempts"];
  return { attempts, budget: { costUsd, tokens: null, turns: null, minutes: null } };
}

const goOn = (costUsd: number | null, now: RunTarget[]): string[] =>
  names(targetsToGoOn(begun("one", "big", costUsd), now));

const start = (): unknown => countableTargets([api("Dear"), program("codex")], { costUsd: 5 });

describe("a budget of money", () => {
  it("is given only to those of whom it is known what they cost", () => {
    const targets = [
      api("Dear"),
      api("Priced", { price }),
      api("Here", { baseUrl: "http://localhost:1234/v1" }),
      api("Here, too", { baseUrl: "http://[::1]:11434/v1" }),
      program("codex"),
      program("claude"),
      program("claude", "terminal"),
      { ...program("codex", "terminal"), price },
    ];
    expect(names(countableTargets(targets, { costUsd: 5 }))).toEqual(["Priced", "Here", "Here, too", "claude"]);
    expect(countableTargets(targets, { costUsd: null })).toEqual(targets);
  });

  it("holds when a run goes on, too: whoever answered must still have a price", () => {
    const elsewhere = { ...api("Elsewhere", { price }), providerId: "two" };
    expect(goOn(5, [{ ...api("Small", { price }), model: "small" }, api("Priced", { price }), elsewhere])).toEqual([
      "Priced",
    ]);
    expect(goOn(null, [api("Dear"), elsewhere])).toEqual(["Dear"]);
    expect(() => goOn(5, [api("Dear"), elsewhere])).toThrow("no price is known for big of Dear");
    expect(goOn(5, [elsewhere])).toEqual([]);
  });

  it("starts nothing when nobody can count it, and says whose price is missing and where it is set", () => {
    expect(start).toThrow("The budget of $5.00 cannot be kept: no price is known for big of Dear, codex");
    expect(start).toThrow(
      expect.objectContaining({ code: "invalid_request", hint: expect.stringContaining("Providers page") as string }),
    );
  });
});
