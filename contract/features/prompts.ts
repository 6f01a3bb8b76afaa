import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";

/** Id of a prompt: the name of its file in `data/prompts/` without `.md`, and what `{{> id}}` names. It never changes. */
export const promptIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "must be lower-case letters, digits and hyphens, at most 60");

/** What a variable of a prompt holds. `list` is a list of texts, one per line in a form. */
export const promptVariableTypeSchema = z.enum(["text", "long-text", "number", "yes-no", "choice", "list"]);
export type PromptVariableType = z.output<typeof promptVariableTypeSchema>;

/** A value of a variable. A text that says a number, yes or no, or the lines of a list counts as that. */
export const promptValueSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
export type PromptValue = z.output<typeof promptValueSchema>;

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,59}$/, "must be letters, digits and _, at most 60, and not begin with a digit")
  .refine((name) => name !== "__proto__", { error: "must be another name" });

const sentence = z.string().trim().max(300, "must have at most 300 characters");

/** One variable of a prompt, as its front matter declares it. */
export const promptVariableSchema = z
  .strictObject({
    name: variableName,
    type: promptVariableTypeSchema.default("text"),
    /** Shown beside its field. */
    description: sentence.default(""),
    /** Whether it must have a value when there is no default. */
    isRequired: z.boolean().default(true),
    default: promptValueSchema.nullable().default(null),
    /** What may be chosen; for `choice` only. */
    choices: z
      .array(z.string().trim().min(1, "must not be empty").max(200, "must have at most 200 characters"))
      .max(100, "must have at most 100 entries")
      .default([]),
  })
  .superRefine((variable, context) => {
    if (variable.type === "choice" && variable.choices.length === 0)
      context.addIssue({ code: "custom", path: ["choices"], message: "must have at least one entry" });
    const rule = variable.default === null ? null : brokenRule(variable, variable.default);
    if (rule !== null) context.addIssue({ code: "custom", path: ["default"], message: rule });
  });
export type PromptVariable = z.output<typeof promptVariableSchema>;

/** What a value must be for a variable, as the end of a sentence; `null` when it is. */
export function brokenRule(
  variable: { type: PromptVariableType; choices: readonly string[] },
  value: unknown,
): string | null {
  switch (variable.type) {
    case "text":
      if (typeof value !== "string") return "must be a text";
      return /[\r\n]/.test(value) ? "must be one line" : null;
    case "long-text":
      return typeof value === "string" ? null : "must be a text";
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? null : "must be a number";
    case "yes-no":
      return typeof value === "boolean" ? null : "must be yes or no (true or false)";
    case "choice":
      return typeof value === "string" && variable.choices.includes(value)
        ? null
        : `must be one of: ${variable.choices.join(", ")}`;
    case "list":
      break;
  }
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? null : "must be a list of texts";
}

const body = z
  .string()
  .max(400_000, "must have at most 400000 characters")
  .refine((text) => text.trim() !== "", { error: "must not be empty" });

const variables = z
  .array(promptVariableSchema)
  .max(100, "must have at most 100 variables")
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
    error: "must name each variable once",
  });

/** What the user writes. */
export const promptInputSchema = z.strictObject({
  title: z.string().trim().min(1, "must not be empty").max(120, "must have at most 120 characters"),
  description: sentence.default(""),
  variables: variables.default([]),
  /** The template itself: Mustache, nothing escaped, nothing executed. */
  body,
});
export type PromptInput = z.output<typeof promptInputSchema>;

/**
 * Something about a template or its values, with the rule that is broken. `missing`: a required variable has no value.
 * `wrong-type`: a value is not of its variable's type. `unknown-value`: a value for no variable. `not-declared`: the text uses a
 * variable nobody declared. `no-such-prompt`, `loop`: what it includes. `syntax`: Mustache itself. `too-large`: the result.
 */
export const promptIssueSchema = z.strictObject({
  rule: z.enum([
    "missing",
    "wrong-type",
    "unknown-value",
    "not-declared",
    "no-such-prompt",
    "loop",
    "syntax",
    "too-large",
  ]),
  /** The variable, or the prompt that is included. */
  name: z.string().nullable(),
  message: z.string(),
});
export type PromptIssue = z.output<typeof promptIssueSchema>;

