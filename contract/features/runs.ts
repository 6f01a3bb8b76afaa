import { z } from "zod";

import { answerSchemaProblem } from "../answer-schema.ts";
import { defineChannel, defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { appIdSchema } from "./apps.ts";
import { isolationSchema, runWorktreeSchema } from "./isolation.ts";
import { mcpRightsSchema } from "./mcp.ts";
import { failureKindSchema, modelIdSchema, providerIdSchema, providerTypeSchema, tierSchema } from "./providers.ts";
import { permissionRequestSchema, runEventSchema, runStateSchema, usageSchema } from "./run-events.ts";

/** Id of a run, made by the server, sortable by time. */
export const runIdSchema = z.string().regex(/^run-[0-9a-z]{12,32}$/, "must look like run-0123abcd4567");

/** What may happen without asking. `ask`: every action is asked. `ask-writes`: reading is free. `free-in-folder`: what stays in the run's folder is free. `free`: nothing is asked. */
export const permissionModeSchema = z.enum(["ask", "ask-writes", "free-in-folder", "free"]);
export type PermissionMode = z.output<typeof permissionModeSchema>;

/** Hard limits of one run; `null` is no limit. Reaching one stops the run, which then says so. */
export const budgetSchema = z.strictObject({
  costUsd: z.number().positive("must be more than 0").max(10_000).nullable().default(null),
  tokens: z.int().positive("must be more than 0").max(1_000_000_000).nullable().default(null),
  turns: z.int().positive("must be more than 0").max(10_000).nullable().default(null),
  minutes: z
    .number()
    .positive("must be more than 0")
    .max(24 * 60)
    .nullable()
    .default(null),
});
export type Budget = z.output<typeof budgetSchema>;

/** Whose limits those of a run are that are not its own, in the words that tell of their end: "The budget of $2.00 of its task". */
export const limitNamesSchema = z.partialRecord(budgetSchema.keyof(), z.string().max(300));
export type LimitNames = z.output<typeof limitNamesSchema>;

/** Providers to be asked one after the other. */
export const fallbackListSchema = z.array(providerIdSchema).max(10, "must name at most 10 providers");

/** Who is to answer: a named provider and model, one by tier, or the first enabled one. */
export const runChoiceSchema = z.strictObject({
  providerId: providerIdSchema,
  /** A model of it; its model of the tier, else its first one, when left out. */
  model: modelIdSchema.nullish(),
  tier: tierSchema.nullish(),
  /** Ask the fallbacks when it cannot answer. */
  mayFallBack: z.boolean().default(true),
  /** Who is asked in turn instead of the provider's own fallbacks; those when left out or empty. */
  fallbacks: fallbackListSchema.nullish(),
});
export type RunChoice = z.output<typeof runChoiceSchema>;

const promptText = z
  .string()
  .max(1_000_000, "must have at most 1000000 characters")
  .refine((text) => text.trim() !== "", { error: "must not be empty" });

const longestImages = 900_000;

/** A picture given along with a prompt. */
export const runImageSchema = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(120, "must have at most 120 characters"),
  mediaType: z.enum(["image/png", "image/jpeg", "image/webp", "image/gif"]),
  /** Its bytes in base64. */
  data: z.base64("must be base64").min(4, "must not be empty"),
});
export type RunImage = z.output<typeof runImageSchema>;

/** How pictures of each kind begin, in base64. */
const beginnings: Record<RunImage["mediaType"], RegExp> = {
  "image/png": /^iVBORw0KGg/,
  "image/jpeg": /^\/9j\//,
  "image/webp": /^UklGR[\w+/]{6}XRUJQ/,
  "image/gif": /^R0lGO/,
};

/** Whether the first bytes are those of a picture of this kind. */
function beginsAsPicture({ mediaType, data }: RunImage): boolean {
  return beginnings[mediaType].test(data);
}

/** Pictures of one prompt; together they fit into a request. */
export const runImagesSchema = z
  .array(runImageSchema.refine(beginsAsPicture, { path: ["data"], error: "is no picture of this kind" }))
  .max(4, "must have at most 4 pictures")
  .refine((images) => images.reduce((sum, { data }) => sum + data.length, 0) <= longestImages, {
    error: `must have at most ${longestImages} characters of base64 together`,
  });

/** What kind of answer is wanted. `json`: one JSON value, which fits `schema` (a JSON Schema) when there is one; anything else is a failure. Only APIs are asked for it. */
const answerFormatSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("text") }),
  z.strictObject({
    kind: z.literal("json"),
    schema: z.record(z.string().max(200), z.json()).nullable().default(null),
  }),
]);
export type AnswerFormat = z.output<typeof answerFormatSchema>;

/** As it may be asked for: with a schema answers can be held to. */
const wantedAnswerSchema = answerFormatSchema.superRefine((format, context) => {
  const problem = format.kind === "json" && format.schema !== null ? answerSchemaProblem(format.schema) : null;
  if (problem !== null) context.addIssue({ code: "custom", path: ["schema"], message: problem });
});

