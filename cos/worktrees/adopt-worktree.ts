import { realpath } from "node:fs/promises";
import { relative } from "node:path";

import type { RunWorktree } from "../../contract/features/isolation.ts";
import { AppError } from "../../lib/app-error.ts";
import { findRepository } from "../../lib/processes/git-repository.ts";
import type { KnownRun, MadeAgain } from "./worktree-maker.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

interface FoundAgain {
  commonDir: string;
  gitDir: string;
}

/** Where git keeps a worktree that was made again. Throws `conflict` unless it stands where worktrees of PortOS stand, in its repository. */
export async function madeAgain(place: string, { folder, repository }: RunWorktree): Promise<FoundAgain> {
  const [own, whole] = [await lookedUp(folder), await lookedUp(repository)];
  const isSame = own !== null && whole !== null && own.commonDir === whole.commonDir && own.gitDir !== whole.gitDir;
  if (place !== folder || !isSame || own.root !== folder)
    throw new AppError("conflict", "The worktree was not made again where it was");
  return { commonDir: own.commonDir, gitDir: own.gitDir };
}

async function lookedUp(folder: string) {
  const there = await realpath(folder).catch(() => null);
  return there === null ? null : findRepository(there);
}

/** The record of a worktree that was made again: nothing of its first making is known but what the run and its review say. */
export function adoptedRecord(
  { runId, runTitle, appId, worktree }: MadeAgain,
  known: FoundAgain & { run: KnownRun | null; port: number | null; now: string },
): WorktreeRecord {
  const { run, now, ...found } = known;
  const way = run === null ? "" : relative(worktree.folder, run.folder);
  return {
    version: 1,
    runId,
    runTitle,
    appId,
    isolation: run === null || run.isolation.kind === "none" ? { kind: "worktree" } : run.isolation,
    state: "ready",
    ...worktree,
    ...found,
    prefix: way.startsWith("..") ? "" : way,
    createdAt: now,
    lastUsedAt: now,
    copied: [],
    fate: "open",
    decided: null,
    facts: null,
    isBare: run === null || (run.setup?.setupCommand.trim() ?? "") !== "",
    problem: null,
  };
}
