import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { whole } from "../whole.ts";
import { evidenceIdSchema, evidenceOutcomeSchema, evidenceStepSchema, outsideCallerSchema } from "./evidence.ts";

/** Id of a connector: part of addresses, files and names of tools. */
export const connectorIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "must be lower-case letters, digits and single hyphens")
  .max(40, "must have at most 40 characters");

/** Name of one thing a connector can do: "send-message". */
export const operationNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "must be lower-case letters, digits and single hyphens")
  .max(60, "must have at most 60 characters");

/** `read` changes nothing outside, `write` does, `destructive` takes something away for good. */
export const effectSchema = z.enum(["read", "write", "destructive"]);
export type Effect = z.output<typeof effectSchema>;

/**
 * How far what came back can be trusted, least first: a hit of a search, a page or reply of anybody, the place that makes the
 * thing itself, what the user declared to be right.
 */
export const trustTiers = ["search-result", "external", "primary", "authoritative"] as const;
export const trustTierSchema = z.enum(trustTiers);
export type TrustTier = z.output<typeof trustTierSchema>;

/** What could go wrong at worst. */
export const riskSchema = z.enum(["low", "medium", "high", "critical"]);
export type Risk = z.output<typeof riskSchema>;

/** What may leave this machine at all: everything that is allowed, only what changes nothing, nothing. */
export const networkModeSchema = z.enum(["online", "read-only", "offline"]);
export type NetworkMode = z.output<typeof networkModeSchema>;

/** Who can ask for a call. */
export const callerKindSchema = outsideCallerSchema.shape.kind;
export type CallerKind = z.output<typeof callerKindSchema>;

/** Every way a call can end other than well. */
export const gatewayCodeSchema = z.enum([
  "unknown_connector",
  "unknown_operation",
  "invalid_params",
  "disabled",
  "not_configured",
  "offline",
  "planning_phase",
  "refused_by_policy",
  "approval_denied",
  "approval_expired",
  "rate_limited",
  "circuit_open",
  "conflict",
  "disk_full",
  "unavailable",
  "refused_by_guard",
  "too_large",
  "timeout",
  "cancelled",
  "upstream_failed",
  "reply_invalid",
]);
export type GatewayCode = z.output<typeof gatewayCodeSchema>;

const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 22:30");
const domain = z.string().trim().min(1, "must not be empty").max(300, "must have at most 300 characters");
const domains = z.array(domain).max(500, "must have at most 500 entries");

/** When nobody is asked first: never ask, ask before what changes something, always ask, let the rules decide and ask otherwise. */
export const approvalModeSchema = z.enum(["never", "writes", "always", "rules"]);
export type ApprovalMode = z.output<typeof approvalModeSchema>;

/** What calls of one connector may do. */
export const connectorPolicySchema = z.strictObject({
  /** `null`: every operation it has. */
  operations: z.array(operationNameSchema).max(200).nullable().default(null),
  callers: z.array(callerKindSchema).default([...callerKindSchema.options]),
  /** Only these may be called; with none, every public domain and what the configuration names. */
  allowedDomains: domains.default([]),
  /** Never called, whatever else allows them. */
  blockedDomains: domains.default([]),
  /** Places on this machine, in the network at home or the tailnet that may be called: "nas.local:9000", "127.0.0.1:3000". */
  insides: domains.default([]),
  /** Ports besides 80, 443 and 8080. */
  extraPorts: z.array(z.int().min(1).max(65_535)).max(50).default([]),
  approval: approvalModeSchema.default("rules"),
  /** Calls; `null` for no limit. */
  perMinute: z.int().min(1).max(100_000).nullable().default(60),
  perDay: z.int().min(1).max(10_000_000).nullable().default(5_000),
  maxRequestBytes: z.int().min(1_024).max(1_073_741_824).default(10_485_760),
  maxReplyBytes: z.int().min(1_024).max(1_073_741_824).default(10_485_760),
  /** For everything, repeated tries included. */
  timeoutMs: z.int().min(100).max(3_600_000).default(60_000),
  /** Takes control characters and forbidden header bytes out of what is sent. */
  cleansInput: z.boolean().default(true),
  /** Takes secrets, scripts and control characters out of what came back. */
  cleansOutput: z.boolean().default(true),
  /** Only people may call then; everybody else is told when it ends. */
  quietHours: z.strictObject({ from: timeOfDay, to: timeOfDay }).nullable().default(null),
  /** Keeps the first characters of each reply with its evidence. */
  keepsExcerpt: z.boolean().default(false),
});
export type ConnectorPolicy = z.output<typeof connectorPolicySchema>;
export type ConnectorPolicyInput = z.input<typeof connectorPolicySchema>;