/** The last answer of a run that was asked for JSON. */
export const runAnswerSchema = z.strictObject({
  /** The value, indented; without secrets. */
  text: z.string(),
  /** Why it does not fit the schema it was asked for with; `null` when it does. */
  problem: z.string().nullable(),
});
export type RunAnswer = z.output<typeof runAnswerSchema>;

/** What the user asks for. */
export const runInputSchema = z.strictObject({
  title: z.string().trim().max(200, "must have at most 200 characters").optional(),
  /** The text itself, or a template with its values. */
  prompt: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("text"), text: promptText }),
    z.strictObject({
      kind: z.literal("template"),
      promptId: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/),
      version: z.int().min(1).nullish(),
      values: z.record(z.string().max(100), z.json()).default({}),
    }),
  ]),
  /** One run each; with several the same prompt is given to all of them at once, to be compared. */
  choices: z.array(runChoiceSchema).min(1, "must name at least one provider").max(8, "must name at most 8"),
  appId: appIdSchema.nullish(),
  /** Absolute folder to work in; the app's folder, else an empty one of the run's own, when left out. */
  folder: z
    .string()
    .max(4_096)
    .regex(/^\/[^\0]*$/, "must be an absolute path")
    .nullish(),
  permissionMode: permissionModeSchema.default("ask-writes"),
  budget: budgetSchema.prefault({}),
  isolation: isolationSchema.default({ kind: "none" }),
  /** What it gets of PortOS at most, within what its provider and runs in general may use; that when left out. */
  tools: mcpRightsSchema.nullish(),
  /** What kind of work it is, for usage and learning. */
  taskType: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,29}$/)
    .nullish(),
  images: runImagesSchema.optional(),
  /** Text when left out. */
  answerFormat: wantedAnswerSchema.optional(),
});
export type RunInput = z.output<typeof runInputSchema>;

/**
 * Who or what stops a run, which decides how it ends. `user`: somebody, or something somebody has set up: it is cancelled. `panic`:
 * the switch that stops everything, the same. A budget, its own, that of the day or that of its automation: it has failed, and nobody
 * else is asked. `shutdown`: portos-cos is about to be ended: it is interrupted and can be resumed.
 */
export const stopKindSchema = z.enum(["user", "panic", "run-budget", "day-budget", "automation-budget", "shutdown"]);
export type StopKind = z.output<typeof stopKindSchema>;

/** One attempt with one provider. */
export const attemptSchema = z.strictObject({
  number: z.int().min(1),
  providerId: providerIdSchema,
  providerName: z.string(),
  providerType: providerTypeSchema,
  model: z.string().nullable(),
  reason: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** `null` while it runs and when it succeeded. */
  failure: failureKindSchema.nullable(),
  message: z.string().nullable(),
  /** Who or what has ended it before its end; nothing when it ended by itself or took too long. */
  stoppedBy: stopKindSchema.nullish(),
  /** When the limit ends that made it fail, as far as the provider said. */
  backAt: z.iso.datetime().nullish(),
  /** Milliseconds it worked, without the waiting for answers; `null` when a part of it was not watched. */
  activeMs: z.int().min(0).nullish(),
  /** What it was lent of PortOS; `null`: nothing. */
  tools: mcpRightsSchema.nullish(),
  usage: usageSchema,
});
export type Attempt = z.output<typeof attemptSchema>;