/** A prompt in the list. */
export const promptSummarySchema = z.strictObject({
  id: promptIdSchema,
  title: z.string(),
  description: z.string(),
  /** Its own and those of the prompts it includes. */
  variables: z.array(promptVariableSchema),
  /** Number of the version in force. */
  version: z.int().min(1),
  updatedAt: z.iso.datetime(),
  /** Who made that version. */
  updatedBy: z.string(),
  /** Prompts it includes, itself or through others. */
  includes: z.array(z.string()),
  /** Why it cannot be used, apart from values. */
  issues: z.array(promptIssueSchema),
  /** What is wrong with its file as it lies there now; `version` stays in force meanwhile. */
  problem: z.string().nullable(),
});
export type PromptSummary = z.output<typeof promptSummarySchema>;

/** A file in `data/prompts/` that is no prompt, with the reason. It is left as it is. */
export const promptProblemSchema = z.strictObject({ file: z.string(), message: z.string() });
export type PromptProblem = z.output<typeof promptProblemSchema>;

/** Everything the Prompts page shows first. */
export const promptListSchema = z.strictObject({
  prompts: z.array(promptSummarySchema),
  problems: z.array(promptProblemSchema),
});
export type PromptList = z.output<typeof promptListSchema>;

/** A prompt with what its editor needs. */
export const promptViewSchema = z.strictObject({
  summary: promptSummarySchema,
  /** As written in the version in force. */
  input: promptInputSchema,
  /** The whole file of that version. */
  source: z.string(),
});
export type PromptView = z.output<typeof promptViewSchema>;

/** One version of a prompt. */
export const promptVersionSchema = z.strictObject({
  number: z.int().min(1),
  createdAt: z.iso.datetime(),
  /** Who made it; "edited by hand" when the file was changed outside. */
  author: z.string(),
  message: z.string(),
  bytes: z.int().min(0),
});
export type PromptVersion = z.output<typeof promptVersionSchema>;

/** A prompt with the values it is to be filled with, as what uses it keeps it; it is filled at the moment of the run. */
export const promptReferenceSchema = z.strictObject({
  promptId: promptIdSchema,
  /** Always this version; the one that is in force when a run begins when `null`. */
  version: z.int().min(1).nullable().default(null),
  values: z.record(z.string().max(100), z.json()).default({}),
});
export type PromptReference = z.output<typeof promptReferenceSchema>;

/** Where a prompt is used. */
export const promptUseSchema = z.strictObject({
  kind: z.enum(["prompt", "task", "automation", "run"]),
  name: z.string(),
  /** Page of the panel. */
  link: z.string(),
  /** The version used, of a run; the one it is held to, of a task or an automation. */
  version: z.int().min(1).nullable(),
  at: z.iso.datetime().nullable(),
});
export type PromptUse = z.output<typeof promptUseSchema>;

const versionNumber = z.coerce.number().int().min(1).max(1_000_000);
const id = z.strictObject({ id: promptIdSchema });
const message = z.string().trim().max(200, "must have at most 200 characters").default("");
const values = z.record(z.string().max(100), z.json()).default({});

/** What happened to one prompt of an import. `conflict`: there is another one of that id, and nothing was changed. */
export const promptImportOutcomeSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  outcome: z.enum(["added", "replaced", "same", "skipped", "conflict", "broken"]),
  /** Id it has now; `null` when nothing was stored. */
  savedAs: promptIdSchema.nullable(),
  message: z.string().nullable(),
});
export type PromptImportOutcome = z.output<typeof promptImportOutcomeSchema>;

