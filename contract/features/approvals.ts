import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { appIdSchema } from "./apps.ts";
import { callerKindSchema, connectorIdSchema, effectSchema, operationNameSchema, riskSchema } from "./connectors.ts";
import { providerIdSchema } from "./providers.ts";
import { toolKindSchema } from "./run-events.ts";
import { runIdSchema } from "./runs.ts";

/** Id of an approval, made by the server; `/a/<id>` is its page of its own. */
export const approvalIdSchema = z.string().regex(/^[0-9a-z]{16,32}$/, "must look like 0123abcd4567efgh");

/** What one file would become, as the lines of a unified diff. */
export const approvalChangeSchema = z.strictObject({
  path: z.string(),
  isNew: z.boolean(),
  added: z.int().min(0),
  removed: z.int().min(0),
  /** "+text", "-text", " text", and "@" where lines were left out. */
  lines: z.array(z.string()),
  /** Not all of it is here. */
  isCut: z.boolean(),
});
export type ApprovalChange = z.output<typeof approvalChangeSchema>;

const asked = {
  /** One line a person understands: "Run rm -rf build". */
  title: z.string(),
  /** Why it asks. */
  why: z.string(),
  /** What happens when it is denied. */
  onDeny: z.string(),
};

/** Exactly what is asked. */
export const approvalSubjectSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("agent-tool"),
    ...asked,
    runId: runIdSchema,
    requestId: z.string().max(100),
    runTitle: z.string(),
    appId: appIdSchema.nullable(),
    providerId: providerIdSchema.nullable(),
    providerName: z.string().nullable(),
    tool: toolKindSchema,
    /** Folder it would happen in. */
    folder: z.string(),
    /** The command as it was written; `null` when it is none. */
    command: z.string().nullable(),
    /** The command as an argument list; `null` when it is none, or needs a shell to be understood. */
    words: z.array(z.string()).nullable(),
    /** Arguments as JSON text. */
    input: z.string().nullable(),
    /** Files it names, links followed as they were when it asked. */
    paths: z.array(z.string()),
    changes: z.array(approvalChangeSchema),
  }),
  z.strictObject({
    kind: z.literal("connector-call"),
    ...asked,
    connectorId: z.string().max(60),
    connectorName: z.string().max(120),
    operation: z.string().max(120),
    /** Arguments as JSON text. */
    input: z.string(),
    effect: effectSchema.default("write"),
    risk: riskSchema.default("high"),
    callerKind: callerKindSchema.default("system"),
    callerName: z.string().max(200).default(""),
    /** Of the run, automation or token behind it. */
    callerId: z.string().max(100).nullable().default(null),
    /** The policy wants the user's own answer: no rule says yes to it. */
    isForUser: z.boolean().default(true),
  }),
  /** Work of an agent on a crash, to be merged into the app's folder; its answer allows the merge of exactly this tree. */
  z.strictObject({
    kind: z.literal("repair"),
    ...asked,
    repairId: z.string().max(60),
    runId: runIdSchema,
    appId: appIdSchema,
    appName: z.string(),
    folder: z.string(),
    /** Id of the files as they would be. */
    tree: z.string().max(128),
    files: z.int().min(0),
    added: z.int().min(0),
    removed: z.int().min(0),
    diagnosis: z.string(),
    changes: z.array(approvalChangeSchema),
  }),
]);
export type ApprovalSubject = z.output<typeof approvalSubjectSchema>;

/** `withdrawn`: what asked no longer asks. `expired`: nobody answered in time, so it was denied. */
export const approvalStateSchema = z.enum(["pending", "allowed", "denied", "expired", "withdrawn"]);
export type ApprovalState = z.output<typeof approvalStateSchema>;

/** How far an answer reaches: this once, more of the same kind in this run, more of the same kind in this folder for half an hour. */
export const approvalScopeSchema = z.enum(["once", "run", "here"]);
export type ApprovalScope = z.output<typeof approvalScopeSchema>;

/** Who settled it and how. */
export const approvalDecisionSchema = z.strictObject({
  /** "anna@example.com", "this machine", "Rule: reads in blog", "PortOS". */
  by: z.string(),
  /** "Chrome on Android, pixel"; `null` when no device was involved. */
  device: z.string().nullable(),
  at: z.iso.datetime(),
  scope: approvalScopeSchema,
  /** Told to the agent with a denial; otherwise why it came to this. */
  reason: z.string().nullable(),
  ruleId: z.string().nullable(),
});
export type ApprovalDecision = z.output<typeof approvalDecisionSchema>;

