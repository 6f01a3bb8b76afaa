import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { type FakeRequest, type FakeServer, sendJson, startFakeServer } from "./fake-server.ts";

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

interface Spec {
  calls: Record<string, { request?: JsonSchema; reply?: JsonSchema; line?: JsonSchema }>;
}

/** The vendor's own description of what is sent and answered. */
const spec = JSON.parse(readFileSync(new URL("ollama-api.subset.json", import.meta.url), "utf8")) as Spec;

/** What Ollama is not said to send or take is not sent or taken here either. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, strict(value)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  return "properties" in copy && !("additionalProperties" in copy) ? { ...copy, additionalProperties: false } : copy;
}

interface Model {
  name: string;
  size: number;
  digest: string;
  capabilities: string[];
}

export interface FakeOllama extends FakeServer {
  models: Model[];
  /** What was sent or answered against the specification; must stay empty. */
  violations: string[];
  /** How a download goes: lines to send, one every few milliseconds; `null` for a normal one of ten steps. */
  pullLines: object[] | null;
  /** Milliseconds between two lines. */
  pullPaceMs: number;
  /** Steps of the download done so far, by model: it goes on there. */
  pulled: Map<string, number>;
  /** Downloads whose connection was closed before the end. */
  pullsCut: number;
}

const steps = 10;
const layer = { digest: "sha256:aaaa", total: 1_000_000 };

/** What is wrong with a value by the specification; `null` when nothing is. */
function violationOf(call: string, part: "request" | "reply" | "line", value: unknown): string | null {
  const schema = spec.calls[call]?.[part];
  if (schema === undefined) return `${call}: nothing is known of its ${part}`;
  const result = z.fromJSONSchema(strict(schema) as JsonSchema).safeParse(value);
  return result.success ? null : `${call} ${part}: ${z.prettifyError(result.error)}`;
}

/** Sends the lines of a download until it is complete or the connection is closed. */
async function pull(
  fake: Omit<FakeOllama, keyof FakeServer>,
  { call, body }: FakeRequest,
  response: ServerResponse,
): Promise<void> {
  const name = String(body["model"]);
  if (name.startsWith("nobody/")) {
    sendJson(response, 500, { error: "pull model manifest: file does not exist" });
    return;
  }
  response.on("close", () => {
    if (!response.writableFinished) fake.pullsCut += 1;
  });
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const send = async (line: object): Promise<void> => {
    const violation = "error" in line ? null : violationOf(call, "line", line);
    if (violation !== null) fake.violations.push(violation);
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    // lines never come one per packet
    response.write(bytes.subarray(0, 7));
    await sleep(fake.pullPaceMs);
    response.write(bytes.subarray(7));
  };
  if (fake.pullLines) {
    for (const line of fake.pullLines) await send(line);
    response.end();
    return;
  }
  await send({ status: "pulling manifest" });
  for (let step = (fake.pulled.get(name) ?? 0) + 1; step <= steps; step += 1) {
    if (response.closed) return;
    await send({ status: "pulling aaaa", ...layer, completed: (layer.total * step) / steps });
    fake.pulled.set(name, step);
  }
  for (const status of ["verifying sha256 digest", "writing manifest", "success"]) await send({ status });
  fake.models.push({ name, size: layer.total, digest: `sha-${name}`, capabilities: ["completion"] });
  response.end();
}

/** Ollama as its specification describes it, with models that hold nothing. */
export async function startFakeOllama(): Promise<FakeOllama> {
  const running = new Map<string, { context: number; expires: string }>();
  const fake = {
    models: [
      { name: "llama3.2:3b", size: 2_019_393_189, digest: "sha-a", capabilities: ["completion", "tools"] },
      { name: "embeddinggemma:latest", size: 621_875_917, digest: "sha-b", capabilities: ["embedding"] },
    ],
    violations: [] as string[],
    pullLines: null as object[] | null,
    pullPaceMs: 5,
    pulled: new Map<string, number>(),
    pullsCut: 0,
  };

  const check = (call: string, part: "request" | "reply" | "line", value: unknown): void => {
    const violation = violationOf(call, part, value);
    if (violation !== null) fake.violations.push(violation);
  };

  function reply(response: ServerResponse, call: string, body: unknown): void {
    check(call, "reply", body);
    sendJson(response, 200, body);
  }

  const details = {
    format: "gguf",
    family: "llama",
    families: ["llama"],
    parameter_size: "3.2B",
    quantization_level: "Q4_K_M",
  };
  const modelOf = (name: unknown) => fake.models.find((model) => model.name === name);

  function keep(request: FakeRequest, response: ServerResponse): boolean {
    const { model, keep_alive: keepAlive, options } = request.body;
    const found = modelOf(model);
    if (!found) {
      sendJson(response, 404, { error: `model '${String(model)}' not found` });
      return false;
    }
    if (keepAlive === "0s") running.delete(found.name);
    else {
      const context = (options as { num_ctx?: number } | undefined)?.num_ctx ?? 4_096;
      const expires = keepAlive === "-1s" ? "2318-01-01T00:00:00Z" : new Date(Date.now() + 300_000).toISOString();
      running.set(found.name, { context, expires });
    }
    return true;
  }

  const server = await startFakeServer(async (request, response) => {
    const { call, body } = request;
    if (spec.calls[call]?.request) check(call, "request", body);
    switch (call) {
      case "GET /api/version":
        reply(response, call, { version: "0.12.6" });
        return;
      case "GET /api/tags":
        reply(response, call, {
          models: fake.models.map(({ name, size, digest }) => ({
            name,
            model: name,
            size,
            digest,
            modified_at: "2026-08-01T00:00:00Z",
            details,
          })),
        });
        return;
      case "GET /api/ps":
        reply(response, call, {
          models: [...running].map(([name, { context, expires }]) => ({
            name,
            model: name,
            size: 3_000_000_000,
            digest: "sha",
            details,
            expires_at: expires,
            size_vram: 2_000_000_000,
            context_length: context,
          })),
        });
        return;
      case "POST /api/show":
        reply(response, call, {
          capabilities: modelOf(body["model"])?.capabilities ?? [],
          details,
          model_info: { "general.architecture": "llama", "llama.context_length": 131_072 },
        });
        return;
      case "POST /api/generate":
        if (keep(request, response))
          reply(response, call, {
            model: body["model"],
            response: "",
            done: true,
            done_reason: body["keep_alive"] === "0s" ? "unload" : "load",
          });
        return;
      case "POST /api/embed":
        if (keep(request, response)) reply(response, call, { model: body["model"], embeddings: [] });
        return;
      case "POST /api/pull":
        await pull(fake, request, response);
        return;
      case "DELETE /api/delete": {
        const found = modelOf(body["model"]);
        fake.models = fake.models.filter((model) => model !== found);
        if (found) response.writeHead(200).end();
        else sendJson(response, 404, { error: "model not found" });
        return;
      }
      default:
        response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
    }
  });
  return Object.assign(fake, server);
}
