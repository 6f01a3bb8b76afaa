import { z } from "zod";

import type { LocalAbilities, LocalModel, LoadedModel } from "../../../contract/features/local-models.ts";
import { AppError } from "../../../lib/app-error.ts";
import { type DownloadProgress, type ModelServer, ServerTrouble } from "./model-server.ts";
import { refusal, type ServerHttp } from "./server-http.ts";

// Ollama's own interface: https://github.com/ollama/ollama/blob/main/docs/openapi.yaml

const lookMs = 5_000;
const loadMs = 30 * 60_000;
const silenceMs = 5 * 60_000;
/** Details of this many models are asked for at a time. */
const detailsAtOnce = 4;

const versionSchema = z.object({ version: z.string() });
const detailsSchema = z
  .object({ parameter_size: z.string().optional(), quantization_level: z.string().optional() })
  .nullish();
const tagsSchema = z.object({
  models: z
    .array(
      z.object({
        name: z.string(),
        size: z.number().optional(),
        digest: z.string().optional(),
        details: detailsSchema,
        remote_host: z.string().optional(),
      }),
    )
    .nullable(),
});
const runningSchema = z.object({
  models: z
    .array(
      z.object({
        name: z.string(),
        size: z.number().optional(),
        size_vram: z.number().optional(),
        expires_at: z.string().optional(),
        context_length: z.number().optional(),
      }),
    )
    .nullable(),
});
const showSchema = z.object({
  capabilities: z.array(z.string()).optional(),
  model_info: z.record(z.string(), z.unknown()).optional(),
});
const progressSchema = z.object({
  status: z.string().optional(),
  digest: z.string().optional(),
  total: z.number().optional(),
  completed: z.number().optional(),
  error: z.string().optional(),
});

interface ModelFacts {
  capabilities: string[];
  maxContext: number | null;
}

const everything: LocalAbilities = { load: null, download: null, remove: null, cancelDownload: null, keepAlive: null };
/** Later than this a model stays until it is unloaded: Ollama writes "for ever" as a time in 300 years. */
const foreverMs = 20 * 365 * 86_400_000;

