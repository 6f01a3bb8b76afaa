import { z } from "zod";

import { apiKeyProblem, maskedKeyEnd } from "../api-key.ts";
import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { mcpRightsSchema } from "./mcp.ts";
import { commandVariableNameSchema, variableInputSchema, variableSchema } from "./variables.ts";

/** Id of a provider, chosen by the user or taken from a preset; part of addresses and files. */
export const providerIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and hyphens, at most 40");

/** `api`: a model over HTTP. `acp`: an agent program that speaks the Agent Client Protocol. `cli`: an agent program run headless. */
export const providerTypeSchema = z.enum(["api", "cli", "acp"]);
export type ProviderType = z.output<typeof providerTypeSchema>;

/** How much a task asks of a model. */
export const tierSchema = z.enum(["light", "medium", "heavy"]);
export type Tier = z.output<typeof tierSchema>;

/** Wire format of an API provider. */
export const apiDialectSchema = z.enum(["anthropic", "openai", "google", "openai-compatible"]);
export type ApiDialect = z.output<typeof apiDialectSchema>;

/** Agent programs whose arguments and output are known; `custom` is run as a plain terminal program. */
export const agentKindSchema = z.enum([
  "claude",
  "codex",
  "gemini",
  "opencode",
  "cursor",
  "qwen",
  "goose",
  "junie",
  "custom",
]);
export type AgentKind = z.output<typeof agentKindSchema>;

const price = z.number().min(0, "must not be negative").max(100_000, "must be at most 100000");

/** US dollars per million tokens. */
export const modelPriceSchema = z.strictObject({
  input: price,
  output: price,
  /** Input read from the provider's cache; the price of input when left out. */
  cachedInput: price.nullish(),
});
export type ModelPrice = z.output<typeof modelPriceSchema>;

export const modelIdSchema = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(200, "must have at most 200 characters")
  .regex(/^[^\s\0]+$/, "must not contain spaces");

/** One model of a provider. */
export const providerModelSchema = z.strictObject({
  id: modelIdSchema,
  /** Which work it is meant for; `null` for a model that is only used when named. At most one per tier. */
  tier: tierSchema.nullable().default(null),
  price: modelPriceSchema.nullable().default(null),
});
export type ProviderModel = z.output<typeof providerModelSchema>;

const baseUrl = z
  .url({ protocol: /^https?$/, error: "must be an http or https address" })
  .max(500, "must have at most 500 characters")
  .refine((text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""), {
    error: "must not contain a user name or password",
  })
  .refine((text) => !URL.canParse(text) || (new URL(text).search === "" && new URL(text).hash === ""), {
    error: "must not contain ? or #",
  });

const argument = z
  .string()
  .max(8_192, "must have at most 8192 characters")
  .refine((text) => !text.includes("\0"), { error: "must not contain a NUL character" });

const shared = {
  name: z.string().trim().min(1, "must not be empty").max(80, "must have at most 80 characters"),
  models: z
    .array(providerModelSchema)
    .max(500, "must have at most 500 models")
    .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, { error: "must name each model once" })
    .refine(
      (list) => {
        const tiers = list.flatMap(({ tier }) => (tier === null ? [] : [tier]));
        return new Set(tiers).size === tiers.length;
      },
      { error: "must have at most one model per tier" },
    )
    .default([]),
  /** Asked next when this one cannot answer; `null` ends the chain. */
  fallbackProvider: providerIdSchema.nullable().default(null),
  /** Other fallbacks for single tiers. */
  tierFallbacks: z
    .strictObject({
      light: providerIdSchema.nullish(),
      medium: providerIdSchema.nullish(),
      heavy: providerIdSchema.nullish(),
    })
    .default({}),
  /** Time one attempt may take before the next provider is asked, in milliseconds. */
  timeoutMs: z
    .int("must be a whole number of milliseconds")
    .min(1_000, "must be at least one second")
    .max(24 * 3_600_000, "must be at most 24 hours")
    .default(30 * 60_000),
  /** What runs that ask it get of PortOS at most; nothing: what runs may use in general. */
  tools: mcpRightsSchema.nullish(),
};

const environmentInput = z
  .array(variableInputSchema.extend({ name: commandVariableNameSchema }))
  .max(100, "must have at most 100 variables")
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
    error: "must name each variable once",
  })
  .default([]);

