import { z } from "zod";

import { failureKindSchema } from "./providers.ts";

/** Where a run is. `waiting`: it asked the user. `interrupted`: portos-cos or the machine went away while it ran. */
export const runStateSchema = z.enum([
  "created",
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
]);
export type RunState = z.output<typeof runStateSchema>;

/** What a run or an attempt used. Tokens as the provider counted them; `costUsd` is `null` when no price is known. */
export const usageSchema = z.strictObject({
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  cachedInputTokens: z.int().min(0),
  reasoningTokens: z.int().min(0),
  /** Replies of the model. */
  turns: z.int().min(0),
  costUsd: z.number().min(0).nullable(),
  /** A part of it was never told, because the reply was stopped or cut off: it is counted from what was sent and received. */
  isEstimated: z.boolean().optional(),
});
export type Usage = z.output<typeof usageSchema>;

/** What kind of thing a tool call does, as the Agent Client Protocol names it. */
export const toolKindSchema = z.enum([
  "read",
  "edit",
  "delete",
  "move",
  "search",
  "execute",
  "think",
  "fetch",
  "other",
]);
export type ToolKind = z.output<typeof toolKindSchema>;

/** A change of one file: the whole text before (`null`: the file is new) and after; `isCut` when they were too long to keep. */
export const fileEditSchema = z.strictObject({
  path: z.string(),
  before: z.string().nullable(),
  after: z.string(),
  isCut: z.boolean(),
});
export type FileEdit = z.output<typeof fileEditSchema>;

/** One tool call; later events with the same `callId` carry its newer state whole. */
export const toolCallSchema = z.strictObject({
  callId: z.string().max(200),
  /** One line a person understands: "Read src/main.ts". */
  title: z.string(),
  tool: toolKindSchema,
  state: z.enum(["pending", "running", "succeeded", "failed", "denied"]),
  /** Arguments as JSON text, `null` when not known. */
  input: z.string().nullable(),
  /** Result as text, cut at 64 KiB. */
  output: z.string().nullable(),
  edits: z.array(fileEditSchema),
});
export type ToolCall = z.output<typeof toolCallSchema>;

/** One choice an agent offers with a question. */
export const permissionOptionSchema = z.strictObject({
  optionId: z.string().max(200),
  name: z.string().max(200),
  kind: z.enum(["allow-once", "allow-always", "deny-once", "deny-always"]),
});

/** A question of an agent: may it do exactly this? */
export const permissionRequestSchema = z.strictObject({
  /** Unique within the run. */
  requestId: z.string().max(100),
  askedAt: z.iso.datetime(),
  call: toolCallSchema,
  /** Folder it would happen in. */
  folder: z.string(),
  options: z.array(permissionOptionSchema).min(1),
});
export type PermissionRequest = z.output<typeof permissionRequestSchema>;

/**
 * Who says it to the agent. `user`: the user. `resume`: a note of PortOS, so that it goes on after an interruption. `repeat`: what was
 * said before, once more with that note, since nobody knows whether the agent has it.
 */
export const speakerSchema = z.enum(["user", "resume", "repeat"]);
export type Speaker = z.output<typeof speakerSchema>;

/** What happened in a run. */
export const runEventBodySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("state"), state: runStateSchema, message: z.string().nullable() }),
  /** An attempt with one provider began; the texts after it are its own. */
  z.strictObject({
    kind: z.literal("attempt"),
    number: z.int().min(1),
    providerId: z.string(),
    providerName: z.string(),
    model: z.string().nullable(),
    /** Why it is tried: "First choice", "Anthropic is limited until 14:30". */
    reason: z.string(),
  }),
  z.strictObject({
    kind: z.literal("attempt-ended"),
    number: z.int().min(1),
    failure: failureKindSchema.nullable(),
    message: z.string().nullable(),
    usage: usageSchema,
  }),
  /** What was said to the agent: the prompt, then each follow-up. The user said it when `speaker` is left out. */
  z.strictObject({ kind: z.literal("user"), text: z.string(), speaker: speakerSchema.optional() }),
  /** Pieces of the answer; those in a row belong together. */
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  z.strictObject({ kind: z.literal("reasoning"), text: z.string() }),
  z.strictObject({
    kind: z.literal("plan"),
    entries: z.array(z.strictObject({ text: z.string(), state: z.enum(["pending", "running", "succeeded"]) })),
  }),
  z.strictObject({ kind: z.literal("tool"), call: toolCallSchema }),
  z.strictObject({ kind: z.literal("asked"), request: permissionRequestSchema }),
  z.strictObject({
    kind: z.literal("answered"),
    requestId: z.string(),
    optionId: z.string().nullable(),
    isAllowed: z.boolean(),
    /** "You on phone", "Rule: reads in this folder", "Nobody answered in time". */
    by: z.string(),
    reason: z.string().nullable(),
  }),
  /** Raw output of a program without a known format, or what it said on its error stream. */
  z.strictObject({ kind: z.literal("output"), stream: z.enum(["out", "err"]), text: z.string() }),
  z.strictObject({ kind: z.literal("usage"), usage: usageSchema }),
  z.strictObject({ kind: z.literal("notice"), level: z.enum(["info", "warning", "error"]), text: z.string() }),
]);
export type RunEventBody = z.output<typeof runEventBodySchema>;

/** One event of a run; numbers start at 1 and have no gap. */
export const runEventSchema = z.strictObject({
  number: z.int().min(1),
  at: z.iso.datetime(),
  body: runEventBodySchema,
});
export type RunEvent = z.output<typeof runEventSchema>;
