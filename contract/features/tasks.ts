import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { appIdSchema } from "./apps.ts";
import { isolationSchema } from "./isolation.ts";
import { promptReferenceSchema } from "./prompts.ts";
import { modelIdSchema, providerIdSchema, tierSchema } from "./providers.ts";
import { mcpRightsSchema } from "./mcp.ts";
import { budgetSchema, fallbackListSchema, permissionModeSchema, runIdSchema } from "./runs.ts";

/** Id of a task, made by the server, sortable by time; in TASKS.md it stands behind the title. */
export const taskIdSchema = z.string().regex(/^task-[0-9a-z]{8,32}$/, "must look like task-0123abcd");

/** What kind of work it is; learning and usage tell kinds apart. */
export const taskTypeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,29}$/, "must be lower-case letters, digits and hyphens, at most 30");

/** Kinds of work offered first. */
export const commonTaskTypes = ["feature", "fix", "refactor", "test", "docs", "review", "research", "chore"] as const;

export const taskPrioritySchema = z.enum(["urgent", "high", "normal", "low"]);
export type TaskPriority = z.output<typeof taskPrioritySchema>;

/**
 * Where a task is. `draft`: not to be started yet. `ready`: may be started. `running`: a run works on it. `waiting`: its run
 * asks the user. `review`: its work waits to be looked at. `done`, `failed` (nothing more is tried), `cancelled`.
 */
export const taskStateSchema = z.enum([
  "draft",
  "ready",
  "running",
  "waiting",
  "review",
  "done",
  "failed",
  "cancelled",
]);
export type TaskState = z.output<typeof taskStateSchema>;

/** Who is to do it: what was learned decides, a tier of whoever is first, or exactly this one. */
export const taskChoiceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("best") }),
  z.strictObject({ kind: z.literal("tier"), tier: tierSchema }),
  z.strictObject({
    kind: z.literal("provider"),
    providerId: providerIdSchema,
    model: modelIdSchema.nullable().default(null),
    mayFallBack: z.boolean().default(true),
    /** Who is asked in turn instead of the provider's own fallbacks; those when left out or empty. */
    fallbacks: fallbackListSchema.optional(),
  }),
]);
export type TaskChoice = z.output<typeof taskChoiceSchema>;

/** A file given along: its path within the app's folder, or a screenshot of the panel by its name. */
export const taskAttachmentSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: z
      .string()
      .min(1, "must not be empty")
      .max(1_000)
      .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\0\r\n]+$/, "must be a path within the app's folder"),
  }),
  z.strictObject({ kind: z.literal("screenshot"), name: z.string().regex(/^[\w.-]{1,120}$/) }),
]);

const title = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(200, "must have at most 200 characters")
  .regex(/^[^\r\n]*$/, "must be one line");

/** A task as the user gives it. */
export const taskInputSchema = z.strictObject({
  title,
  /** Markdown; the title alone when empty. */
  instructions: z.string().max(200_000, "must have at most 200000 characters").default(""),
  /** A prompt that says what is to be done; the instructions come after it. */
  template: promptReferenceSchema.nullable().default(null),
  appId: appIdSchema.nullable().default(null),
  type: taskTypeSchema.default("feature"),
  priority: taskPrioritySchema.default("normal"),
  choice: taskChoiceSchema.default({ kind: "best" }),
  /** Worktree when the app's folder is a repository, else none, when left out. */
  isolation: isolationSchema.nullable().default(null),
  /** The autonomy of the chief of staff when left out. */
  permissionMode: permissionModeSchema.nullable().default(null),
  /** What its runs get of PortOS at most; what their provider may when left out. */
  tools: mcpRightsSchema.nullish(),
  attachments: z.array(taskAttachmentSchema).max(20, "must have at most 20").default([]),
  /** For all runs of the task together. */
  budget: budgetSchema.prefault({}),
  /** Its work waits for the user before the task counts as done. */
  needsReview: z.boolean().default(true),
  /** Starts when all of these are done. */
  dependsOn: z.array(taskIdSchema).max(20, "must name at most 20 tasks").default([]),
});
export type TaskInput = z.output<typeof taskInputSchema>;

