import type { Run } from "../../contract/features/runs.ts";
import type { Worktree } from "../../contract/features/worktrees.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

export interface Surrounds {
  runState: Run["state"] | null;
  /** The run has not ended. */
  isRunOpen: boolean;
  /** A program works in the folder. */
  isWorkedIn: boolean;
}

/** A worktree as it is shown. */
export function viewOf(record: WorktreeRecord, surrounds: Surrounds): Worktree {
  const { facts } = record;
  return {
    runId: record.runId,
    runTitle: record.runTitle,
    runState: surrounds.runState,
    appId: record.appId,
    isolation: record.isolation,
    folder: record.folder,
    repository: record.repository,
    branch: record.branch,
    baseBranch: record.baseBranch,
    baseCommit: record.baseCommit,
    port: record.port,
    createdAt: record.createdAt,
    lastUsedAt: record.lastUsedAt,
    bytes: facts?.bytes ?? null,
    measuredAt: facts?.measuredAt ?? null,
    isDirty: facts?.isDirty ?? null,
    isMerged: facts?.isMerged ?? null,
    commitsAhead: facts?.commitsAhead ?? null,
    isInUse: surrounds.isRunOpen || surrounds.isWorkedIn,
    fate: fateOf(record, surrounds),
    keptBecause: keptBecause(record, surrounds),
  };
}

function fateOf({ facts, fate, state, decided }: WorktreeRecord, { isRunOpen }: Surrounds): Worktree["fate"] {
  if (state === "making" || facts === null) return fate;
  if (!facts.isThere) return "gone";
  if (isRunOpen) return "open";
  if (fate !== "open") return decided === null || facts.isAsDecided ? fate : "open";
  if (facts.isDirty !== false || facts.isMerged !== true) return "open";
  return facts.commitsAhead === 0 && !facts.hasCommits ? "empty" : "merged";
}

/** Why removing it would lose something, in one sentence; `null`: it would not. */
export function keptBecause({ facts, state, problem }: WorktreeRecord, surrounds: Surrounds): string | null {
  if (state === "making") return "It is being made.";
  if (state === "removing") return "It is being removed.";
  if (surrounds.isRunOpen) return "Its run has not ended.";
  if (surrounds.isWorkedIn) return "A program works in its folder.";
  if (problem !== null) return problem;
  if (facts === null) return "It has not been looked at yet.";
  if (!facts.isThere || facts.isAsDecided) return null;
  if (facts.isDirty === null) return "Its repository cannot be read.";
  if (facts.isDirty) return "It has changes that are in no commit.";
  if (facts.isElsewhere !== true) return "It has commits that are in no other branch.";
  return null;
}
