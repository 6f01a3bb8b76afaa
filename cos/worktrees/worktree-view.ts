import type { Run } from "../../contract/features/runs.ts";
import type { Worktree } from "../../contract/features/worktrees.ts";
import { isLeaving, type WorktreeFacts, type WorktreeRecord } from "./worktree-record.ts";

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
    lossIfRemoved: lossIfRemoved(record, surrounds),
    ignored: facts?.ignored ?? [],
    // What a set-up brings is what git ignores; by hand it may have been run since.
    lacksSetup: record.isBare && (facts?.ignored.length ?? 0) === 0,
  };
}

function fateOf({ facts, fate, state, decided }: WorktreeRecord, { isRunOpen }: Surrounds): Worktree["fate"] {
  if (state === "making" || facts === null) return fate;
  if (!facts.isThere) return "gone";
  if (isRunOpen) return "open";
  if (fate !== "open") return decided === null || facts.isAsDecided ? fate : "open";
  if (facts.isDirty !== false || facts.isMerged !== true || facts.changedCopies.length > 0) return "open";
  return facts.commitsAhead === 0 && !facts.hasCommits ? "empty" : "merged";
}

/** Why removing it would lose something, in one sentence; `null`: it would not. */
export function keptBecause(record: WorktreeRecord, surrounds: Surrounds): string | null {
  const { facts, problem } = record;
  const busy = whyBusy(record, surrounds);
  if (busy !== null) return busy;
  if (facts === null) return problem ?? "It has not been looked at yet.";
  if (facts.isCutOff && facts.isThere) return "Its repository is not there any more.";
  if (problem !== null) return problem;
  if (!facts.isThere) return null;
  return whyUnsaved(facts) ?? (facts.changedCopies.length === 0 ? null : `${changed(facts)} copied into it.`);
}

/** What is lost for good if it is removed all the same, for where nothing else can be done; `null`: it may not be, or nothing is lost. */
export function lossIfRemoved(record: WorktreeRecord, surrounds: Surrounds): string | null {
  const { facts, problem, repository, folder } = record;
  if (facts === null || !facts.isThere || whyBusy(record, surrounds) !== null) return null;
  if (facts.isCutOff)
    return `${repository} is not there any more, or on a disk that is not there now. Its commits cannot be read without it, and the files in ${folder} may be nowhere else.`;
  if (whyUnsaved(facts) !== null) return null;
  const copies =
    facts.changedCopies.length === 0 ? null : `${changed(facts)} copied into ${folder}. Nothing else has that.`;
  const losses = [problem, copies].filter((loss) => loss !== null);
  return losses.length === 0 ? null : losses.join(" ");
}

function whyBusy({ state }: WorktreeRecord, { isRunOpen, isWorkedIn }: Surrounds): string | null {
  if (state === "making") return "It is being made.";
  if (isLeaving({ state })) return "It is being removed.";
  if (isRunOpen) return "Its run has not ended.";
  return isWorkedIn ? "A program works in its folder." : null;
}

function whyUnsaved(facts: WorktreeFacts): string | null {
  if (facts.isAsDecided) return null;
  if (facts.isDirty === null) return "Its repository cannot be read.";
  if (facts.isDirty) return "It has changes that are in no commit.";
  return facts.isElsewhere === true ? null : "It has commits that are in no other branch.";
}

/** ".env was changed since it was" */
function changed({ changedCopies }: WorktreeFacts): string {
  const [first = "", ...more] = changedCopies;
  if (more.length === 0) return `${first} was changed since it was`;
  const others = more.length === 1 ? "1 other file" : `${more.length} other files`;
  return `${first} and ${others} were changed since they were`;
}