/** Why a task is or is not being worked on. */
export const taskReasonSchema = z.strictObject({
  code: z.enum([
    "draft",
    "off",
    "panic",
    "quiet-hours",
    "dependency",
    "slot",
    "cool-down",
    "budget",
    "provider",
    "limit",
    "loop-guard",
    "chosen",
    "running",
    "asks",
    "review",
    "ended",
  ]),
  /** One sentence: "Waits for a free slot: 4 of 4 runs are going on." */
  text: z.string(),
  /** When this is expected to change, as far as known. */
  until: z.iso.datetime().nullable(),
  at: z.iso.datetime(),
});
export type TaskReason = z.output<typeof taskReasonSchema>;

/** What was done about a failure. */
export const recoveryStepSchema = z.enum(["retry", "fallback", "bigger-tier", "split", "wait", "ask"]);
export type RecoveryStep = z.output<typeof recoveryStepSchema>;

export const taskSchema = z.strictObject({
  ...taskInputSchema.shape,
  id: taskIdSchema,
  state: taskStateSchema,
  /** Where it stands in its column: smaller is higher. */
  position: z.number(),
  source: z.strictObject({
    kind: z.enum(["user", "file", "automation", "incident", "task"]),
    id: z.string().max(100),
  }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  reason: taskReasonSchema,
  /** Why its prompt cannot be used with its values as things are; `null`: it can, or there is none. */
  promptProblem: z.string().nullable().default(null),
  /** Every run it was given to, oldest first. */
  runs: z.array(
    z.strictObject({
      runId: runIdSchema,
      startedAt: z.iso.datetime(),
      /** How the outcome was met; `null` while it runs and when nothing had to be done. */
      recovery: recoveryStepSchema.nullable(),
    }),
  ),
  /** Not before then. */
  notBefore: z.iso.datetime().nullable(),
  /** How the user judged the work. */
  review: z
    .strictObject({
      outcome: z.enum(["merged", "branch", "discarded", "accepted"]),
      by: z.string(),
      at: z.iso.datetime(),
    })
    .nullable(),
});
export type Task = z.output<typeof taskSchema>;

const id = z.strictObject({ id: taskIdSchema });

/** How `data/TASKS.md` and the board go together. */
export const tasksFileStateSchema = z.strictObject({
  path: z.string(),
  syncedAt: z.iso.datetime().nullable(),
  /** What could not be understood or kept, in one sentence; `null`: all is well. */
  problem: z.string().nullable(),
  /** What the user can say to it. `put-back`: write the tasks that are missing. `accept`: the file is meant as it is. */
  choices: z.array(z.enum(["put-back", "accept"])),
});
export type TasksFileState = z.output<typeof tasksFileStateSchema>;

const whenFree = "its runs ask for nothing, by its own mode or, without one, by that of the chief of staff";

export const tasksEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/tasks",
    summary: "List tasks that have not ended, and those that ended last",
    reply: z.strictObject({ tasks: z.array(taskSchema), file: tasksFileStateSchema }),
    audit: "none",
  },
  history: {
    method: "GET",
    path: "/api/tasks/history",
    summary: "List ended tasks, newest first",
    query: z.strictObject({
      before: z
        .string()
        .max(100, "must be the cursor of a page")
        .regex(/^(?:t:[\dTZ:.+-]{20,30} task-[0-9a-z]{8,32}|r:\d{1,12}:\d{1,15})$/, "must be the cursor of a page")
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      app: appIdSchema.optional(),
      type: taskTypeSchema.optional(),
      text: z.string().max(200).optional(),
    }),
    reply: z.strictObject({ items: z.array(taskSchema), next: z.string().nullable() }),
    audit: "none",
  },
  /** Deleted lately, newest first; each can be brought back. */
  removed: {
    method: "GET",
    path: "/api/tasks/removed",
    summary: "List deleted tasks",
    reply: z.array(z.strictObject({ removedAt: z.iso.datetime(), task: taskSchema })),
    audit: "none",
  },
  /** The draft of a crash, with what is known of it; the task there is while it has not ended. */
  fromIncident: {
    method: "POST",
    path: "/api/tasks/from-incident",
    summary: "Make a task of a crash",
    body: z.strictObject({ incidentId: z.string().max(60) }),
    reply: taskSchema,
    audit: "write",
  },
  settleFile: {
    method: "POST",
    path: "/api/tasks/file",
    summary: "Say what a change of TASKS.md means",
    body: z.strictObject({ choice: z.enum(["put-back", "accept"]) }),
    reply: tasksFileStateSchema,
    audit: "write",
  },
  get: { method: "GET", path: "/api/tasks/:id", summary: "Read a task", params: id, reply: taskSchema, audit: "none" },
  create: {
    method: "POST",
    path: "/api/tasks",
    summary: "Add a task",
    body: z.strictObject({
      ...taskInputSchema.shape,
      state: z.enum(["draft", "ready"]).default("ready"),
      /**
       * Chosen by the client for this one task: told again within a day it answers with the task that was made, as it is now,
       * and makes no second one. `conflict` when that was deleted meanwhile.
       */
      key: z
        .string()
        .regex(/^[\w-]{8,64}$/, "must be 8 to 64 letters, digits or hyphens")
        .optional(),
    }),
    reply: taskSchema,
    audit: "write",
    stepUpWhen: { when: whenFree, what: "allow" },
  },
  update: {
    method: "PUT",
    path: "/api/tasks/:id",
    summary: "Change a task",
    params: id,
    body: taskInputSchema,
    reply: taskSchema,
    audit: "write",
    stepUpWhen: { when: `${whenFree}, and did not before or shall do something else`, what: "allow" },
  },
  /** To another column, another place in it, or both. */
  move: {
    method: "POST",
    path: "/api/tasks/:id/move",
    summary: "Move a task on the board",
    params: id,
    body: z.strictObject({
      state: z.enum(["draft", "ready", "done", "cancelled"]).optional(),
      /** Stands before this one; at the end when `null`. */
      before: taskIdSchema.nullable().default(null),
    }),
    reply: taskSchema,
    audit: "write",
    stepUpWhen: { when: `it becomes ready and ${whenFree}`, what: "allow" },
  },
  /** Starts it now, whatever the chief of staff would do; panic and budgets still hold. */
  start: {
    method: "POST",
    path: "/api/tasks/:id/start",
    summary: "Start a task now",
    params: id,
    reply: taskSchema,
    audit: "write",
    stepUpWhen: { when: whenFree, what: "allow" },
  },
  /** Stops its run and cancels it. */
  cancel: {
    method: "POST",
    path: "/api/tasks/:id/cancel",
    summary: "Cancel a task",
    params: id,
    reply: taskSchema,
    audit: "write",
  },
  remove: {
    method: "DELETE",
    path: "/api/tasks/:id",
    summary: "Delete a task",
    params: id,
    reply: taskSchema,
    audit: "write",
    stepUp: "delete",
  },
  restore: {
    method: "POST",
    path: "/api/tasks/:id/restore",
    summary: "Bring a deleted task back",
    params: id,
    reply: taskSchema,
    audit: "write",
    stepUpWhen: { when: `it comes back ready and ${whenFree}`, what: "allow" },
  },
});

/** Every task on the board, then each change. */
export const tasksFeed = defineFeed("tasks", {
  snapshot: tasksEndpoints.list.reply,
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), task: taskSchema }),
    z.strictObject({ kind: z.literal("removed"), id: taskIdSchema }),
    z.strictObject({ kind: z.literal("file"), file: tasksFileStateSchema }),
  ]),
});