/** Prompt templates with their versions. */
export const promptsEndpoints = defineEndpoints({
  list: { method: "GET", path: "/api/prompts", summary: "List prompts", reply: promptListSchema, audit: "none" },
  examples: {
    method: "GET",
    path: "/api/prompt-examples",
    summary: "List ready-made prompts",
    reply: z.array(z.strictObject({ id: promptIdSchema, input: promptInputSchema })),
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/prompts",
    summary: "Create a prompt",
    /** Without an id one is made from the title. */
    body: z.strictObject({ id: promptIdSchema.optional(), input: promptInputSchema, message }),
    reply: promptViewSchema,
    audit: "write",
  },
  /** Shows what a run would be given. Never refused for a wrong value: `issues` name them, and their places are marked in the text. */
  preview: {
    method: "POST",
    path: "/api/prompts-preview",
    summary: "Preview a prompt with values",
    body: z.strictObject({
      source: z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("stored"), id: promptIdSchema, version: versionNumber.nullish() }),
        /** As it stands in an editor; `id` of the prompt being edited. */
        z.strictObject({
          kind: z.literal("draft"),
          id: promptIdSchema.nullable().default(null),
          variables,
          body: z.string().max(400_000, "must have at most 400000 characters"),
        }),
      ]),
      values,
    }),
    reply: z.strictObject({
      /** `null` when the template itself cannot be read. */
      text: z.string().nullable(),
      issues: z.array(promptIssueSchema),
      characters: z.int().min(0),
      /** One token for every four characters, rounded up: an estimate, models count differently. */
      estimatedTokens: z.int().min(0),
      /** Its own and those of the prompts it includes. */
      variables: z.array(promptVariableSchema),
    }),
    audit: "none",
  },
  bundle: {
    method: "GET",
    path: "/api/prompts-bundle",
    summary: "Download several prompts as one file",
    /** Ids separated by commas; all without. */
    query: z.strictObject({ ids: z.string().max(8_000).optional() }),
    reply: { raw: "application/json" },
    audit: "read",
  },
  /** Takes Markdown files and bundles. What clashes is left alone and told, until the call says what to do with it. */
  import: {
    method: "POST",
    path: "/api/prompts-import",
    summary: "Import prompts",
    body: z.strictObject({
      files: z
        .array(z.strictObject({ name: z.string().min(1).max(255), text: z.string().max(900_000) }))
        .min(1, "must name at least one file")
        .max(200, "must have at most 200 files"),
      /** By the id the prompt would have. `copy` gives it another id. */
      decisions: z.record(z.string().max(60), z.enum(["replace", "copy", "skip"])).default({}),
    }),
    reply: z.strictObject({ results: z.array(promptImportOutcomeSchema) }),
    audit: "write",
  },
  get: {
    method: "GET",
    path: "/api/prompts/:id",
    summary: "Read a prompt",
    params: id,
    reply: promptViewSchema,
    audit: "none",
  },
  save: {
    method: "PUT",
    path: "/api/prompts/:id",
    summary: "Save a prompt as a new version",
    params: id,
    body: z.strictObject({
      input: promptInputSchema,
      /** The version this was made from; refused as a conflict when there is a newer one. */
      basedOn: z.int().min(1),
      message,
    }),
    reply: promptViewSchema,
    audit: "write",
  },
  remove: {
    method: "DELETE",
    path: "/api/prompts/:id",
    summary: "Delete a prompt",
    params: id,
    /** What cannot be used without it: titles of prompts, and names of tasks that have not ended and of automations. */
    reply: z.strictObject({
      id: promptIdSchema,
      name: z.string(),
      includedBy: z.array(z.string()),
      usedBy: z.array(z.string()),
    }),
    audit: "write",
    stepUp: "delete",
  },
  restore: {
    method: "POST",
    path: "/api/prompts/:id/restore",
    summary: "Bring a deleted prompt back",
    params: id,
    reply: promptViewSchema,
    audit: "write",
  },
  versions: {
    method: "GET",
    path: "/api/prompts/:id/versions",
    summary: "List the versions of a prompt, newest first",
    params: id,
    reply: z.strictObject({ versions: z.array(promptVersionSchema) }),
    audit: "none",
  },
  version: {
    method: "GET",
    path: "/api/prompts/:id/versions/:version",
    summary: "Read a version of a prompt",
    params: z.strictObject({ id: promptIdSchema, version: versionNumber }),
    reply: z.strictObject({ version: promptVersionSchema, input: promptInputSchema, source: z.string() }),
    audit: "none",
  },
  restoreVersion: {
    method: "POST",
    path: "/api/prompts/:id/versions/:version/restore",
    summary: "Make an old version of a prompt the new one",
    params: z.strictObject({ id: promptIdSchema, version: versionNumber }),
    reply: promptViewSchema,
    audit: "write",
  },
  uses: {
    method: "GET",
    path: "/api/prompts/:id/uses",
    summary: "List where a prompt is used",
    params: id,
    reply: z.strictObject({
      uses: z.array(promptUseSchema),
      /** What could not be asked just now. */
      unknown: z.array(z.string()),
    }),
    audit: "none",
  },
  download: {
    method: "GET",
    path: "/api/prompts/:id/file.md",
    summary: "Download a prompt as Markdown",
    params: id,
    reply: { raw: "text/markdown" },
    audit: "read",
  },
});

export const promptsEventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("changed"), summary: promptSummarySchema }),
  z.strictObject({ kind: z.literal("removed"), id: promptIdSchema }),
  z.strictObject({ kind: z.literal("problems"), problems: z.array(promptProblemSchema) }),
]);
export type PromptsEvent = z.output<typeof promptsEventSchema>;

/** Live changes of prompts, made here or with an editor. */
export const promptsFeed = defineFeed("prompts", { snapshot: promptListSchema, event: promptsEventSchema });