/** An Ollama server. `known` keeps what never changes about a model, by the digest of its content. */
export function createOllamaServer(http: ServerHttp, known = new Map<string, ModelFacts>()): ModelServer {
  async function read<T>(
    method: "GET" | "POST",
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    body?: unknown,
  ) {
    const { status, json } = await http.json(method, path, { timeoutMs: lookMs, signal, body });
    const parsed = schema.safeParse(json);
    if (status === 200 && parsed.success) return parsed.data;
    throw new ServerTrouble("failed", `What answers at ${http.baseUrl} is not Ollama (${path}: ${status})`);
  }

  async function factsOf(name: string, digest: string | undefined, signal: AbortSignal): Promise<ModelFacts> {
    const key = digest ?? name;
    const found = known.get(key);
    if (found) return found;
    const { status, json } = await http.json("POST", "/api/show", { timeoutMs: lookMs, signal, body: { model: name } });
    const shown = showSchema.safeParse(json);
    if (status !== 200 || !shown.success) return { capabilities: [], maxContext: null };
    const { capabilities = [], model_info: info = {} } = shown.data;
    const length = Object.entries(info).find(([field]) => field.endsWith(".context_length"))?.[1];
    const facts = { capabilities, maxContext: typeof length === "number" ? length : null };
    known.set(key, facts);
    return facts;
  }

  async function expectOk(path: string, body: unknown, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { status, json } = await http.json("POST", path, { timeoutMs, body, signal });
    if (status !== 200) throw refusal(status, json);
    const line = progressSchema.safeParse(json);
    if (line.success && line.data.error !== undefined) throw refusal(500, json);
  }

  return {
    async look(signal) {
      const { version } = await read("GET", "/api/version", versionSchema, signal);
      const installed = (await read("GET", "/api/tags", tagsSchema, signal)).models ?? [];
      const running = (await read("GET", "/api/ps", runningSchema, signal)).models ?? [];
      const loaded = new Map(running.map((model) => [model.name, [toLoaded(model)]]));
      const models: LocalModel[] = [];
      for (let at = 0; at < installed.length; at += detailsAtOnce) {
        const some = installed.slice(at, at + detailsAtOnce);
        const facts = await Promise.all(some.map(({ name, digest }) => factsOf(name, digest, signal)));
        for (const [index, model] of some.entries()) {
          const { capabilities, maxContext } = facts[index] ?? { capabilities: [], maxContext: null };
          models.push({
            name: model.name,
            label: model.name.replace(/:latest$/, ""),
            type: capabilities.includes("embedding") && !capabilities.includes("completion") ? "embedding" : "chat",
            sizeBytes: model.size ?? null,
            parameters: model.details?.parameter_size || null,
            quantization: model.details?.quantization_level || null,
            maxContext,
            capabilities: capabilities.filter((word) => word !== "completion" && word !== "embedding"),
            isRemote: model.remote_host !== undefined && model.remote_host !== "",
            loaded: loaded.get(model.name) ?? [],
          });
        }
      }
      return { version, api: "native", abilities: everything, models };
    },

    async load(model, { contextLength, keepAliveSeconds }, signal) {
      const { capabilities } = await factsOf(model, undefined, signal);
      const options = contextLength === null ? {} : { options: { num_ctx: contextLength } };
      const keepAlive = keepAliveSeconds === null ? {} : { keep_alive: `${keepAliveSeconds}s` };
      const isEmbedding = capabilities.includes("embedding") && !capabilities.includes("completion");
      const body = isEmbedding ? { model, input: "" } : { model, stream: false };
      await expectOk(
        isEmbedding ? "/api/embed" : "/api/generate",
        { ...body, ...options, ...keepAlive },
        loadMs,
        signal,
      );
    },

    unload: (instanceId) =>
      expectOk("/api/generate", { model: instanceId, keep_alive: "0s", stream: false }, 2 * 60_000),

    async download({ model, onProgress, signal }) {
      const parts = new Map<string, { total: number; completed: number }>();
      let isComplete = false;
      for await (const line of http.lines("/api/pull", { model, stream: true }, { silenceMs, signal })) {
        const progress = progressSchema.safeParse(line);
        if (!progress.success) continue; // a newer Ollama may say more
        const { status = "", digest, total, completed = 0, error } = progress.data;
        if (error !== undefined) throw new AppError("upstream_failed", `Ollama says: ${error}`);
        if (digest !== undefined && total !== undefined) parts.set(digest, { total, completed });
        isComplete = status === "success";
        onProgress({ ...sumOf(parts), status: digest === undefined ? status : "downloading" });
      }
      if (!isComplete)
        throw new AppError("upstream_failed", "The download ended before it was complete", {
          hint: "Start it again: it goes on where it stopped.",
        });
    },

    async remove(model) {
      const { status, json } = await http.json("DELETE", "/api/delete", { timeoutMs: 60_000, body: { model } });
      if (status !== 200) throw refusal(status, json);
    },
  };
}

function toLoaded(model: NonNullable<z.output<typeof runningSchema>["models"]>[number]): LoadedModel {
  const expiry = model.expires_at === undefined ? Number.NaN : Date.parse(model.expires_at);
  const isForever = Number.isNaN(expiry) || expiry - Date.now() > foreverMs;
  return {
    instanceId: model.name,
    contextLength: model.context_length ?? null,
    sizeBytes: model.size ?? null,
    vramBytes: model.size_vram ?? null,
    expiresAt: isForever ? null : new Date(expiry).toISOString(),
  };
}

function sumOf(parts: ReadonlyMap<string, { total: number; completed: number }>): Omit<DownloadProgress, "status"> {
  if (parts.size === 0) return { receivedBytes: null, totalBytes: null };
  let receivedBytes = 0;
  let totalBytes = 0;
  for (const { total, completed } of parts.values()) {
    receivedBytes += Math.min(completed, total);
    totalBytes += total;
  }
  return { receivedBytes, totalBytes };
}
