import { z } from "zod";

import { isolationSchema } from "../../contract/features/isolation.ts";
import { runIdSchema } from "../../contract/features/runs.ts";

const commit = z.string().regex(/^[0-9a-f]{40,64}$/);

/** What was seen when a worktree was looked at last. */
export const worktreeFactsSchema = z.object({
  /** The folder is there. */
  isThere: z.boolean(),
  /** Bytes on disk. */
  bytes: z.int().min(0).nullable(),
  measuredAt: z.iso.datetime(),
  isDirty: z.boolean().nullable(),
  isMerged: z.boolean().nullable(),
  commitsAhead: z.int().min(0).nullable(),
  /** It has, or had, commits beyond the one it was made from. */
  hasCommits: z.boolean(),
  /** Every commit of it is part of another branch or tag, too. */
  isElsewhere: z.boolean().nullable(),
  /** The folder is as it was when its work was put elsewhere. */
  isAsDecided: z.boolean(),
  /** What git keeps of it is not there: its repository was deleted or moved, or is on a disk that is not there now. */
  isCutOff: z.boolean().default(false),
  /** Copied files that were changed in it, relative to its top: no commit and no review has them. */
  changedCopies: z.array(z.string()).default([]),
  /** The first of what git ignores in it, apart from copied files. */
  ignored: z.array(z.string()).default([]),
});
export type WorktreeFacts = z.output<typeof worktreeFactsSchema>;

/** A worktree as it is kept on disk, written down before it is made. */
export const worktreeRecordSchema = z.object({
  version: z.literal(1),
  runId: runIdSchema,
  runTitle: z.string(),
  appId: z.string().nullable(),
  isolation: isolationSchema,
  /**
   * `making`: no agent has been in it yet, so that it may be thrown away. `removing`: it is moved aside to be looked at a last time.
   * `deleting`: nothing in it is needed any more, and a part of it may be gone already.
   */
  state: z.enum(["making", "ready", "removing", "deleting"]),
  folder: z.string(),
  repository: z.string(),
  /** What all worktrees of the repository share. */
  commonDir: z.string(),
  /** Git directory of the worktree itself; `null` until it was made. */
  gitDir: z.string().nullable(),
  /** Way from the top to the folder runs work in: "" or "packages/app". */
  prefix: z.string(),
  branch: z.string(),
  baseBranch: z.string().nullable(),
  baseCommit: commit,
  port: z.int().min(1).max(65_535).nullable(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  /** Untracked files that were copied into it, relative to its top, and what was in them. */
  copied: z.array(z.object({ path: z.string(), hash: z.string(), stamp: z.string().optional() })),
  fate: z.enum(["open", "merged", "branch", "discarded"]),
  /** The work as it was when it was put elsewhere. */
  decided: z.object({ tree: commit, head: commit }).nullable(),
  facts: worktreeFactsSchema.nullable(),
  /** It was made again after it had been given back, without its set-up command: who works in it next is told. */
  isBare: z.boolean().default(false),
  /** Why commits made in the sandbox are not in the repository. */
  problem: z.string().nullable(),
});
export type WorktreeRecord = z.output<typeof worktreeRecordSchema>;

/** Whether it is on its way out: nobody finds it any more. */
export function isLeaving({ state }: Pick<WorktreeRecord, "state">): boolean {
  return state === "removing" || state === "deleting";
}