/** What is asked of the gateway. */
export const connectorCallSchema = z.strictObject({
  params: z.record(z.string(), z.unknown()).default({}),
  /** Stops before anything leaves and shows the way it would have gone. */
  isDryRun: z.boolean().default(false),
  /** The same key is sent once: a second call with it gets the first one's delivery. */
  idempotencyKey: z.string().min(1, "must not be empty").max(200, "must have at most 200 characters").optional(),
});
export type ConnectorCall = z.output<typeof connectorCallSchema>;

/** How a call would go, or went. */
export const callPathSchema = z.array(evidenceStepSchema);

/** A JSON Schema, for forms and for models. */
const jsonSchema = z.record(z.string(), z.unknown());

export const operationViewSchema = z.strictObject({
  name: operationNameSchema,
  title: z.string(),
  description: z.string(),
  effect: effectSchema,
  /** People read what it writes. */
  isToPeople: z.boolean(),
  isIdempotent: z.boolean(),
  trust: trustTierSchema,
  input: jsonSchema,
  output: jsonSchema,
  examples: z.array(z.strictObject({ title: z.string(), input: z.record(z.string(), z.unknown()) })),
});
export type OperationView = z.output<typeof operationViewSchema>;

/** How a connector was when it was looked at last. */
export const connectorHealthSchema = z.strictObject({
  /** `null`: there is nothing that could be looked at without a call. */
  isHealthy: z.boolean().nullable(),
  detail: z.string(),
  at: z.iso.datetime(),
});
export type ConnectorHealthView = z.output<typeof connectorHealthSchema>;

/** Whether somebody has signed in to a connector on its own page; `expired`: that does not count any more. */
export const signInStateSchema = z.strictObject({
  state: z.enum(["needed", "active", "expired"]),
  /** Host of the page; `null` while nobody has signed in. */
  host: z.string().nullable(),
  scope: z.string().nullable(),
  since: z.iso.datetime().nullable(),
  /** Why it has ended, or what it does not cover. */
  problem: z.string().nullable(),
});
export type SignInState = z.output<typeof signInStateSchema>;

/** How a connector stands. */
export const connectorStatusSchema = z.strictObject({
  id: connectorIdSchema,
  title: z.string(),
  description: z.string(),
  isBuiltIn: z.boolean(),
  isEnabled: z.boolean(),
  /** Where it leads was changed since it was turned on or given secrets: it is off, and its secrets have to be entered anew. */
  isChanged: z.boolean(),
  /** Whether the configuration is complete and right. */
  isConfigured: z.boolean(),
  /** What is missing or wrong in the configuration. */
  issues: z.array(
    z.strictObject({
      path: z.string(),
      message: z.string(),
      /** What the form calls the field; `null` where nobody has named it. */
      label: z.string().nullable(),
    }),
  ),
  operations: z.array(operationViewSchema.pick({ name: true, title: true, effect: true, isToPeople: true })),
  /** Name of its policy as it is now: another one when that was changed. */
  policyRevision: z.string(),
  /** It can be looked at without doing anything. */
  hasHealth: z.boolean(),
  /** `null`: not looked at since the configuration was changed. */
  health: connectorHealthSchema.nullable(),
  /** `null`: one does not sign in to it on a page. */
  signIn: signInStateSchema.nullable(),
  used: z.strictObject({ lastMinute: z.int(), today: z.int() }),
  /** Newest call there is evidence of, dry runs aside. */
  lastCall: z
    .strictObject({
      at: z.iso.datetime(),
      operation: z.string(),
      outcome: evidenceOutcomeSchema,
      code: z.string().nullable(),
      evidenceId: evidenceIdSchema,
    })
    .nullable(),
});
export type ConnectorStatus = z.output<typeof connectorStatusSchema>;

/** All there is to know of a connector, secrets aside. */
export const connectorViewSchema = connectorStatusSchema.extend({
  operations: z.array(operationViewSchema),
  configSchema: jsonSchema,
  /** Fields that are secret: written, never read. */
  secretNames: z.array(z.string()),
  /** The configuration without its secrets. */
  config: z.record(z.string(), z.unknown()),
  secrets: z.record(
    z.string(),
    z.strictObject({ isSet: z.boolean(), last4: z.string().nullable(), updatedAt: z.string().nullable() }),
  ),
  updatedAt: z.iso.datetime().nullable(),
});
export type ConnectorView = z.output<typeof connectorViewSchema>;

/** One change of a policy. */
export const policyChangeSchema = z.strictObject({
  at: z.iso.datetime(),
  by: z.string(),
  /** Fields that were changed. */
  fields: z.array(z.string()),
  before: connectorPolicySchema,
});
export type PolicyChange = z.output<typeof policyChangeSchema>;

