import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { secretStateSchema } from "./providers.ts";

/** A program on this machine, or one named in the tailnet, that runs models. */
export const localServerKindSchema = z.enum(["lmstudio", "ollama"]);
export type LocalServerKind = z.output<typeof localServerKindSchema>;

/** Name of a model as its server knows it: "llama3.2:3b", "qwen/qwen3-4b", a Hugging Face address for a download. */
export const localModelNameSchema = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(300, "must have at most 300 characters")
  .regex(/^[^\s\0\\]+$/, "must not contain spaces");

const baseUrl = z
  .url({ protocol: /^https?$/, error: "must be an http or https address" })
  .max(200, "must have at most 200 characters")
  .refine((text) => URL.canParse(text) && new URL(text).username === "" && new URL(text).password === "", {
    error: "must not contain a user name or password",
  })
  .refine((text) => URL.canParse(text) && /^\/?$/.test(new URL(text).pathname) && !/[?#]/.test(text), {
    error: "must be an address without a path, like http://localhost:1234",
  });

/** What the user decides about a server. */
export const localServerInputSchema = z.strictObject({
  /** Only its host and port are ever called. */
  baseUrl,
  /** For servers that ask for one. `null` or absent stays what it was, an empty text removes it. */
  token: z.string().max(4_096, "must have at most 4096 characters").nullish(),
});
export type LocalServerInput = z.output<typeof localServerInputSchema>;

/** One copy of a model in memory. */
export const loadedModelSchema = z.strictObject({
  /** What unloading names. */
  instanceId: z.string(),
  contextLength: z.int().min(0).nullable(),
  /** Memory it takes; `null` when the server does not tell. */
  sizeBytes: z.number().min(0).nullable(),
  /** Part of it in the memory of the graphics card. */
  vramBytes: z.number().min(0).nullable(),
  /** When it is unloaded unless it is used; `null` when it stays or nobody knows. */
  expiresAt: z.iso.datetime().nullable(),
});
export type LoadedModel = z.output<typeof loadedModelSchema>;

/** A model that is there. */
export const localModelSchema = z.strictObject({
  name: z.string(),
  label: z.string(),
  type: z.enum(["chat", "embedding"]),
  sizeBytes: z.number().min(0).nullable(),
  /** "8.0B" */
  parameters: z.string().nullable(),
  /** "Q4_K_M" */
  quantization: z.string().nullable(),
  /** Largest context it was made for, in tokens. */
  maxContext: z.int().min(0).nullable(),
  /** "vision", "tools", … as the server says it. */
  capabilities: z.array(z.string()),
  /** It runs elsewhere: what is asked of it leaves this machine. */
  isRemote: z.boolean(),
  loaded: z.array(loadedModelSchema),
});
export type LocalModel = z.output<typeof localModelSchema>;

/** Something that takes its time. It goes on without the page. */
export const localJobSchema = z.strictObject({
  id: z.string().regex(/^job-[a-z0-9]{6,20}$/),
  kind: z.enum(["download", "load"]),
  model: z.string(),
  state: z.enum(["running", "paused", "succeeded", "failed", "cancelled"]),
  /** What the server says it is doing. */
  status: z.string(),
  receivedBytes: z.number().min(0).nullable(),
  totalBytes: z.number().min(0).nullable(),
  bytesPerSecond: z.number().min(0).nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** Why it failed, or what to do. */
  message: z.string().nullable(),
  canCancel: z.boolean(),
});
export type LocalJob = z.output<typeof localJobSchema>;

/** What a server can be asked to do; a text says why not and what to do instead, `null` that it can. */
export const localAbilitiesSchema = z.strictObject({
  load: z.string().nullable(),
  download: z.string().nullable(),
  remove: z.string().nullable(),
  cancelDownload: z.string().nullable(),
  keepAlive: z.string().nullable(),
});
export type LocalAbilities = z.output<typeof localAbilitiesSchema>;

