import { expect, it } from "vitest";

import type { Attempt } from "../../../../contract/features/runs.ts";
import { columnName, isCutOff } from "./run-words.ts";

const attempt = (providerId: string, model: string | null): Attempt => ({
  number: 1,
  providerId,
  providerName: providerId.toUpperCase(),
  providerType: "api",
  model,
  reason: "First choice",
  startedAt: "2026-03-01T10:00:00.000Z",
  endedAt: null,
  failure: null,
  message: null,
  backAt: null,
  activeMs: 0,
  usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, turns: 0, costUsd: null },
});

it("tells compared runs apart by whom they were given to, although the same one has answered", () => {
  const asked = columnName({ attempts: [attempt("b", "large"), attempt("a", "small")] }, 0);
  const answered = columnName({ attempts: [attempt("a", "small")] }, 1);
  expect([asked, answered]).toEqual(["B → A · small", "A · small"]);
  expect(columnName({ attempts: [attempt("a", "small"), attempt("a", null)] }, 0)).toBe("A");
  expect(columnName({ attempts: [] }, 2)).toBe("Run 3");
});

it("offers no going on with a run whose worktree was removed", () => {
  const worktree = { folder: "/w", repository: "/r", branch: "b", baseBranch: "main", baseCommit: "c", port: null };
  const run = { state: "interrupted" as const, worktree, canContinue: true };
  expect(isCutOff(run, true)).toBe(true);
  expect(isCutOff(run, false)).toBe(false);
  expect(isCutOff({ ...run, worktree: null }, true)).toBe(false);
  expect(isCutOff({ ...run, state: "running" }, true)).toBe(false);
  expect(isCutOff({ ...run, canContinue: false }, true)).toBe(false);
});