export const policyViewSchema = z.strictObject({
  policy: connectorPolicySchema,
  /** Name of exactly this policy; what is saved says with it what it was made from. */
  revision: z.string(),
  /** Nobody has changed it yet. */
  isDefault: z.boolean(),
  /** Newest first. */
  history: z.array(policyChangeSchema),
  /** Why nothing is allowed until it is looked at and saved, though nobody said so. */
  problem: z.string().nullable(),
});
export type PolicyView = z.output<typeof policyViewSchema>;

/** What the gateway would do with a call. */
export const policySimulationSchema = z.strictObject({
  verdict: z.enum(["allowed", "asks", "refused"]),
  /** What the phone would be asked; `null` unless it asks. */
  question: z.string().nullable(),
  code: gatewayCodeSchema.nullable(),
  message: z.string(),
  hint: z.string().nullable(),
  path: callPathSchema,
});
export type PolicySimulation = z.output<typeof policySimulationSchema>;

/** What may leave this machine, and who said so. */
export const gatewayStateSchema = z.strictObject({
  /** What holds now. */
  mode: networkModeSchema,
  since: z.iso.datetime().nullable(),
  by: z.string().nullable(),
  /** Everything is stopped: the gateway is closed until that ends and somebody opens it. */
  isPanic: z.boolean(),
  /** Targets that failed again and again and are left alone, or have failed lately. */
  breakers: z.array(
    z.strictObject({
      target: z.string(),
      state: z.enum(["closed", "open", "half-open"]),
      since: z.string(),
      until: z.string().nullable(),
      failures: z.int(),
      lastReason: z.string().nullable(),
    }),
  ),
});
export type GatewayState = z.output<typeof gatewayStateSchema>;

export const connectorReplySchema = z.strictObject({
  output: z.unknown(),
  evidenceId: evidenceIdSchema,
  trust: trustTierSchema,
  path: callPathSchema,
  isDryRun: z.boolean(),
  /** It waits in the outbox. */
  delivery: z.strictObject({ id: z.string(), isNew: z.boolean() }).optional(),
});
export type ConnectorReplyView = z.output<typeof connectorReplySchema>;

/** Something that does not work without a connector. */
export const connectorUseSchema = z.strictObject({
  kind: z.enum(["automation", "webhook", "subscription", "rule", "token"]),
  id: z.string(),
  name: z.string(),
  /** What it uses, in a few words. */
  detail: z.string(),
  /** It is on, or in force. */
  isActive: z.boolean(),
});
export type ConnectorUse = z.output<typeof connectorUseSchema>;

/**
 * One thing the doctor looked at, in the order in which a call meets them. `skipped`: something before it failed, or there is nothing
 * of the kind.
 */
export const doctorStepSchema = z.strictObject({
  step: z.enum(["name", "connection", "encryption", "clock", "program", "protocol", "version", "tools", "sign-in"]),
  verdict: z.enum(["good", "warning", "bad", "skipped"]),
  /** What was found, in words. */
  message: z.string(),
  /** What to do about it. */
  hint: z.string().nullable(),
  ms: z.number().min(0),
});
export type DoctorStep = z.output<typeof doctorStepSchema>;

/** What the doctor found on the way to a connector's other side. */
export const doctorReportSchema = z.strictObject({
  at: z.iso.datetime(),
  targets: z.array(z.strictObject({ target: z.string(), steps: z.array(doctorStepSchema) })),
  /** Whether the other side lets this connector in; belongs to no target. */
  signIn: doctorStepSchema,
  /** Records of what was called. */
  evidenceIds: z.array(evidenceIdSchema),
});
export type DoctorReport = z.output<typeof doctorReportSchema>;

const params = z.strictObject({ id: connectorIdSchema });
const operationParams = z.strictObject({ id: connectorIdSchema, operation: operationNameSchema });
const largestCallBytes = 16 * 1024 * 1024;

