import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { appIdSchema } from "./apps.ts";
import { providerIdSchema } from "./providers.ts";
import { permissionModeSchema } from "./runs.ts";
import { taskIdSchema, taskReasonSchema, taskTypeSchema } from "./tasks.ts";

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time like 22:30");

/** How the chief of staff works. */
export const chiefSettingsSchema = z.strictObject({
  /** Off until turned on: no task starts by itself. */
  isOn: z.boolean().default(false),
  /** What runs of tasks may do without asking, where the task does not say. */
  autonomy: permissionModeSchema.default("ask-writes"),
  /** No task starts between these times of the machine's own clock; what runs goes on. `null`: never quiet. */
  quietHours: z.strictObject({ from: timeOfDay, to: timeOfDay }).nullable().default(null),
  limits: z
    .strictObject({
      /** Runs at once, of all kinds. */
      total: z.int().min(1).max(50).default(4),
      perApp: z.int().min(1).max(50).default(2),
      perProvider: z.int().min(1).max(50).default(4),
    })
    .prefault({}),
  recovery: z
    .strictObject({
      /** Runs one task may have by itself, the first included. */
      maxRuns: z.int().min(1).max(20).default(4),
      /** Pause before the second run, doubled before each further one, in milliseconds. */
      backOffMs: z.int().min(1_000).max(3_600_000).default(60_000),
    })
    .prefault({}),
  /** What counts when there is a choice; only their proportion matters. */
  weights: z
    .strictObject({
      success: z.number().min(0).max(10).default(6),
      cost: z.number().min(0).max(10).default(2),
      time: z.number().min(0).max(10).default(2),
    })
    .prefault({}),
});
export type ChiefSettings = z.output<typeof chiefSettingsSchema>;

/** One decision about a task. */
export const chiefDecisionSchema = z.strictObject({
  at: z.iso.datetime(),
  taskId: taskIdSchema,
  taskTitle: z.string(),
  code: taskReasonSchema.shape.code,
  text: z.string(),
  /** What it was decided from, in words: who was asked why, what each was believed to be worth. */
  detail: z.string().nullable(),
});
export type ChiefDecision = z.output<typeof chiefDecisionSchema>;

/** The panic switch: schedules are paused, agents stopped, the gateway closed; terminals live on. */
export const panicSchema = z.strictObject({
  isOn: z.boolean(),
  at: z.iso.datetime().nullable(),
  by: z.string().nullable(),
  /** What it stopped, told once more while it is on. */
  stoppedRuns: z.int().min(0),
  deniedQuestions: z.int().min(0),
  pausedAutomations: z.int().min(0),
  /** Commands of automations. */
  stoppedCommands: z.int().min(0).default(0),
  /** Checks of reviews and repairs. */
  stoppedChecks: z.int().min(0).default(0),
  stoppedDownloads: z.int().min(0).default(0),
  /** Calls of connectors that were cut. */
  stoppedCalls: z.int().min(0).default(0),
});
export type Panic = z.output<typeof panicSchema>;

/** What is believed of one way of doing one kind of work. */
export const beliefSchema = z.strictObject({
  type: taskTypeSchema,
  providerId: providerIdSchema,
  providerName: z.string(),
  model: z.string().nullable(),
  /** `null`: over all apps. */
  appId: appIdSchema.nullable(),
  /** Outcomes counted, older ones less. */
  weight: z.number().min(0),
  /** Chance of success: mean and the interval that holds it with 90 %. */
  success: z.strictObject({ mean: z.number(), low: z.number(), high: z.number() }),
  /** Median of a run; `null` when not known. */
  costUsd: z.number().nullable(),
  seconds: z.number().nullable(),
  runs: z.int().min(0),
  lastAt: z.iso.datetime().nullable(),
  /** The user's word: always, never, or as learned. */
  override: z.enum(["always", "never"]).nullable(),
});
export type Belief = z.output<typeof beliefSchema>;

const beliefKey = beliefSchema.pick({ type: true, providerId: true, model: true, appId: true });

const chiefState = z.strictObject({
  settings: chiefSettingsSchema,
  panic: panicSchema,
  /** When tasks were looked at last. */
  evaluatedAt: z.iso.datetime().nullable(),
  running: z.int().min(0),
  ready: z.int().min(0),
  /** What happens next, in one sentence, and when as far as known. */
  next: z.strictObject({ text: z.string(), at: z.iso.datetime().nullable() }),
  /** Zone of the machine's clock, by which quiet hours go. */
  zone: z.string(),
});
export type ChiefState = z.output<typeof chiefState>;

export const chiefEndpoints = defineEndpoints({
  get: {
    method: "GET",
    path: "/api/chief",
    summary: "Read how the chief of staff works",
    reply: chiefState,
    audit: "none",
  },
  put: {
    method: "PUT",
    path: "/api/chief",
    summary: "Change how the chief of staff works",
    body: chiefSettingsSchema,
    reply: chiefState,
    audit: "write",
    stepUp: "allow",
  },
  decisions: {
    method: "GET",
    path: "/api/chief/decisions",
    summary: "List decisions about tasks, newest first",
    query: z.strictObject({
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      task: taskIdSchema.optional(),
      code: taskReasonSchema.shape.code.optional(),
    }),
    reply: z.strictObject({ items: z.array(chiefDecisionSchema), next: z.string().nullable() }),
    audit: "none",
  },
  panic: {
    method: "POST",
    path: "/api/panic",
    summary: "Stop everything that runs by itself",
    reply: chiefState,
    audit: "write",
  },
  calm: {
    method: "POST",
    path: "/api/panic/calm",
    summary: "Allow things to run by themselves again",
    reply: chiefState,
    audit: "write",
  },
});

export const learningEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/learning",
    summary: "Show what was learned about who does which work well",
    query: z.strictObject({ type: taskTypeSchema.optional(), app: appIdSchema.optional() }),
    reply: z.array(beliefSchema),
    audit: "none",
  },
  /** What would be chosen for such a task, 1 000 times: shares add up to 1. */
  preview: {
    method: "GET",
    path: "/api/learning/preview",
    summary: "Show who would be chosen for a kind of work",
    query: z.strictObject({ type: taskTypeSchema, app: appIdSchema.optional() }),
    reply: z.array(beliefKey.omit({ type: true, appId: true }).extend({ providerName: z.string(), share: z.number() })),
    audit: "none",
  },
  override: {
    method: "PUT",
    path: "/api/learning/override",
    summary: "Say always or never, or leave it to learning",
    body: beliefKey.extend({ override: beliefSchema.shape.override }),
    reply: z.array(beliefSchema),
    audit: "write",
  },
  reset: {
    method: "POST",
    path: "/api/learning/reset",
    summary: "Forget what was learned, of one kind of work or of all",
    body: z.strictObject({ type: taskTypeSchema.nullable().default(null) }),
    reply: z.array(beliefSchema),
    audit: "write",
  },
  restore: {
    method: "POST",
    path: "/api/learning/restore",
    summary: "Bring back what was forgotten last",
    reply: z.array(beliefSchema),
    audit: "write",
  },
});

/** The state, then each change of it and each decision. */
export const chiefFeed = {
  ...defineFeed("cos", {
    snapshot: z.strictObject({ state: chiefState, decisions: z.array(chiefDecisionSchema) }),
    event: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("state"), state: chiefState }),
      z.strictObject({ kind: z.literal("decided"), decision: chiefDecisionSchema }),
    ]),
  }),
  aliases: ["cosmos"] as const,
};
