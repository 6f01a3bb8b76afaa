import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { incidentIdSchema } from "../internal/autofixer.ts";
import { approvalIdSchema } from "./approvals.ts";
import { appIdSchema } from "./apps.ts";
import { processKeySchema } from "./processes.ts";
import { modelIdSchema, providerIdSchema } from "./providers.ts";
import { budgetSchema, runIdSchema } from "./runs.ts";

/** Id of a repair, made by the server, sortable by time. */
export const repairIdSchema = z.string().regex(/^repair-[0-9a-z]{12,32}$/, "must look like repair-0123abcd4567");

/**
 * How far a repair may go by itself. `off`: none begins by itself. `propose`: the work waits to be looked at. `approve`: it is
 * merged after one question to the user. `apply`: it is merged, watched, and taken back when it does not hold.
 */
export const repairLevelSchema = z.enum(["off", "propose", "approve", "apply"]);
export type RepairLevel = z.output<typeof repairLevelSchema>;

/** Where a repair is; the last four are ends. */
export const repairStateSchema = z.enum([
  "asked",
  "diagnosing",
  "checking-before",
  "repairing",
  "checking-after",
  "proposed",
  "waiting",
  "applying",
  "watching",
  "reverting",
  "repaired",
  "reverted",
  "failed",
  "given-up",
]);
export type RepairState = z.output<typeof repairStateSchema>;

/** What agents may do about crashes. Nothing begins by itself before a level is chosen. */
export const repairSettingsSchema = z.strictObject({
  /** For apps that have no level of their own. */
  level: repairLevelSchema.default("off"),
  apps: z.record(appIdSchema, repairLevelSchema).default({}),
  /** Who is asked; `null`: the agent that has done best. */
  choice: z
    .strictObject({ providerId: providerIdSchema, model: modelIdSchema.nullable().default(null) })
    .nullable()
    .default(null),
  /** Of one repair, diagnosis included. */
  budget: budgetSchema.prefault({ minutes: 30 }),
  /** Repairs of one app that may fail within a day; then none begins by itself until the day is over. */
  maxFailures: z.int().min(1, "must be at least 1").max(20, "must be at most 20").default(3),
});
export type RepairSettings = z.output<typeof repairSettingsSchema>;

/** How one check of the app came out. `unknown`: it could not be run as it should. */
export const checkOutcomeSchema = z.strictObject({
  state: z.enum(["running", "succeeded", "failed", "unknown"]),
  /** Session of portos-cos with its output. */
  sessionId: z.string().nullable(),
  message: z.string().nullable(),
  seconds: z.number().min(0).nullable(),
  startedAt: z.iso.datetime().optional(),
  /** The work it ran on, if it ran on work. */
  tree: z.string().optional(),
});
export type CheckOutcome = z.output<typeof checkOutcomeSchema>;

/** One check before the repair and after it. */
export const repairCheckSchema = z.strictObject({
  name: z.string(),
  command: z.string(),
  timeoutMs: z.int().min(1),
  before: checkOutcomeSchema.nullable(),
  after: checkOutcomeSchema.nullable(),
});
export type RepairCheck = z.output<typeof repairCheckSchema>;

/** How the app was at one moment of the time it is watched. */
export const healthSampleSchema = z.strictObject({
  at: z.iso.datetime(),
  isGood: z.boolean(),
  /** `null`: it names no port. */
  isAnswering: z.boolean().nullable(),
  /** "Online, port 3000 answers". */
  text: z.string(),
});
export type HealthSample = z.output<typeof healthSampleSchema>;

/** One crash given to an agent, with everything that came of it. */
export const repairSchema = z.strictObject({
  id: repairIdSchema,
  incidentId: incidentIdSchema,
  processKey: processKeySchema,
  processName: z.string(),
  /** `null`: one of PortOS's own processes. */
  appId: appIdSchema.nullable(),
  level: repairLevelSchema.exclude(["off"]),
  by: z.string(),
  isAutomatic: z.boolean(),
  state: repairStateSchema,
  /** What happens now, or why it ended as it did; one sentence. */
  reason: z.string(),
  askedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** The same for crashes of one process in the same place. */
  signature: z.string().max(64),
  /** What the agent was told about the crash. */
  evidence: z
    .strictObject({ exit: z.string(), crashes: z.int(), lines: z.int(), commits: z.int(), files: z.int() })
    .nullable(),
  /** The port its process names, and whether it answered when the agent was asked. */
  port: z.strictObject({ number: z.int(), wasAnswering: z.boolean() }).nullable(),
  agent: z.strictObject({ providerId: providerIdSchema, name: z.string() }).nullable(),
  runId: runIdSchema.nullable(),
  /** Events the run had when the agent was told to repair; `null` before. */
  toldAfter: z.int().min(0).nullable(),
  /** The run has taken the message that asks for the repair. */
  isTold: z.boolean().default(false),
  diagnosis: z.string().nullable(),
  /** What the agent says it has changed. */
  summary: z.string().nullable(),
  checks: z.array(repairCheckSchema),
  /** The work as it was checked: what is merged is exactly this tree. */
  work: z
    .strictObject({
      tree: z.string(),
      files: z.int().min(0),
      added: z.int().min(0),
      removed: z.int().min(0),
      paths: z.array(z.string()),
    })
    .nullable(),
  approvalId: approvalIdSchema.nullable(),
  merge: z.strictObject({ by: z.string(), commit: z.string().nullable(), at: z.iso.datetime().nullable() }).nullable(),
  watch: z
    .strictObject({
      since: z.iso.datetime(),
      until: z.iso.datetime(),
      /** How often PM2 had restarted it then. */
      restarts: z.int().nullable(),
      samples: z.array(healthSampleSchema),
    })
    .nullable(),
  /** Cost is `null` when no price is known. */
  usage: z.strictObject({ costUsd: z.number().nullable(), tokens: z.int(), seconds: z.number() }).nullable(),
  revert: z
    .strictObject({ by: z.string(), at: z.iso.datetime(), isAutomatic: z.boolean(), why: z.string() })
    .nullable(),
});
export type Repair = z.output<typeof repairSchema>;

