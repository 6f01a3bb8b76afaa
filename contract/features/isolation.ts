import { z } from "zod";

/**
 * Where a run works. `none`: in the folder itself. `worktree`: in a git worktree of it, on a branch of its own, so that the
 * folder stays as it is until the work is merged. `sandbox`: in such a worktree, with nothing else writable.
 */
export const isolationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("worktree") }),
  z.strictObject({
    kind: z.literal("sandbox"),
    /** Whether programs in it may reach the network. */
    network: z.boolean().default(true),
  }),
]);
export type Isolation = z.output<typeof isolationSchema>;

/** The git worktree of a run. */
export const runWorktreeSchema = z.strictObject({
  /** Absolute folder of the worktree. */
  folder: z.string(),
  /** Absolute folder of the repository it was made from. */
  repository: z.string(),
  branch: z.string(),
  /** Branch that was checked out in the repository; `null` when none was. */
  baseBranch: z.string().nullable(),
  /** Commit the work started from. */
  baseCommit: z.string().regex(/^[0-9a-f]{40,64}$/),
  /** First port of those leased to programs in it, which get it as PORT. */
  port: z.int().min(1).max(65_535).nullable(),
});
export type RunWorktree = z.output<typeof runWorktreeSchema>;
