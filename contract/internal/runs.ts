import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { chiefSettingsSchema } from "../features/chief.ts";
import { mcpRightsSchema } from "../features/mcp.ts";
import { agentKindSchema, apiDialectSchema, modelPriceSchema } from "../features/providers.ts";
import { runEventSchema } from "../features/run-events.ts";
import {
  attemptSchema,
  runAnswerSchema,
  runIdSchema,
  runImageSchema,
  runSchema,
  stopKindSchema,
} from "../features/runs.ts";
import { taskPrioritySchema } from "../features/tasks.ts";
import { worktreeSchema, worktreeSetupSchema } from "../features/worktrees.ts";

/** Who may ask for a stop of one run; the others only portos-cos itself knows of. */
const askedStopSchema = stopKindSchema.exclude(["run-budget", "shutdown"]);
export type AskedStop = z.output<typeof askedStopSchema>;

/** How the ids of calls begin that PortOS itself makes for an agent, as when it writes a file: agents name their own. */
export const ownCallPrefix = "portos-";

/** How a run comes back to PortOS for its tools: with a token that is its own and ends with it. */
export const runToolsSchema = z.strictObject({
  url: z.string(),
  token: z.string(),
  /** Program and arguments that bring them to pipes. */
  bridge: z.array(z.string()).min(1),
  /** What may be done with it when it is lent. */
  rights: mcpRightsSchema.optional(),
});
export type RunTools = z.output<typeof runToolsSchema>;

const attemptBasis = attemptSchema
  .pick({
    providerId: true,
    providerName: true,
    providerType: true,
    model: true,
    reason: true,
  })
  .extend({ tools: runToolsSchema.optional() });

/**
 * One provider to ask, with everything needed to ask it, secrets in the clear: it crosses the loopback only and is held in memory,
 * never written down. Targets are asked in order while the failure allows it.
 */
export const runTargetSchema = z.discriminatedUnion("engine", [
  attemptBasis.extend({
    engine: z.literal("api"),
    dialect: apiDialectSchema,
    baseUrl: z.string(),
    apiKey: z.string().nullable(),
    timeoutMs: z.int().min(1),
    price: modelPriceSchema.nullable(),
  }),
  attemptBasis.extend({
    /** `acp`: Agent Client Protocol over its pipes. `headless`: its JSON stream. `terminal`: a pty, output as it comes. */
    engine: z.enum(["acp", "headless", "terminal"]),
    agent: agentKindSchema,
    /** Absolute path and fixed arguments. */
    command: z.array(z.string()).min(1),
    environment: z.record(z.string(), z.string()),
    timeoutMs: z.int().min(1),
    price: modelPriceSchema.nullable(),
  }),
]);
export type RunTarget = z.output<typeof runTargetSchema>;

/** What portos-cos is to run. */
export const runSpecSchema = runSchema
  .pick({
    id: true,
    title: true,
    source: true,
    groupId: true,
    appId: true,
    permissionMode: true,
    budget: true,
    limitNames: true,
    isolation: true,
    tools: true,
    taskType: true,
    prompt: true,
    answerFormat: true,
  })
  .extend({
    /** How a worktree of it is made; `null` without isolation. */
    setup: worktreeSetupSchema.pick({ setupCommand: true, setupTimeoutMs: true, copiedFiles: true }).nullable(),
    /** Absolute; `null` gives the run an empty folder of its own. */
    folder: z.string().nullable(),
    text: z.string(),
    images: z.array(runImageSchema).max(20).optional(),
    targets: z.array(runTargetSchema).min(1).max(20),
    /** Who is started first when several wait for a slot; what somebody started by hand comes first anyway. */
    priority: taskPrioritySchema.default("normal"),
  });
export type RunSpec = z.output<typeof runSpecSchema>;

const id = z.strictObject({ id: runIdSchema });
/** `isFollowUp`: somebody has answered in it before and is asked again, nobody else. */
const wantingRun = z.strictObject({ id: runIdSchema, isFollowUp: z.boolean() });
export type WantingRun = z.output<typeof wantingRun>;
const query = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(2_000).default(500),
});

const limits = chiefSettingsSchema.shape.limits.unwrap();