/** A server as it was last seen. One that is off is never contacted. */
export const localServerSchema = z.strictObject({
  kind: localServerKindSchema,
  name: z.string(),
  isEnabled: z.boolean(),
  baseUrl: z.string(),
  token: secretStateSchema,
  state: z.enum(["off", "unknown", "up", "absent", "locked", "failed"]),
  /** One sentence: what is wrong. */
  message: z.string().nullable(),
  /** What to do about it, one line each; commands as they are typed. */
  help: z.array(z.strictObject({ text: z.string(), command: z.string().nullable() })),
  asOf: z.iso.datetime().nullable(),
  version: z.string().nullable(),
  /** Which of its interfaces answers. */
  api: z.string().nullable(),
  abilities: localAbilitiesSchema,
  models: z.array(localModelSchema),
  jobs: z.array(localJobSchema),
});
export type LocalServer = z.output<typeof localServerSchema>;

/** How long a model stays in memory unused, in seconds; `-1` for ever. */
const keepAliveSeconds = z
  .int("must be a whole number of seconds")
  .min(-1, "must be -1 (for ever) or more")
  .max(30 * 86_400, "must be at most 30 days");

const kind = z.strictObject({ kind: localServerKindSchema });
const model = z.strictObject({ model: localModelNameSchema });

/** LM Studio and Ollama as servers that are looked after. Nothing is contacted before a server is turned on. */
export const localModelsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/local-models",
    summary: "List local model servers with what they hold",
    reply: z.array(localServerSchema),
    audit: "none",
  },
  update: {
    method: "PUT",
    path: "/api/local-models/:kind",
    summary: "Change the address of a local model server",
    params: kind,
    body: localServerInputSchema,
    reply: localServerSchema,
    audit: "write",
    stepUp: "secret",
  },
  enable: {
    method: "POST",
    path: "/api/local-models/:kind/enable",
    summary: "Turn a local model server on",
    params: kind,
    reply: localServerSchema,
    audit: "write",
  },
  disable: {
    method: "POST",
    path: "/api/local-models/:kind/disable",
    summary: "Turn a local model server off",
    params: kind,
    reply: localServerSchema,
    audit: "write",
  },
  refresh: {
    method: "POST",
    path: "/api/local-models/:kind/refresh",
    summary: "Look at a local model server now",
    params: kind,
    reply: localServerSchema,
    audit: "none",
  },
  load: {
    method: "POST",
    path: "/api/local-models/:kind/load",
    summary: "Load a model into memory",
    params: kind,
    body: model.extend({
      contextLength: z
        .int("must be a whole number of tokens")
        .min(256, "must be at least 256")
        .max(10_000_000, "must be at most 10000000")
        .nullish(),
      keepAliveSeconds: keepAliveSeconds.nullish(),
    }),
    reply: localJobSchema,
    audit: "write",
  },
  unload: {
    method: "POST",
    path: "/api/local-models/:kind/unload",
    summary: "Unload a model from memory",
    params: kind,
    body: z.strictObject({ instanceId: z.string().min(1).max(300) }),
    reply: localServerSchema,
    audit: "write",
  },
  download: {
    method: "POST",
    path: "/api/local-models/:kind/download",
    summary: "Download a model",
    params: kind,
    body: model,
    reply: localJobSchema,
    audit: "write",
  },
  remove: {
    method: "POST",
    path: "/api/local-models/:kind/remove",
    summary: "Delete a model from disk",
    params: kind,
    body: model,
    reply: localServerSchema,
    audit: "write",
    stepUp: "delete",
  },
  cancel: {
    method: "POST",
    path: "/api/local-models/:kind/jobs/:job/cancel",
    summary: "Cancel a download or a load",
    params: z.strictObject({ kind: localServerKindSchema, job: localJobSchema.shape.id }),
    reply: localJobSchema,
    audit: "write",
  },
});

/** Each server anew whenever something about it changed; in between the progress of single jobs, and that it was seen again. */
export const localModelsFeed = defineFeed("localModels", {
  snapshot: z.array(localServerSchema),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("changed"), server: localServerSchema }),
    z.strictObject({ kind: z.literal("job"), server: localServerKindSchema, job: localJobSchema }),
    z.strictObject({ kind: z.literal("seen"), server: localServerKindSchema, asOf: z.iso.datetime() }),
  ]),
});
