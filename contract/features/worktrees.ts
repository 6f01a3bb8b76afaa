import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { appIdSchema } from "./apps.ts";
import { isolationSchema, runWorktreeSchema } from "./isolation.ts";
import { runIdSchema } from "./runs.ts";
import { runStateSchema } from "./run-events.ts";

/** Where the work in a worktree has gone. `open`: nowhere yet. `gone`: its folder is not there any more. */
export const worktreeFateSchema = z.enum(["open", "merged", "branch", "discarded", "empty", "gone"]);
export type WorktreeFate = z.output<typeof worktreeFateSchema>;

/** One worktree PortOS has made, and whether it may go. */
export const worktreeSchema = z.strictObject({
  ...runWorktreeSchema.shape,
  /** The run it was made for; follow-ups of the run use it, too. */
  runId: runIdSchema,
  runTitle: z.string(),
  runState: runStateSchema.nullable(),
  appId: appIdSchema.nullable(),
  isolation: isolationSchema,
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  /** Bytes on disk as last measured; `null` until it was. */
  bytes: z.int().min(0).nullable(),
  measuredAt: z.iso.datetime().nullable(),
  /** There are changes that are in no commit. `null`: not known. */
  isDirty: z.boolean().nullable(),
  /** Every commit of its branch is in the base branch. */
  isMerged: z.boolean().nullable(),
  commitsAhead: z.int().min(0).nullable(),
  /** A run or a program works in it now. */
  isInUse: z.boolean(),
  fate: worktreeFateSchema,
  /** Why it cannot be reclaimed, in one sentence; `null`: nothing would be lost. */
  keptBecause: z.string().nullable(),
  /**
   * What is lost for good if it is reclaimed all the same: its repository is gone, or a copied file was changed in it. Whoever says
   * exactly that in `confirmed` may. `null` where unmerged work stands in the way, which is never deleted, or nothing does.
   */
  lossIfRemoved: z.string().nullable(),
  /** The first of what git ignores in it and what goes with it: "node_modules/". */
  ignored: z.array(z.string()),
  /** It was made again when its work was brought back, and its set-up command was not run in it. */
  lacksSetup: z.boolean().default(false),
});
export type Worktree = z.output<typeof worktreeSchema>;

/** How worktrees of one app are made. */
export const worktreeSetupSchema = z.strictObject({
  /** Command line run in a fresh worktree by the login shell, as the user typed it: "npm ci". Empty: none. */
  setupCommand: z.string().max(4_000, "must have at most 4000 characters").default(""),
  setupTimeoutMs: z.int().min(1_000).max(3_600_000).default(600_000),
  /** Files git does not track that a worktree needs as well: ".env". Paths within the app's folder. */
  copiedFiles: z
    .array(
      z
        .string()
        .min(1, "must not be empty")
        .max(400)
        .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\0]+$/, "must be a path within the folder"),
    )
    .max(50, "must name at most 50 files")
    .default([]),
  /** Commands that say whether the work is good, one per entry: "npm test". */
  checks: z
    .array(
      z.strictObject({
        name: z.string().trim().min(1, "must not be empty").max(60),
        command: z.string().trim().min(1, "must not be empty").max(4_000),
        timeoutMs: z.int().min(1_000).max(3_600_000).default(900_000),
      }),
    )
    .max(10, "must have at most 10 checks")
    .default([]),
});
export type WorktreeSetup = z.output<typeof worktreeSetupSchema>;

const id = z.strictObject({ id: runIdSchema });

/** How a worktree is reclaimed. */
export const reclaimQuerySchema = z.strictObject({
  /** `lossIfRemoved` as it was shown: when something else would be lost, it stays. */
  confirmed: z.string().max(20_000).optional(),
});
const app = z.strictObject({ app: appIdSchema });

export const worktreesEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/worktrees",
    summary: "List worktrees of runs",
    reply: z.strictObject({
      worktrees: z.array(worktreeSchema),
      /** portos-cos answered. */
      isUp: z.boolean(),
      sandbox: z.strictObject({ isAvailable: z.boolean(), help: z.string().nullable() }),
    }),
    audit: "none",
  },
  /** Only when nothing is lost: clean, merged or empty, and unused. */
  reclaim: {
    method: "DELETE",
    path: "/api/worktrees/:id",
    summary: "Remove a worktree whose work is safe elsewhere",
    params: id,
    query: reclaimQuerySchema,
    reply: worktreeSchema,
    audit: "write",
    stepUp: "delete",
  },
  reclaimAll: {
    method: "POST",
    path: "/api/worktrees/reclaim",
    summary: "Remove every worktree whose work is safe elsewhere",
    reply: z.strictObject({ removed: z.int().min(0), kept: z.int().min(0), freedBytes: z.int().min(0) }),
    audit: "write",
    stepUp: "delete",
  },
  setup: {
    method: "GET",
    path: "/api/apps/:app/worktree-setup",
    summary: "Read how worktrees of an app are made and checked",
    params: app,
    reply: worktreeSetupSchema,
    audit: "none",
  },
  putSetup: {
    method: "PUT",
    path: "/api/apps/:app/worktree-setup",
    summary: "Change how worktrees of an app are made and checked",
    params: app,
    body: worktreeSetupSchema,
    reply: worktreeSetupSchema,
    audit: "write",
    stepUp: "secret",
  },
});

/** Every worktree, then each change. */
export const worktreesFeed = defineFeed("worktrees", {
  snapshot: worktreesEndpoints.list.reply,
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), worktree: worktreeSchema }),
    z.strictObject({ kind: z.literal("removed"), runId: runIdSchema }),
    z.strictObject({ kind: z.literal("up"), isUp: z.boolean() }),
  ]),
});