/** One execution of a provider or agent. */
export const runSchema = z.strictObject({
  id: runIdSchema,
  title: z.string(),
  state: runStateSchema,
  /** Who asked for it. */
  source: z.strictObject({
    kind: z.enum(["user", "task", "automation", "incident", "test"]),
    id: z.string().max(100),
  }),
  /** Runs that were given the same prompt at once. */
  groupId: z.string().max(60).nullable(),
  appId: appIdSchema.nullable(),
  folder: z.string(),
  permissionMode: permissionModeSchema,
  budget: budgetSchema,
  limitNames: limitNamesSchema.optional(),
  isolation: isolationSchema,
  /** What it may get of PortOS at most; nothing: what its provider may. What it got stands at its attempts. */
  tools: mcpRightsSchema.nullish(),
  /** `null` without isolation, and until it was made. */
  worktree: runWorktreeSchema.nullable(),
  taskType: z.string().nullable(),
  /** The template it was made from. */
  prompt: z
    .strictObject({
      id: z.string(),
      version: z.int(),
      /** The prompts it included, each in the version it had. */
      includes: z.array(z.strictObject({ id: z.string(), version: z.int() })).optional(),
    })
    .nullable(),
  /** Pictures given along with the prompt, in order. */
  images: z.array(runImageSchema.omit({ data: true })).optional(),
  /** Text when left out. */
  answerFormat: answerFormatSchema.optional(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  attempts: z.array(attemptSchema),
  usage: usageSchema,
  /** Why it is not going on: why it failed, was interrupted or is queued; of one that is done: which budget it went over. */
  message: z.string().nullable(),
  failure: failureKindSchema.nullable(),
  /** Why it still looks as if it went on, though it is over: its end cannot be written down yet. */
  endProblem: z.string().nullish(),
  /** Questions not answered yet. */
  pending: z.array(permissionRequestSchema),
  /** The agent's own name for its session, with which it can be resumed. */
  agentSessionId: z.string().nullable(),
  /** Terminal of portos-cos to attach to, where one exists. */
  sessionId: z.string().nullable(),
  /** It can go on with a further message (`runs.say`), or be resumed when it was interrupted. */
  canContinue: z.boolean(),
  eventCount: z.int().min(0),
  lastEventAt: z.iso.datetime().nullable(),
});
export type Run = z.output<typeof runSchema>;

const id = z.strictObject({ id: runIdSchema });

/** Whatever makes a run act asks for the PIN when the run itself asks for nothing. */
export const stepUpWhenFree = { when: "the run asks for nothing", what: "allow" } as const;

export const runsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/runs",
    summary: "List runs, newest first",
    query: z.strictObject({
      state: runStateSchema.optional(),
      provider: providerIdSchema.optional(),
      app: appIdSchema.optional(),
      group: z.string().max(60).optional(),
      text: z.string().max(200).optional(),
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    reply: z.strictObject({
      items: z.array(runSchema),
      next: z.string().nullable(),
      /** portos-cos answered; else this is what was known last. */
      isUp: z.boolean(),
      /** When portos-cos was heard last; `null` when it never was. */
      asOf: z.iso.datetime().nullable(),
    }),
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/runs",
    summary: "Start a run",
    body: runInputSchema,
    reply: z.strictObject({ runs: z.array(runSchema).min(1) }),
    audit: "write",
    stepUpFor: { field: "permissionMode", value: "free", what: "allow" },
  },
  get: { method: "GET", path: "/api/runs/:id", summary: "Read a run", params: id, reply: runSchema, audit: "none" },
  image: {
    method: "GET",
    path: "/api/runs/:id/images/:number",
    summary: "Show a picture given along with a run",
    params: id.extend({ number: z.coerce.number().int().min(1).max(20) }),
    reply: { raw: "image/*" },
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
  downloadAnswer: {
    method: "GET",
    path: "/api/runs/:id/answer.json",
    summary: "Download the answer of a run that was asked for JSON",
    params: id,
    reply: { raw: "application/json" },
    audit: "read",
  },
  events: {
    method: "GET",
    path: "/api/runs/:id/events",
    summary: "Read events of a run from a number on",
    params: id,
    query: z.strictObject({
      after: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(2_000).default(500),
    }),
    reply: z.strictObject({ events: z.array(runEventSchema), last: z.int().min(0) }),
    audit: "none",
  },
  /** A follow-up message to the same agent session. */
  say: {
    method: "POST",
    path: "/api/runs/:id/messages",
    summary: "Say something to a run",
    params: id,
    body: z.strictObject({ text: promptText }),
    reply: runSchema,
    audit: "write",
    stepUpWhen: stepUpWhenFree,
  },
  stop: {
    method: "POST",
    path: "/api/runs/:id/stop",
    summary: "Stop a run",
    params: id,
    reply: runSchema,
    audit: "write",
  },
  resume: {
    method: "POST",
    path: "/api/runs/:id/resume",
    summary: "Go on with an interrupted run",
    params: id,
    reply: runSchema,
    audit: "write",
    stepUpWhen: stepUpWhenFree,
  },
  /** The same prompt once more, as a new run. */
  again: {
    method: "POST",
    path: "/api/runs/:id/again",
    summary: "Run the same prompt again",
    params: id,
    reply: runSchema,
    audit: "write",
    stepUpWhen: stepUpWhenFree,
  },
  remove: {
    method: "DELETE",
    path: "/api/runs/:id",
    summary: "Delete a run",
    params: id,
    reply: z.strictObject({ id: runIdSchema, name: z.string() }),
    audit: "write",
    stepUp: "delete",
  },
  restore: {
    method: "POST",
    path: "/api/runs/:id/restore",
    summary: "Bring a deleted run back",
    params: id,
    reply: runSchema,
    audit: "write",
  },
  download: {
    method: "GET",
    path: "/api/runs/:id/transcript.md",
    summary: "Download the transcript of a run",
    params: id,
    reply: { raw: "text/markdown" },
    audit: "read",
  },
});

/** The newest 50 runs and every one that has not ended, then each change. */
export const runsFeed = defineFeed("runs", {
  snapshot: z.strictObject({
    runs: z.array(runSchema),
    /** portos-cos answers. */
    isUp: z.boolean(),
  }),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), run: runSchema }),
    z.strictObject({ kind: z.literal("removed"), id: runIdSchema }),
    z.strictObject({ kind: z.literal("up"), isUp: z.boolean() }),
  ]),
});

/** Live events of single runs: `watch` from the last number seen; what was missed comes with the reply, up to 2 000, the rest and what is new as `events`, in order, none twice and none left out. */
export const agentsChannel = defineChannel({
  name: "agents",
  client: {
    watch: {
      payload: z.strictObject({ id: runIdSchema, after: z.int().min(0) }),
      reply: z.strictObject({ events: z.array(runEventSchema), last: z.int().min(0) }),
    },
    unwatch: { payload: id, reply: z.null() },
  },
  server: { events: z.strictObject({ id: runIdSchema, events: z.array(runEventSchema).min(1) }) },
});
