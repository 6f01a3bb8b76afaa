import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { LocalAbilities, LocalModel } from "../../../contract/features/local-models.ts";
import { AppError } from "../../../lib/app-error.ts";
import { type ModelServer, type ServerPicture, ServerTrouble } from "./model-server.ts";
import { refusal, type ServerHttp } from "./server-http.ts";

// LM Studio's own interfaces: https://lmstudio.ai/docs/developer/rest (v1), https://lmstudio.ai/docs/api/endpoints/rest-api (v0)

const lookMs = 5_000;
const loadMs = 30 * 60_000;

const instanceSchema = z.object({
  id: z.string(),
  config: z.object({ context_length: z.number().optional() }).optional(),
});
const modelsSchema = z.object({
  models: z.array(
    z.object({
      type: z.string(),
      key: z.string(),
      display_name: z.string().optional(),
      quantization: z.object({ name: z.string().nullish() }).nullish(),
      size_bytes: z.number().nullish(),
      params_string: z.string().nullish(),
      loaded_instances: z.array(instanceSchema),
      max_context_length: z.number().nullish(),
      capabilities: z
        .object({
          vision: z.boolean().optional(),
          trained_for_tool_use: z.boolean().optional(),
          reasoning: z.unknown().optional(),
        })
        .nullish(),
    }),
  ),
});
const oldModelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      quantization: z.string().nullish(),
      state: z.string(),
      max_context_length: z.number().nullish(),
      capabilities: z.array(z.string()).nullish(),
    }),
  ),
});
const downloadSchema = z.object({
  job_id: z.string().nullish(),
  status: z.enum(["downloading", "paused", "completed", "failed", "already_downloaded"]),
  total_size_bytes: z.number().nullish(),
  downloaded_bytes: z.number().nullish(),
  bytes_per_second: z.number().nullish(),
  error: z.unknown().optional(),
});

const keepAlive =
  "LM Studio keeps a model that was loaded here until it is unloaded; how long others stay is one of its own settings.";
const current: LocalAbilities = {
  load: null,
  download: null,
  remove: "LM Studio offers no call for this: delete the model under My Models in LM Studio.",
  cancelDownload: "LM Studio offers no call for this: cancel the download in LM Studio.",
  keepAlive,
};
const tooOld = "This LM Studio is older than 0.4 and can only be looked at from here: update it";
const readOnly: LocalAbilities = {
  load: `${tooOld}, or use lms load and lms unload.`,
  download: `${tooOld}, or use lms get.`,
  remove: current.remove,
  cancelDownload: current.cancelDownload,
  keepAlive,
};

