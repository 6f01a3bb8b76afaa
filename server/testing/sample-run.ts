import type { Usage } from "../../contract/features/run-events.ts";
import type { Run } from "../../contract/features/runs.ts";

/** Nothing used, at a price nobody knows. */
export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  turns: 0,
  costUsd: null,
};

/** A run of the user under way, with what is given. */
export function sampleRun(given: Partial<Run> & { id: string }): Run {
  const at = new Date().toISOString();
  return {
    title: "Sample",
    state: "running",
    source: { kind: "user", id: "user" },
    groupId: null,
    appId: null,
    folder: "/tmp",
    permissionMode: "ask",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    worktree: null,
    taskType: null,
    prompt: null,
    createdAt: at,
    startedAt: at,
    endedAt: null,
    attempts: [],
    usage: noUsage,
    message: null,
    failure: null,
    pending: [],
    agentSessionId: null,
    sessionId: null,
    canContinue: false,
    eventCount: 1,
    lastEventAt: null,
    ...given,
  };
}