/** Runs in portos-cos, for portos-server only (loopback). */
export const internalRunsEndpoints = defineEndpoints({
  /** How many may run at once from now on; said anew after each start of portos-cos. */
  limits: {
    method: "PUT",
    path: "/api/run-limits",
    summary: "Say how many runs may go on at once",
    body: limits,
    reply: limits,
    audit: "none",
  },
  list: {
    method: "GET",
    path: "/api/runs",
    summary: "List runs, newest first",
    query: z.strictObject({
      /** Only those that have not ended. */
      isOpen: z.stringbool().optional(),
      state: runSchema.shape.state.optional(),
      provider: z.string().max(60).optional(),
      app: z.string().max(60).optional(),
      group: z.string().max(60).optional(),
      text: z.string().max(200).optional(),
      before: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    reply: z.strictObject({ items: z.array(runSchema), next: z.string().nullable() }),
    audit: "none",
  },
  /** Writes the run down, then answers; it starts when a slot is free. The same id twice is a conflict. */
  start: {
    method: "POST",
    path: "/api/runs",
    summary: "Start a run",
    body: runSpecSchema,
    /** A long prompt, what it was filled with, and pictures. */
    maxBodyBytes: 16 * 1024 * 1024,
    reply: runSchema,
    audit: "none",
  },
  get: { method: "GET", path: "/api/runs/:id", summary: "Show a run", params: id, reply: runSchema, audit: "none" },
  /** For whoever counts what was used: it was used, whatever became of the run. */
  recall: {
    method: "GET",
    path: "/api/runs/:id/record",
    summary: "Show a run, also one that was set aside in the last day",
    params: id,
    reply: runSchema,
    audit: "none",
  },
  /** What the run was given. */
  text: {
    method: "GET",
    path: "/api/runs/:id/prompt",
    summary: "Read the prompt of a run",
    params: id,
    reply: z.strictObject({ text: z.string(), images: z.array(runImageSchema).optional() }),
    audit: "none",
  },
  /** A picture the run was given; `number` counts from 1. */
  image: {
    method: "GET",
    path: "/api/runs/:id/images/:number",
    summary: "Read a picture of a run",
    params: id.extend({ number: z.coerce.number().int().min(1).max(20) }),
    reply: runImageSchema,
    audit: "none",
  },
  jsonAnswer: {
    method: "GET",
    path: "/api/runs/:id/answer",
    summary: "Read the answer of a run that was asked for JSON",
    params: id,
    reply: runAnswerSchema,
    audit: "none",
  },
  events: {
    method: "GET",
    path: "/api/runs/:id/events",
    summary: "Read events of a run",
    params: id,
    query,
    reply: z.strictObject({ events: z.array(runEventSchema), last: z.int().min(0) }),
    audit: "none",
  },
  say: {
    method: "POST",
    path: "/api/runs/:id/messages",
    summary: "Say something to a run",
    params: id,
    /** `targets` as they are now; the one of the last attempt is asked. */
    body: z.strictObject({ text: z.string(), targets: z.array(runTargetSchema).min(1) }),
    reply: runSchema,
    audit: "none",
  },
  answer: {
    method: "POST",
    path: "/api/runs/:id/answers",
    summary: "Answer a question of a run",
    params: id,
    body: z.strictObject({
      requestId: z.string().max(100),
      /** One of the offered options; `null` denies. */
      optionId: z.string().max(200).nullable(),
      by: z.string().max(200),
      reason: z.string().max(2_000).nullable(),
    }),
    reply: runSchema,
    audit: "none",
  },
  stop: {
    method: "POST",
    path: "/api/runs/:id/stop",
    summary: "Stop a run",
    params: id,
    body: z.strictObject({
      reason: z.string().max(500).nullable().default(null),
      kind: askedStopSchema.default("user"),
    }),
    reply: runSchema,
    audit: "none",
  },
  resume: {
    method: "POST",
    path: "/api/runs/:id/resume",
    summary: "Go on with an interrupted run",
    params: id,
    body: z.strictObject({ targets: z.array(runTargetSchema).min(1) }),
    reply: runSchema,
    audit: "none",
  },
  /** Nothing is started from then on: the process is about to be ended, and nothing of it is to be left. */
  interruptAll: {
    method: "POST",
    path: "/api/interrupted-runs",
    summary: "End all runs so that they can be resumed",
    body: z.strictObject({ message: z.string().min(1).max(500) }),
    reply: z.strictObject({ count: z.int().min(0) }),
    audit: "none",
  },
  /** Runs that have lost those to be asked over a restart of portos-cos: secrets are nowhere on its disk. */
  wanting: {
    method: "GET",
    path: "/api/wanting-runs",
    summary: "List runs that wait to be told who is asked",
    reply: z.array(wantingRun),
    audit: "none",
  },
  /** Ignored by a run that knows whom to ask. Without anybody the run is interrupted with `problem` as its reason. */
  supply: {
    method: "PUT",
    path: "/api/runs/:id/targets",
    summary: "Say again who is asked in a run",
    params: id,
    body: z.strictObject({ targets: z.array(runTargetSchema).max(20), problem: z.string().max(500).nullable() }),
    reply: runSchema,
    audit: "none",
  },
  remove: {
    method: "DELETE",
    path: "/api/runs/:id",
    summary: "Set a run aside; it can be brought back for a day",
    params: id,
    reply: runSchema,
    audit: "none",
  },
  restore: {
    method: "POST",
    path: "/api/runs/:id/restore",
    summary: "Bring a run back",
    params: id,
    reply: runSchema,
    audit: "none",
  },
});

/** Where portos-cos takes the WebSocket over which it tells every change of a run, one JSON text per message and direction. */
export const runsSocketPath = "/runs";

/**
 * What portos-server says over it, short enough for one message of 1 kB each. Who has said nothing is told the events of all
 * runs; after `select` only those of the runs it watches.
 */
export const runsRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("select") }),
  /** Answered by `watched`: events after that are told, those before are in the files. */
  z.strictObject({ kind: z.literal("watch"), id: runIdSchema }),
  z.strictObject({ kind: z.literal("unwatch"), id: runIdSchema }),
]);
export type RunsRequest = z.output<typeof runsRequestSchema>;

/** One message of that WebSocket. */
export const runsMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("run"), run: runSchema }),
  z.strictObject({ kind: z.literal("removed"), id: runIdSchema }),
  /** It has lost those to be asked, see `wanting`. */
  z.strictObject({ kind: z.literal("wanting"), id: runIdSchema }),
  z.strictObject({ kind: z.literal("events"), id: runIdSchema, events: z.array(runEventSchema).min(1) }),
  z.strictObject({ kind: z.literal("watched"), id: runIdSchema }),
  z.strictObject({ kind: z.literal("worktree"), worktree: worktreeSchema }),
  z.strictObject({ kind: z.literal("worktree-removed"), runId: runIdSchema }),
]);
export type RunsMessage = z.output<typeof runsMessageSchema>;
