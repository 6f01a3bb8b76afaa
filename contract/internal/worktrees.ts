import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { appIdSchema } from "../features/apps.ts";
import { runWorktreeSchema } from "../features/isolation.ts";
import { runIdSchema } from "../features/runs.ts";
import { reclaimQuerySchema, worktreeFateSchema, worktreeSchema, worktreesEndpoints } from "../features/worktrees.ts";
import { sessionInfoSchema } from "./cos.ts";

const id = z.strictObject({ id: runIdSchema });

/** A worktree with what is needed to work in it by git. */
export const worktreePlaceSchema = z.strictObject({
  worktree: worktreeSchema,
  /** Git directory of the worktree: named together with its folder, nothing the run has put there decides. */
  gitDir: z.string(),
  /** Untracked files PortOS has put there, relative to the worktree; they are no work of the run. */
  copied: z.array(z.string()),
});
export type WorktreePlace = z.output<typeof worktreePlaceSchema>;

/** Worktrees in portos-cos, for portos-server only (loopback). */
export const internalWorktreesEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/worktrees",
    summary: "List worktrees of runs",
    reply: worktreesEndpoints.list.reply.omit({ isUp: true }),
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/worktrees/:id",
    summary: "Show the worktree of a run",
    params: id,
    reply: worktreePlaceSchema,
    audit: "none",
  },
  reclaim: {
    method: "DELETE",
    path: "/api/worktrees/:id",
    summary: "Remove a worktree whose work is safe elsewhere",
    params: id,
    query: reclaimQuerySchema,
    reply: worktreeSchema,
    audit: "none",
  },
  reclaimAll: {
    method: "POST",
    path: "/api/worktrees/reclaim",
    summary: "Remove every worktree whose work is safe elsewhere",
    reply: worktreesEndpoints.reclaimAll.reply,
    audit: "none",
  },
  /** A worktree that was reclaimed and made again where it was, because a decision on its work was taken back. */
  adopt: {
    method: "POST",
    path: "/api/worktrees/:id/adopt",
    summary: "Look after a worktree again that was made again",
    params: id,
    body: z.strictObject({ runTitle: z.string(), appId: appIdSchema.nullable(), worktree: runWorktreeSchema }),
    reply: worktreeSchema,
    audit: "none",
  },
  /** Its folder was worked on: it counts as used now and is looked at again. */
  touch: {
    method: "POST",
    path: "/api/worktrees/:id/touch",
    summary: "Look at a worktree again",
    params: id,
    reply: worktreeSchema,
    audit: "none",
  },
  /**
   * Where the work has gone. `tree` is the whole work as it was put there (`gitWorkTree` without the copied files, and so without what the set-up command has left): as long as
   * the folder is as it was then, it may be reclaimed.
   */
  setFate: {
    method: "POST",
    path: "/api/worktrees/:id/fate",
    summary: "Note where the work of a worktree has gone",
    params: id,
    body: z.strictObject({
      fate: worktreeFateSchema.extract(["open", "merged", "branch", "discarded"]),
      tree: z
        .string()
        .regex(/^[0-9a-f]{40,64}$/)
        .nullable(),
    }),
    reply: worktreeSchema,
    audit: "none",
  },
  /** A command line the user typed, in a session of its own, in the run's folder, with its port, in its sandbox if it has one. */
  command: {
    method: "POST",
    path: "/api/worktrees/:id/commands",
    summary: "Run a command in a worktree",
    params: id,
    body: z.strictObject({
      name: z.string().trim().min(1).max(100),
      command: z.string().min(1).max(65_536),
      timeoutMs: z.int().min(1_000).max(3_600_000),
    }),
    reply: sessionInfoSchema,
    audit: "none",
  },
});
