import { expect, it } from "vitest";

import type { Attempt, Run } from "../../../../contract/features/runs.ts";
import { chosenIds, chosenText, columnHints, columnNames, comparisonTitle, toggleChosen } from "./compared-runs.ts";

const attempt = (providerName: string, model: string | null): Attempt => ({
  number: 1,
  providerId: providerName.toLowerCase(),
  providerName,
  providerType: "api",
  model,
  reason: "First choice",
  startedAt: "2026-03-01T10:00:00.000Z",
  endedAt: null,
  failure: null,
  message: null,
  usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, turns: 0, costUsd: null },
});

const run = (title: string, providerName: string): Pick<Run, "title" | "attempts"> => ({
  title,
  attempts: [attempt(providerName, "small")],
});

it("reads the choice of an address in its order, each run once", () => {
  expect(chosenIds("run-b,run-a, run-b ,,")).toEqual(["run-b", "run-a"]);
  expect(chosenIds(chosenText([]))).toEqual([]);
  expect(chosenText([])).not.toBe("");
  expect(chosenIds(chosenText(["run-a", "run-b"]))).toEqual(["run-a", "run-b"]);
});

it("takes at most four, and gives each of them back", () => {
  const four = ["a", "b", "c", "d"];
  expect(toggleChosen(["a", "b", "c"], "d")).toEqual(four);
  expect(toggleChosen(four, "e")).toEqual(four);
  expect(toggleChosen(four, "b")).toEqual(["a", "c", "d"]);
});

it("calls runs of one prompt by it and tells them apart by who was asked", () => {
  const runs = [run("Fix the tests", "Anthropic"), run("Fix the tests", "OpenAI")];
  expect(comparisonTitle(runs)).toBe("Compare: Fix the tests");
  expect(columnNames(runs)).toEqual(["Anthropic · small", "OpenAI · small"]);
  expect(columnHints(runs)).toEqual(["", ""]);
});

it("calls runs of different prompts by what was asked, and says who was", () => {
  const runs = [run("Fix the tests", "Anthropic"), run("Tidy up", "OpenAI"), run("Tidy up", "OpenAI")];
  expect(comparisonTitle(runs)).toBe("Compare 3 runs");
  expect(columnNames(runs)).toEqual(["Fix the tests", "2 · Tidy up", "3 · Tidy up"]);
  expect(columnHints(runs)).toEqual(["Anthropic · small", "OpenAI · small", "OpenAI · small"]);
});

it("numbers the same prompt given to the same one again", () => {
  const runs = [run("Fix the tests", "Anthropic"), run("Fix the tests", "Anthropic")];
  expect(columnNames(runs)).toEqual(["1 · Anthropic · small", "2 · Anthropic · small"]);
  expect(comparisonTitle([])).toBe("Compare");
});
