import { type FakeServer, sendJson, startFakeServer } from "./fake-server.ts";

export interface FakeLmStudio extends FakeServer {
  /** `v0`: as before 0.4, where an unknown call is answered with 200 and an error. */
  api: "v1" | "v0";
  /** What it wants to hear; `null` when it wants nothing. */
  token: string | null;
  /** Bytes of the download that are there. */
  downloaded: number;
  download: "downloading" | "paused" | "completed" | "failed";
}

/** LM Studio as its documentation describes it: https://lmstudio.ai/docs/developer/rest */
export async function startFakeLmStudio(): Promise<FakeLmStudio> {
  const fake = {
    api: "v1" as FakeLmStudio["api"],
    token: null as string | null,
    downloaded: 0,
    download: "downloading" as FakeLmStudio["download"],
  };
  const loaded = new Map<string, { id: string; config: { context_length: number } }>();
  const total = 4_000_000;

  const server = await startFakeServer(({ call, body, headers }, response) => {
    if (fake.token !== null && headers.authorization !== `Bearer ${fake.token}`) {
      sendJson(response, 401, { error: { type: "invalid_request", message: "Invalid API token" } });
      return;
    }
    const status = /^GET \/api\/v1\/models\/download\/status\/(.+)$/.exec(call);
    if (fake.api === "v1" && status) {
      if (status[1] === "dl-1")
        sendJson(response, 200, {
          job_id: "dl-1",
          status: fake.download,
          total_size_bytes: total,
          downloaded_bytes: fake.downloaded,
          bytes_per_second: 1_000,
        });
      else sendJson(response, 404, { error: { type: "job_not_found", message: "No such job" } });
      return;
    }
    const model = String(body["model"]);
    switch (fake.api === "v1" || call.includes("/api/v0/") ? call : "") {
      case "GET /api/v1/models":
        sendJson(response, 200, {
          models: [
            {
              type: "llm",
              publisher: "qwen",
              key: "qwen/qwen3-4b",
              display_name: "Qwen3 4B",
              architecture: "qwen3",
              quantization: { name: "Q4_K_M", bits_per_weight: 4 },
              size_bytes: 2_500_000_000,
              params_string: "4B",
              loaded_instances: [...loaded.values()],
              max_context_length: 32_768,
              format: "gguf",
              capabilities: { vision: false, trained_for_tool_use: true },
            },
          ],
        });
        return;
      case "POST /api/v1/models/load": {
        if (model !== "qwen/qwen3-4b") {
          sendJson(response, 404, { error: { type: "model_not_found", message: `Cannot find ${model}` } });
          return;
        }
        loaded.set(model, {
          id: model,
          config: { context_length: (body["context_length"] as number | undefined) ?? 4_096 },
        });
        sendJson(response, 200, { type: "llm", instance_id: model, load_time_seconds: 0.1, status: "loaded" });
        return;
      }
      case "POST /api/v1/models/unload":
        loaded.delete(String(body["instance_id"]));
        sendJson(response, 200, { instance_id: body["instance_id"] });
        return;
      case "POST /api/v1/models/download":
        sendJson(response, 200, {
          job_id: "dl-1",
          status: "downloading",
          total_size_bytes: total,
          started_at: "2026-08-01T00:00:00Z",
        });
        return;
      case "GET /api/v0/models":
        sendJson(response, 200, {
          object: "list",
          data: [
            {
              id: "old-model",
              object: "model",
              type: "vlm",
              publisher: "x",
              arch: "llama",
              compatibility_type: "gguf",
              quantization: "Q8_0",
              state: "loaded",
              max_context_length: 8_192,
            },
          ],
        });
        return;
      default:
        sendJson(response, 200, { error: `Unexpected endpoint or method. (${call})` });
    }
  });
  return Object.assign(fake, server);
}