/** Whether an agent can be asked to repair what crashed, and what would follow. */
export const repairOutlookSchema = z.strictObject({
  /** Why it cannot be repaired, in one sentence; `null` when it can. */
  cannot: z.string().nullable(),
  /** What speaks against another try, in one sentence; asking all the same is possible. */
  warning: z.string().nullable(),
  /** How far it would go when asked now. */
  level: repairLevelSchema.exclude(["off"]),
  agent: z.string().nullable(),
});
export type RepairOutlook = z.output<typeof repairOutlookSchema>;

const settingsReply = z.strictObject({
  settings: repairSettingsSchema,
  /** Apps for which no repair begins by itself for now. */
  paused: z.array(z.strictObject({ appId: appIdSchema, until: z.iso.datetime(), reason: z.string() })),
});
export type RepairSettingsView = z.output<typeof settingsReply>;

const id = z.strictObject({ id: repairIdSchema });
const incident = z.strictObject({ incident: incidentIdSchema });

export const repairsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/repairs",
    summary: "List repairs by agents, newest first",
    query: z.strictObject({
      incident: incidentIdSchema.optional(),
      app: appIdSchema.optional(),
      before: z.union([repairIdSchema, pageCursorSchema], { error: "must be the cursor of a page" }).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    reply: z.strictObject({ items: z.array(repairSchema), next: z.string().nullable() }),
    audit: "none",
  },
  settings: {
    method: "GET",
    path: "/api/repairs/settings",
    summary: "Read what agents may do about crashes",
    reply: settingsReply,
    audit: "none",
  },
  putSettings: {
    method: "PUT",
    path: "/api/repairs/settings",
    summary: "Change what agents may do about crashes",
    body: repairSettingsSchema,
    reply: settingsReply,
    audit: "write",
    stepUp: "allow",
  },
  /** `null`: the level for all apps. */
  setAppLevel: {
    method: "PUT",
    path: "/api/repairs/settings/apps/:app",
    summary: "Change what agents may do about crashes of one app",
    params: z.strictObject({ app: appIdSchema }),
    body: z.strictObject({ level: repairLevelSchema.nullable() }),
    reply: settingsReply,
    audit: "write",
    stepUp: "allow",
  },
  get: {
    method: "GET",
    path: "/api/repairs/:id",
    summary: "Read a repair",
    params: id,
    reply: repairSchema,
    audit: "none",
  },
  outlook: {
    method: "GET",
    path: "/api/incidents/:incident/repair",
    summary: "Say whether an agent can repair what crashed",
    params: incident,
    reply: repairOutlookSchema,
    audit: "none",
  },
  ask: {
    method: "POST",
    path: "/api/incidents/:incident/repair",
    summary: "Ask an agent to repair what crashed",
    params: incident,
    /** `isAnyway`: also when the last repairs did not hold. */
    body: z.strictObject({ isAnyway: z.boolean().default(false) }),
    reply: repairSchema,
    audit: "write",
  },
  /** Merges proposed work, restarts the app and watches it. */
  apply: {
    method: "POST",
    path: "/api/repairs/:id/apply",
    summary: "Apply a proposed repair",
    params: id,
    /** The work as it was shown: a changed one is refused. */
    body: z.strictObject({ tree: z.string().max(128) }),
    reply: repairSchema,
    audit: "write",
  },
  stop: {
    method: "POST",
    path: "/api/repairs/:id/stop",
    summary: "Stop a repair",
    params: id,
    reply: repairSchema,
    audit: "write",
  },
  revert: {
    method: "POST",
    path: "/api/repairs/:id/revert",
    summary: "Take a repair back",
    params: id,
    reply: repairSchema,
    audit: "write",
  },
});

/** The newest repairs and the settings, then each change. */
export const repairsFeed = defineFeed("repairs", {
  snapshot: z.strictObject({ repairs: z.array(repairSchema), settings: settingsReply }),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), repair: repairSchema }),
    z.strictObject({ kind: z.literal("settings"), settings: settingsReply }),
  ]),
});
