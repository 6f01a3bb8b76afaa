import type { Run } from "../../../contract/features/runs.ts";
import type { RunRecord } from "../store/run-record.ts";
import { noUsage } from "../usage.ts";

/** The record of a run that has succeeded, unless `more` says otherwise. */
export function newRecord(number: number, more: Partial<Run> = {}): RunRecord {
  const run: Run = {
    id: `run-${String(number).padStart(12, "0")}`,
    title: `Run ${number}`,
    state: "succeeded",
    source: { kind: "user", id: "user" },
    groupId: null,
    appId: null,
    folder: "/tmp",
    permissionMode: "ask-writes",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    worktree: null,
    taskType: null,
    prompt: null,
    createdAt: "2026-11-20T12:00:00.000Z",
    startedAt: null,
    endedAt: null,
    attempts: [],
    usage: noUsage,
    message: null,
    failure: null,
    pending: [],
    agentSessionId: null,
    sessionId: null,
    canContinue: false,
    eventCount: 0,
    lastEventAt: null,
    ...more,
  };
  return {
    version: 1,
    run,
    priority: "normal",
    setup: null,
    engine: null,
    agent: null,
    child: null,
    unsaid: [],
    turn: null,
    stop: null,
  };
}