/** One question to the user, the same on every device. */
export const approvalSchema = z.strictObject({
  id: approvalIdSchema,
  createdAt: z.iso.datetime(),
  /** Denied when nobody has answered by then. */
  expiresAt: z.iso.datetime(),
  subject: approvalSubjectSchema,
  /** SHA-256 over exactly what was asked; an answer carries it. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The same over what is asked alone, whoever asks it when: told again by it when an interrupted run goes on. */
  contentHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Its run was interrupted: the question stays, the answer lets the run go on and counts once it asks exactly this again. */
  isParked: z.boolean().optional(),
  state: approvalStateSchema,
  decision: approvalDecisionSchema.nullable(),
  /** Whoever asked knows the answer. */
  isDelivered: z.boolean(),
});
export type Approval = z.output<typeof approvalSchema>;

/** Id of a rule. */
export const approvalRuleIdSchema = z.string().regex(/^rule-[0-9a-z]{8,32}$/, "must look like rule-0123abcd");

const folderText = z
  .string()
  .max(4_096)
  .regex(/^\/[^\0]*$/, "must be an absolute path");

/** Answers questions of agents before anybody is asked. What is `null` is no condition; all conditions must hold. */
export const approvalRuleInputSchema = z
  .strictObject({
    name: z.string().trim().min(1, "must not be empty").max(120, "must have at most 120 characters"),
    /** A rule that denies wins over one that allows. */
    effect: z.enum(["allow", "deny"]),
    appId: appIdSchema.nullable().default(null),
    /** It happens in this folder or below it, and every file it names lies there, too. */
    folder: folderText.nullable().default(null),
    providerId: providerIdSchema.nullable().default(null),
    runId: runIdSchema.nullable().default(null),
    tools: z.array(toolKindSchema).max(20).default([]),
    /** The command begins with exactly these arguments; one that needs a shell to be understood never matches. */
    commandPrefix: z.array(z.string().min(1).max(1_000)).max(30).default([]),
    /** It is for calls of these connectors; without any it is for what agents do in folders. */
    connectors: z.array(connectorIdSchema).max(50).default([]),
    /** Operations of these connectors; all when empty. */
    operations: z.array(operationNameSchema).max(100).default([]),
    expiresAt: z.iso.datetime().nullable().default(null),
  })
  .refine(
    ({ effect, appId, folder, runId, connectors }) =>
      effect === "deny" || appId !== null || folder !== null || runId !== null || connectors.length > 0,
    {
      error: "must be given: a rule that allows needs an app, a folder, a run or connectors",
      path: ["folder"],
    },
  )
  .refine(
    ({ effect, tools, commandPrefix, connectors }) =>
      effect === "deny" || tools.length > 0 || commandPrefix.length > 0 || connectors.length > 0,
    { error: "must name at least one: a rule that allows needs kinds of actions or a command", path: ["tools"] },
  )
  .refine(
    ({ effect, connectors, operations }) => effect === "deny" || connectors.length === 0 || operations.length > 0,
    {
      error: "must name at least one: a rule that allows calls needs operations",
      path: ["operations"],
    },
  )
  .refine(({ connectors, operations }) => operations.length === 0 || connectors.length > 0, {
    error: "must be given: operations are those of connectors",
    path: ["connectors"],
  })
  .refine(
    ({ effect, appId, folder, providerId, runId, tools, commandPrefix, connectors }) =>
      effect === "allow" ||
      [appId, folder, providerId, runId].some((one) => one !== null) ||
      [tools, commandPrefix, connectors].some((list) => list.length > 0),
    {
      error:
        "must name at least one: without connectors, an app, a folder, a provider, a run or actions a rule would deny everything",
      path: ["connectors"],
    },
  )
  .refine(
    ({ connectors, appId, folder, providerId, tools, commandPrefix }) =>
      connectors.length === 0 ||
      (appId === null && folder === null && providerId === null && tools.length === 0 && commandPrefix.length === 0),
    { error: "cannot be joined with apps, folders, providers or actions", path: ["connectors"] },
  );
export type ApprovalRuleInput = z.input<typeof approvalRuleInputSchema>;

export const approvalRuleSchema = z.strictObject({
  ...approvalRuleInputSchema.shape,
  id: approvalRuleIdSchema,
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  /** `decision`: made by an answer that reaches further than once. */
  origin: z.enum(["user", "decision"]),
  uses: z.int().min(0),
  lastUsedAt: z.iso.datetime().nullable(),
});
export type ApprovalRule = z.output<typeof approvalRuleSchema>;