export const connectorsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/connectors",
    summary: "List connectors and how they stand",
    reply: z.array(connectorStatusSchema),
    audit: "none",
  },
  gateway: {
    method: "GET",
    path: "/api/gateway",
    summary: "Tell what may leave this machine",
    reply: gatewayStateSchema,
    audit: "none",
  },
  setMode: {
    method: "PUT",
    path: "/api/gateway/mode",
    summary: "Set what may leave this machine",
    body: z.strictObject({ mode: networkModeSchema }),
    reply: gatewayStateSchema,
    audit: "write",
    stepUpWhen: { when: "more shall leave this machine than before", what: "allow" },
  },
  resetBreaker: {
    method: "POST",
    path: "/api/gateway/breakers/reset",
    summary: "Call a target again that was left alone",
    body: z.strictObject({ target: z.string().min(1).max(2_000) }),
    reply: gatewayStateSchema,
    audit: "write",
  },
  resetBreakers: {
    method: "POST",
    path: "/api/gateway/breakers/reset-all",
    summary: "Call every target again that was left alone",
    reply: gatewayStateSchema,
    audit: "write",
  },
  get: {
    method: "GET",
    path: "/api/connectors/:id",
    summary: "Show a connector, its operations and its configuration",
    params,
    reply: connectorViewSchema,
    audit: "none",
  },
  putConfig: {
    method: "PUT",
    path: "/api/connectors/:id/config",
    summary: "Configure a connector",
    params,
    /** A secret that is left out stays, an empty one is removed. */
    body: z.strictObject({ config: z.record(z.string(), z.unknown()) }),
    reply: connectorViewSchema,
    audit: "write",
    stepUp: "secret",
  },
  enable: {
    method: "POST",
    path: "/api/connectors/:id/enable",
    summary: "Turn a connector on",
    params,
    reply: connectorViewSchema,
    audit: "write",
    stepUp: "allow",
  },
  disable: {
    method: "POST",
    path: "/api/connectors/:id/disable",
    summary: "Turn a connector off",
    params,
    reply: connectorViewSchema,
    audit: "write",
  },
  check: {
    method: "POST",
    path: "/api/connectors/:id/check",
    summary: "Look how a connector is",
    params,
    reply: connectorStatusSchema,
    audit: "none",
  },
  uses: {
    method: "GET",
    path: "/api/connectors/:id/uses",
    summary: "List what uses a connector",
    params,
    reply: z.strictObject({ uses: z.array(connectorUseSchema) }),
    audit: "none",
  },
  doctor: {
    method: "POST",
    path: "/api/connectors/:id/doctor",
    summary: "Look at every step of the way to a connector's other side",
    params,
    reply: doctorReportSchema,
    audit: "none",
  },
  policy: {
    method: "GET",
    path: "/api/connectors/:id/policy",
    summary: "Show what calls of a connector may do",
    params,
    reply: policyViewSchema,
    audit: "none",
  },
  putPolicy: {
    method: "PUT",
    path: "/api/connectors/:id/policy",
    summary: "Change what calls of a connector may do",
    params,
    body: whole(connectorPolicySchema).extend({
      /**
       * The `revision` this was made from; refused as a conflict when the policy was changed meanwhile. Left out, it takes the place of
       * whatever is there.
       */
      basedOn: z.string().max(100).optional(),
    }),
    reply: policyViewSchema,
    audit: "write",
    stepUp: "allow",
  },
  simulate: {
    method: "POST",
    path: "/api/connectors/:id/policy/simulate",
    summary: "Tell what a policy would do with a call",
    params,
    body: z.strictObject({
      /** The one in force when left out. */
      policy: connectorPolicySchema.optional(),
      operation: operationNameSchema,
      params: z.record(z.string(), z.unknown()).default({}),
      caller: callerKindSchema.default("agent"),
      isPlanning: z.boolean().default(false),
      /** The time it would be; now when left out. */
      at: z.iso.datetime().optional(),
    }),
    reply: policySimulationSchema,
    audit: "none",
  },
  execute: {
    method: "POST",
    path: "/api/connectors/:id/operations/:operation/execute",
    summary: "Call an operation of a connector",
    params: operationParams,
    body: connectorCallSchema.omit({ isDryRun: true }),
    maxBodyBytes: largestCallBytes,
    reply: connectorReplySchema,
    audit: "write",
  },
  dryRun: {
    method: "POST",
    path: "/api/connectors/:id/operations/:operation/dry-run",
    summary: "Show how a call of a connector would go, without making it",
    params: operationParams,
    body: connectorCallSchema.omit({ isDryRun: true, idempotencyKey: true }),
    maxBodyBytes: largestCallBytes,
    reply: policySimulationSchema.extend({ evidenceId: evidenceIdSchema.nullable() }),
    audit: "none",
  },
});

/** How connectors and the gateway stand. */
export const connectorsFeed = defineFeed("connectors", {
  snapshot: z.strictObject({ connectors: z.array(connectorStatusSchema), gateway: gatewayStateSchema }),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("status"), connector: connectorStatusSchema }),
    z.strictObject({ kind: z.literal("removed"), id: connectorIdSchema }),
    z.strictObject({ kind: z.literal("gateway"), gateway: gatewayStateSchema }),
  ]),
});