/** An LM Studio server; with the older of its interfaces it can only be looked at. `pollMs`: pause between looks at a download. */
export function createLmStudioServer(http: ServerHttp, { pollMs = 1_000 }: { pollMs?: number } = {}): ModelServer {
  /** What it does not know LM Studio answers in several ways, with 200 too: only what has the right shape counts. */
  async function tryRead<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | null> {
    const { status, json } = await http.json("GET", path, { timeoutMs: lookMs, signal });
    const parsed = schema.safeParse(json);
    return status === 200 && parsed.success ? parsed.data : null;
  }

  async function post<T>(path: string, body: unknown, schema: z.ZodType<T>, timeoutMs: number, signal?: AbortSignal) {
    const { status, json } = await http.json("POST", path, { timeoutMs, body, signal });
    const parsed = schema.safeParse(json);
    if (status === 200 && parsed.success) return parsed.data;
    throw refusal(status === 200 ? 502 : status, json);
  }

  async function lookNow(signal: AbortSignal): Promise<ServerPicture> {
    const found = await tryRead("/api/v1/models", modelsSchema, signal);
    if (found) return { version: null, api: "v1", abilities: current, models: found.models.map(toModel) };
    const old = await tryRead("/api/v0/models", oldModelsSchema, signal);
    if (old) return { version: null, api: "v0", abilities: readOnly, models: old.data.map(fromOldModel) };
    throw new ServerTrouble("failed", `What answers at ${http.baseUrl} is not LM Studio 0.3.6 or newer`);
  }

  return {
    look: lookNow,
    async load(model, { contextLength }, signal) {
      const context = contextLength === null ? {} : { context_length: contextLength };
      await post("/api/v1/models/load", { model, ...context }, z.object({ instance_id: z.string() }), loadMs, signal);
    },
    async unload(instanceId) {
      const done = z.object({ instance_id: z.string() });
      await post("/api/v1/models/unload", { instance_id: instanceId }, done, 2 * 60_000);
    },
    async download({ model, remoteJob, onRemoteJob, onProgress, signal }) {
      let job = remoteJob;
      if (job === null) {
        const begun = await post("/api/v1/models/download", { model }, downloadSchema, 60_000, signal);
        if (begun.status === "completed" || begun.status === "already_downloaded") return;
        job = begun.job_id ?? null;
        if (job === null) throw new AppError("upstream_failed", "LM Studio did not begin the download");
        await onRemoteJob(job);
      }
      for (;;) {
        const path = `/api/v1/models/download/status/${encodeURIComponent(job)}`;
        const { status, json } = await http.json("GET", path, { timeoutMs: lookMs * 4, signal });
        const found = downloadSchema.safeParse(json);
        if (status !== 200 || !found.success) throw refusal(status === 200 ? 502 : status, json);
        const { total_size_bytes: total, downloaded_bytes: received, bytes_per_second: speed } = found.data;
        onProgress({
          status: found.data.status,
          isPaused: found.data.status === "paused",
          receivedBytes: received ?? null,
          totalBytes: total ?? null,
          bytesPerSecond: speed ?? null,
        });
        if (found.data.status === "completed" || found.data.status === "already_downloaded") return;
        if (found.data.status === "failed")
          throw new AppError("upstream_failed", "LM Studio says that the download failed");
        await sleep(pollMs, undefined, { signal });
      }
    },
    remove: () => Promise.reject(new AppError("unavailable", current.remove ?? "")),
  };
}

function toModel(model: z.output<typeof modelsSchema>["models"][number]): LocalModel {
  const { vision, trained_for_tool_use: hasTools, reasoning } = model.capabilities ?? {};
  return {
    name: model.key,
    label: model.display_name ?? model.key,
    type: model.type === "embedding" ? "embedding" : "chat",
    sizeBytes: model.size_bytes ?? null,
    parameters: model.params_string ?? null,
    quantization: model.quantization?.name ?? null,
    maxContext: model.max_context_length ?? null,
    capabilities: [
      ...(vision === true ? ["vision"] : []),
      ...(hasTools === true ? ["tools"] : []),
      ...(reasoning === undefined || reasoning === null ? [] : ["thinking"]),
    ],
    isRemote: false,
    loaded: model.loaded_instances.map(({ id, config }) => toLoaded(id, config?.context_length ?? null)),
  };
}

function fromOldModel(model: z.output<typeof oldModelsSchema>["data"][number]): LocalModel {
  return {
    name: model.id,
    label: model.id,
    type: model.type === "embeddings" ? "embedding" : "chat",
    sizeBytes: null,
    parameters: null,
    quantization: model.quantization ?? null,
    maxContext: model.max_context_length ?? null,
    capabilities: [
      ...(model.type === "vlm" ? ["vision"] : []),
      ...(model.capabilities ?? []).map((word) => (word === "tool_use" ? "tools" : word)),
    ],
    isRemote: false,
    loaded: model.state === "loaded" ? [toLoaded(model.id, null)] : [],
  };
}

function toLoaded(instanceId: string, contextLength: number | null): LocalModel["loaded"][number] {
  return { instanceId, contextLength, sizeBytes: null, vramBytes: null, expiresAt: null };
}