const program = {
  agent: agentKindSchema,
  /** Program and fixed arguments, started without a shell; a program without a slash is looked up in PATH. Empty: the known one. */
  command: z.array(argument).max(100, "must have at most 100 entries").default([]),
};

const apiKeyInput = z
  .string()
  .max(4_096, "must have at most 4096 characters")
  .superRefine((key, context) => {
    const message = maskedKeyEnd(key) === null ? apiKeyProblem(key) : null;
    if (message !== null) context.addIssue({ code: "custom", message });
  });

/** A provider as the API takes it. A secret that is `null` or absent stays what it was, an empty text removes it. */
export const providerInputSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("api"),
    ...shared,
    dialect: apiDialectSchema,
    baseUrl,
    /** As it is shown, masked, it stays what it was, too. */
    apiKey: apiKeyInput.nullish(),
  }),
  z.strictObject({ type: z.literal("cli"), ...shared, ...program, environment: environmentInput }),
  z.strictObject({ type: z.literal("acp"), ...shared, ...program, environment: environmentInput }),
]);
export type ProviderInput = z.output<typeof providerInputSchema>;

/** All that is told about a stored secret. */
export const secretStateSchema = z.strictObject({
  isSet: z.boolean(),
  last4: z.string().nullable(),
  updatedAt: z.iso.datetime().nullable(),
});

const told = {
  id: providerIdSchema,
  /** Off until the user turns it on; one that is off is never called nor started. */
  isEnabled: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
};

/** A provider as the API gives it. */
export const providerSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("api"),
    ...told,
    ...shared,
    dialect: apiDialectSchema,
    baseUrl,
    apiKey: secretStateSchema,
  }),
  z.strictObject({ type: z.literal("cli"), ...told, ...shared, ...program, environment: z.array(variableSchema) }),
  z.strictObject({ type: z.literal("acp"), ...told, ...shared, ...program, environment: z.array(variableSchema) }),
]);
export type Provider = z.output<typeof providerSchema>;

/** Why an attempt failed. Which of them may go on to the next provider is decided by `mayFallBack`. */
export const failureKindSchema = z.enum([
  "transport",
  "timeout",
  "rate-limit",
  "usage-limit",
  "server-error",
  "missing-model",
  "not-installed",
  "not-logged-in",
  "bad-reply",
  "crashed",
  "bad-request",
  "refused",
  "budget",
  "cancelled",
]);
export type FailureKind = z.output<typeof failureKindSchema>;

/** One model of a provider that is limited or did not answer, while others may. */
export const modelTroubleSchema = z.strictObject({
  model: z.string(),
  failure: failureKindSchema,
  message: z.string().nullable(),
  asOf: z.iso.datetime(),
  /** When its limit ends; `null`: it is no limit, and it is asked all the same. */
  backAt: z.iso.datetime().nullable(),
});
export type ModelTrouble = z.output<typeof modelTroubleSchema>;

/** How a provider is, as last seen. A provider that is off is `off` and never probed. */
export const providerHealthSchema = z.strictObject({
  id: providerIdSchema,
  state: z.enum(["off", "unknown", "checking", "up", "limited", "down"]),
  /** One sentence: what is wrong and what to do; `null` when nothing is. */
  message: z.string().nullable(),
  failure: failureKindSchema.nullable(),
  /** When this was seen. */
  asOf: z.iso.datetime().nullable(),
  latencyMs: z.int().min(0).nullable(),
  /** When a limit ends, as far as the provider said; it is probed again then. */
  backAt: z.iso.datetime().nullable(),
  /** Models it offers now; `null` when it cannot be asked. */
  models: z.array(z.string()).nullable(),
  /** Version of the program, for `cli` and `acp`. */
  version: z.string().nullable(),
  /** Models with a trouble of their own. */
  modelTroubles: z.array(modelTroubleSchema).max(500).optional(),
});
export type ProviderHealth = z.output<typeof providerHealthSchema>;

/** Everything the Providers page shows first. */
export const providerListSchema = z.strictObject({
  providers: z.array(providerSchema),
  health: z.array(providerHealthSchema),
  /** Entries of the file that do not follow the schema: kept, not used, shown. */
  problems: z.array(z.strictObject({ index: z.int().min(0), name: z.string(), message: z.string() })),
});
export type ProviderList = z.output<typeof providerListSchema>;