/** A rule as it is listed. */
export const listedRuleSchema = z.strictObject({
  ...approvalRuleSchema.shape,
  /** Somebody else has changed the file of rules: it allows nothing until it is confirmed. */
  isChangedOutside: z.boolean(),
});

/** What a rule would have done to the newest questions. */
export const rulePreviewSchema = z.strictObject({
  looked: z.int().min(0),
  matched: z.int().min(0),
  /** How many that wait now it would answer at once. */
  waiting: z.int().min(0),
  /** Of those, how many were decided the other way round. */
  contradicted: z.int().min(0),
  examples: z.array(z.strictObject({ id: approvalIdSchema, title: z.string(), state: approvalStateSchema })),
});
export type RulePreview = z.output<typeof rulePreviewSchema>;

const id = z.strictObject({ id: approvalIdSchema });
const ruleId = z.strictObject({ id: approvalRuleIdSchema });

export const approvalsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/approvals",
    summary: "List questions that wait for an answer and those settled last",
    reply: z.strictObject({ pending: z.array(approvalSchema), recent: z.array(approvalSchema) }),
    audit: "none",
  },
  history: {
    method: "GET",
    path: "/api/approvals/history",
    summary: "List settled questions, newest first",
    query: z.strictObject({
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      state: approvalStateSchema.exclude(["pending"]).optional(),
      app: appIdSchema.optional(),
      run: runIdSchema.optional(),
      rule: approvalRuleIdSchema.optional(),
      text: z.string().max(200).optional(),
    }),
    reply: z.strictObject({ items: z.array(approvalSchema), next: z.string().nullable() }),
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/approvals/:id",
    summary: "Read a question",
    params: id,
    reply: approvalSchema,
    audit: "none",
  },
  decide: {
    method: "POST",
    path: "/api/approvals/:id/decision",
    summary: "Answer a question",
    params: id,
    body: z.strictObject({
      /** Of exactly what was shown. */
      hash: approvalSchema.shape.hash,
      answer: z.enum(["allow", "deny"]),
      scope: approvalScopeSchema.default("once"),
      reason: z.string().trim().max(2_000, "must have at most 2000 characters").nullable().default(null),
    }),
    reply: approvalSchema,
    audit: "write",
  },
  denyAll: {
    method: "POST",
    path: "/api/approvals/deny-all",
    summary: "Deny every question that waits",
    reply: z.strictObject({ denied: z.int().min(0) }),
    audit: "write",
  },
  rules: {
    method: "GET",
    path: "/api/approval-rules",
    summary: "List the rules that answer questions",
    reply: z.array(listedRuleSchema),
    audit: "none",
  },
  confirmRules: {
    method: "POST",
    path: "/api/approval-rules/confirm",
    summary: "Put rules in force that were changed outside of PortOS",
    /** All rules exactly as they were shown. */
    body: z.array(approvalRuleSchema).max(1_000),
    reply: z.null(),
    audit: "write",
    stepUp: "allow",
  },
  createRule: {
    method: "POST",
    path: "/api/approval-rules",
    summary: "Create a rule that answers questions",
    body: approvalRuleInputSchema,
    reply: approvalRuleSchema,
    audit: "write",
    stepUp: "allow",
  },
  previewRule: {
    method: "POST",
    path: "/api/approval-rules/preview",
    summary: "Say what a rule would have answered",
    body: approvalRuleInputSchema,
    reply: rulePreviewSchema,
    audit: "none",
  },
  updateRule: {
    method: "PUT",
    path: "/api/approval-rules/:id",
    summary: "Change a rule that answers questions",
    params: ruleId,
    body: approvalRuleInputSchema,
    reply: approvalRuleSchema,
    audit: "write",
    stepUp: "allow",
  },
  removeRule: {
    method: "DELETE",
    path: "/api/approval-rules/:id",
    summary: "Delete a rule that answers questions",
    params: ruleId,
    reply: approvalRuleSchema,
    audit: "write",
    stepUp: "delete",
  },
  restoreRule: {
    method: "POST",
    path: "/api/approval-rules/:id/restore",
    summary: "Bring a deleted rule back",
    params: ruleId,
    reply: approvalRuleSchema,
    audit: "write",
    stepUp: "allow",
  },
});

/** What waits and what was settled last, then each change, and that the rules are no longer those that were read. */
export const approvalsFeed = defineFeed("approvals", {
  snapshot: approvalsEndpoints.list.reply,
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), approval: approvalSchema }),
    z.strictObject({ kind: z.literal("rules-changed") }),
  ]),
});
