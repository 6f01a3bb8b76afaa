import { z } from "zod";

import { evidenceStepSchema, outsideCallerSchema } from "./evidence.ts";

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
  params: z.record(z.string(), z.json()).default({}),
  /** Stops before anything leaves and shows the way it would have gone. */
  isDryRun: z.boolean().default(false),
  /** The same key is sent once: a second call with it gets the first one's delivery. */
  idempotencyKey: z.string().min(1, "must not be empty").max(200, "must have at most 200 characters").optional(),
});
export type ConnectorCall = z.output<typeof connectorCallSchema>;

/** How a call would go, or went. */
export const callPathSchema = z.array(evidenceStepSchema);