/** A ready-made provider to start from; nothing of it runs before it is added and turned on. */
export const providerPresetSchema = z.strictObject({
  id: providerIdSchema,
  label: z.string(),
  /** One sentence. */
  description: z.string(),
  input: providerInputSchema,
  needsKey: z.boolean(),
  /** Where a key is made. */
  keyUrl: z.string().nullable(),
  /** An agent program: what was found on this machine, by looking at files. Nothing is started for it. */
  program: z
    .strictObject({
      path: z.string().nullable(),
      /** As its installer wrote it down; `null` when only the program itself could tell, which a check asks it. */
      version: z.string().nullable(),
      /** How to install it, one line. */
      installHint: z.string(),
      /** Whether its own login was found beside its settings; `null` when that cannot be told from files. */
      hasLogin: z.boolean().nullable(),
    })
    .nullable(),
});
export type ProviderPreset = z.output<typeof providerPresetSchema>;

/** One step of a fallback chain. */
export const chainStepSchema = z.strictObject({
  providerId: providerIdSchema,
  providerName: z.string(),
  model: z.string().nullable(),
  /** Why it would not be asked now: "Off", "Limited until 14:30", "No model for this tier"; `null` when it would. */
  skipReason: z.string().nullable(),
});
export type ChainStep = z.output<typeof chainStepSchema>;

/** A fallback chain in the order it is asked; `problem` tells why it ends before its end: a loop, a provider that is gone. */
export const chainSchema = z.strictObject({ steps: z.array(chainStepSchema), problem: z.string().nullable() });
export type Chain = z.output<typeof chainSchema>;

const id = z.strictObject({ id: providerIdSchema });
const view = z.strictObject({ provider: providerSchema, health: providerHealthSchema });

export const providersEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/providers",
    summary: "List providers with their health",
    reply: providerListSchema,
    audit: "none",
  },
  presets: {
    method: "GET",
    path: "/api/provider-presets",
    summary: "List ready-made providers and the agent programs found on this machine",
    reply: z.array(providerPresetSchema),
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/providers",
    summary: "Add a provider",
    body: z.strictObject({ id: providerIdSchema.optional(), input: providerInputSchema }),
    reply: view,
    audit: "write",
    stepUp: "secret",
  },
  get: {
    method: "GET",
    path: "/api/providers/:id",
    summary: "Read a provider",
    params: id,
    reply: view,
    audit: "none",
  },
  update: {
    method: "PUT",
    path: "/api/providers/:id",
    summary: "Change a provider",
    params: id,
    body: providerInputSchema,
    reply: view,
    audit: "write",
    stepUp: "secret",
  },
  remove: {
    method: "DELETE",
    path: "/api/providers/:id",
    summary: "Delete a provider",
    params: id,
    reply: z.strictObject({ id: providerIdSchema, name: z.string() }),
    audit: "write",
    stepUp: "delete",
  },
  restore: {
    method: "POST",
    path: "/api/providers/:id/restore",
    summary: "Bring a deleted provider back",
    params: id,
    reply: view,
    audit: "write",
  },
  enable: {
    method: "POST",
    path: "/api/providers/:id/enable",
    summary: "Turn a provider on",
    params: id,
    reply: view,
    audit: "write",
  },
  disable: {
    method: "POST",
    path: "/api/providers/:id/disable",
    summary: "Turn a provider off",
    params: id,
    reply: view,
    audit: "write",
  },
  check: {
    method: "POST",
    path: "/api/providers/:id/check",
    summary: "Check whether a provider answers",
    params: id,
    reply: providerHealthSchema,
    audit: "write",
  },
  chain: {
    method: "GET",
    path: "/api/providers/:id/chain",
    summary: "Show who is asked when this provider cannot answer",
    params: id,
    query: z.strictObject({ tier: tierSchema.default("medium") }),
    reply: chainSchema,
    audit: "none",
  },
  checkChain: {
    method: "POST",
    path: "/api/providers/:id/chain/check",
    summary: "Check every provider of a chain that is on",
    params: id,
    body: z.strictObject({ tier: tierSchema.default("medium") }),
    reply: chainSchema,
    audit: "write",
  },
});

export const providersFeed = defineFeed("providers", {
  snapshot: providerListSchema,
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), provider: providerSchema }),
    z.strictObject({ kind: z.literal("removed"), id: providerIdSchema }),
    z.strictObject({ kind: z.literal("health"), health: providerHealthSchema }),
    z.strictObject({ kind: z.literal("problems"), problems: providerListSchema.shape.problems }),
  ]),
});
