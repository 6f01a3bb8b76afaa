import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { LocalJob, LocalServer, LocalServerKind } from "../../../contract/features/local-models.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { type FakeLmStudio, startFakeLmStudio } from "./testing/fake-lmstudio.ts";
import { type FakeOllama, startFakeOllama } from "./testing/fake-ollama.ts";

let directory: string;
let app: TestApp;
let ollama: FakeOllama;
let lmstudio: FakeLmStudio;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-models-"));
  [app, ollama, lmstudio] = await Promise.all([startTestApp({ directory }), startFakeOllama(), startFakeLmStudio()]);
});

afterEach(async () => {
  await app.end();
  await Promise.all([ollama.stop(), lmstudio.stop()]);
  await rm(directory, { recursive: true, force: true });
  expect(ollama.violations).toEqual([]);
});

async function turnOn(kind: LocalServerKind, baseUrl: string, token?: string): Promise<LocalServer> {
  const params = { kind };
  await app.call("localModels.update", { params, body: { baseUrl, ...(token === undefined ? {} : { token }) } });
  return app.call("localModels.enable", { params });
}

async function server(kind: LocalServerKind): Promise<LocalServer> {
  const found = (await app.call("localModels.list", {})).find((one) => one.kind === kind);
  if (!found) throw new Error(`There is no ${kind}`);
  return found;
}

async function ended(kind: LocalServerKind, { id }: LocalJob): Promise<LocalJob> {
  const jobOf = async () => (await server(kind)).jobs.find((job) => job.id === id);
  await expect.poll(async () => (await jobOf())?.endedAt).toBeTypeOf("string");
  const job = await jobOf();
  if (!job) throw new Error("The job is gone");
  return job;
}

const paramsOf = (kind: LocalServerKind) => ({ params: { kind } });

async function download(model: string): Promise<LocalJob> {
  return ended("ollama", await app.call("localModels.download", { ...paramsOf("ollama"), body: { model } }));
}

describe("a server that is off", () => {
  it("is never contacted: not when its address is set, not when it is watched, not when it is asked for something", async () => {
    await app.call("localModels.update", { ...paramsOf("ollama"), body: { baseUrl: ollama.url } });
    await app.call("localModels.update", { ...paramsOf("lmstudio"), body: { baseUrl: lmstudio.url } });
    const { emit } = await app.connect();
    await emit("localModels:subscribe", {});
    await app.call("localModels.refresh", paramsOf("ollama"));
    const asked = { ...paramsOf("ollama"), body: { model: "llama3.2:3b" } };
    for (const call of ["localModels.load", "localModels.download", "localModels.remove"] as const)
      await expect(app.call(call, asked)).rejects.toMatchObject({
        status: 409,
        details: { message: "Ollama is turned off" },
      });
    expect(await server("ollama")).toMatchObject({ state: "off", asOf: null, models: [] });
    expect([...ollama.requests, ...lmstudio.requests]).toEqual([]);
  });

  it("has an address that leads to one host and port, never to the panel", async () => {
    for (const baseUrl of ["ftp://x", "http://a:b@localhost:1", "http://localhost:1/path", "http://localhost:1?x"])
      await expect(app.call("localModels.update", { ...paramsOf("ollama"), body: { baseUrl } })).rejects.toMatchObject({
        status: 400,
      });
    expect(await turnOn("ollama", app.base)).toMatchObject({
      state: "failed",
      message: expect.stringContaining("belongs to PortOS itself") as string,
    });
  });
});

describe("Ollama", () => {
  it("shows what is installed and what is in memory, and asks for details once", async () => {
    const found = await turnOn("ollama", ollama.url);
    expect(found).toMatchObject({ state: "up", version: "0.12.6", message: null, help: [] });
    expect(found.models).toMatchObject([
      {
        name: "llama3.2:3b",
        type: "chat",
        parameters: "3.2B",
        quantization: "Q4_K_M",
        maxContext: 131_072,
        capabilities: ["tools"],
        loaded: [],
      },
      { name: "embeddinggemma:latest", label: "embeddinggemma", type: "embedding" },
    ]);
    await app.call("localModels.refresh", paramsOf("ollama"));
    expect(ollama.requests.filter(({ call }) => call === "POST /api/show")).toHaveLength(2);
  });

  it("loads with context size and time to stay, and unloads", async () => {
    await turnOn("ollama", ollama.url);
    const body = { model: "llama3.2:3b", contextLength: 8_192, keepAliveSeconds: -1 };
    expect(await ended("ollama", await app.call("localModels.load", { ...paramsOf("ollama"), body }))).toMatchObject({
      state: "succeeded",
    });
    expect(ollama.requests.find(({ call }) => call === "POST /api/generate")?.body).toEqual({
      model: "llama3.2:3b",
      stream: false,
      options: { num_ctx: 8_192 },
      keep_alive: "-1s",
    });
    await expect
      .poll(async () => (await server("ollama")).models[0]?.loaded)
      .toMatchObject([{ instanceId: "llama3.2:3b", contextLength: 8_192, expiresAt: null, vramBytes: 2_000_000_000 }]);
    const unloaded = await app.call("localModels.unload", {
      ...paramsOf("ollama"),
      body: { instanceId: "llama3.2:3b" },
    });
    expect(unloaded.models[0]?.loaded).toEqual([]);

    const embedding = { model: "embeddinggemma:latest" };
    await ended("ollama", await app.call("localModels.load", { ...paramsOf("ollama"), body: embedding }));
    await expect.poll(async () => (await server("ollama")).models[1]?.loaded[0]?.expiresAt).toBeTypeOf("string");
    const missing = await app.call("localModels.load", { ...paramsOf("ollama"), body: { model: "nobody" } });
    expect(await ended("ollama", missing)).toMatchObject({
      state: "failed",
      message: "The server says: model 'nobody' not found",
    });
  });

  it("downloads with progress, live, and lists the model afterwards", async () => {
    await turnOn("ollama", ollama.url);
    const { socket, emit } = await app.connect();
    await emit("localModels:subscribe", {});
    const seen: LocalJob[] = [];
    socket.on("localModels:event", ({ event }: { event: { kind: string; job: LocalJob } }) => {
      if (event.kind === "job") seen.push(event.job);
    });
    const job = await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "tiny:1b" } });
    expect(job).toMatchObject({ state: "running", canCancel: true });
    await expect(
      app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "tiny:1b" } }),
    ).rejects.toMatchObject({ status: 409 });
    expect(await ended("ollama", job)).toMatchObject({
      state: "succeeded",
      receivedBytes: 1_000_000,
      totalBytes: 1_000_000,
    });
    await expect.poll(async () => (await server("ollama")).models.map(({ name }) => name)).toContain("tiny:1b");
    expect(new Set(seen.map(({ status }) => status))).toContain("downloading");
    expect(seen.at(-1)).toMatchObject({ state: "succeeded" });
  });

  it("tells why a download failed: refused, an error in mid-stream, an end too early", async () => {
    await turnOn("ollama", ollama.url);
    expect(await download("nobody/x")).toMatchObject({
      state: "failed",
      message: "The server says: pull model manifest: file does not exist",
    });
    ollama.pullLines = [{ status: "pulling manifest" }, { error: "no space left on device" }];
    expect(await download("a")).toMatchObject({ state: "failed", message: "Ollama says: no space left on device" });
    ollama.pullLines = [{ status: "pulling a", digest: "sha256:a", total: 10, completed: 5 }];
    expect(await download("b")).toMatchObject({
      state: "failed",
      receivedBytes: 5,
      message: expect.stringContaining("goes on where it stopped") as string,
    });
  });

  it("cancels a download by closing the connection, and goes on there later", async () => {
    await turnOn("ollama", ollama.url);
    ollama.pullPaceMs = 40;
    const job = await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "big" } });
    await expect.poll(() => ollama.pulled.get("big") ?? 0).toBeGreaterThan(1);
    const cancelled = await app.call("localModels.cancel", { params: { kind: "ollama", job: job.id } });
    expect(cancelled).toMatchObject({ state: "cancelled", canCancel: false });
    await expect.poll(() => ollama.pullsCut).toBe(1);
    const done = ollama.pulled.get("big") ?? 0;
    expect(done).toBeLessThan(10);
    ollama.pullPaceMs = 1;
    const again = await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "big" } });
    expect(await ended("ollama", again)).toMatchObject({ state: "succeeded" });
    expect((await server("ollama")).jobs.map(({ state }) => state)).toEqual(["succeeded", "cancelled"]);
  });

  it("cancels downloads when everything is stopped, and says so", async () => {
    await turnOn("ollama", ollama.url);
    ollama.pullPaceMs = 40;
    await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "big" } });
    await expect.poll(() => ollama.pulled.get("big") ?? 0).toBeGreaterThan(1);
    const { panic } = await app.call("chief.panic", {});
    expect(panic).toMatchObject({ isOn: true, stoppedDownloads: 1 });
    await expect.poll(() => ollama.pullsCut).toBe(1);
    expect((await server("ollama")).jobs).toMatchObject([
      { state: "cancelled", message: expect.stringContaining("Everything was stopped by this machine. ") as string },
    ]);
  });

  it("goes on with a download after a restart of the panel", async () => {
    await turnOn("ollama", ollama.url);
    ollama.pullPaceMs = 40;
    const job = await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "big" } });
    await expect.poll(() => ollama.pulled.get("big") ?? 0).toBeGreaterThan(1);
    await app.stop();
    ollama.pullPaceMs = 1;
    app = await startTestApp({ directory });
    expect(await ended("ollama", job)).toMatchObject({ id: job.id, state: "succeeded" });
    expect(ollama.requests.filter(({ call }) => call === "POST /api/pull")).toHaveLength(2);
  });

  it("does not go on with a download after a restart while everything is stopped", async () => {
    await turnOn("ollama", ollama.url);
    ollama.pullPaceMs = 40;
    const job = await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "big" } });
    await expect.poll(() => ollama.pulled.get("big") ?? 0).toBeGreaterThan(1);
    await app.stop();
    const panic = { isOn: true, at: new Date().toISOString(), by: "you", stoppedRuns: 0, deniedQuestions: 0 };
    const more = { pausedAutomations: 0, stoppedCommands: 0, stoppedChecks: 0, stoppedDownloads: 0 };
    await writeFile(join(app.env.dataDir, "panic.json"), JSON.stringify({ version: 1, data: { ...panic, ...more } }));
    app = await startTestApp({ directory });
    expect((await server("ollama")).jobs).toMatchObject([
      { id: job.id, state: "cancelled", message: expect.stringContaining("Everything was stopped") as string },
    ]);
    await expect(
      app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "other" } }),
    ).rejects.toMatchObject({ status: 409 });
    expect(ollama.requests.filter(({ call }) => call === "POST /api/pull")).toHaveLength(1);
  });

  it("deletes a model, and ends what is under way when it is turned off", async () => {
    await turnOn("ollama", ollama.url);
    const after = await app.call("localModels.remove", { ...paramsOf("ollama"), body: { model: "llama3.2:3b" } });
    expect(after.models.map(({ name }) => name)).toEqual(["embeddinggemma:latest"]);
    await expect(
      app.call("localModels.remove", { ...paramsOf("ollama"), body: { model: "llama3.2:3b" } }),
    ).rejects.toMatchObject({ status: 404 });
    ollama.pullPaceMs = 40;
    await app.call("localModels.download", { ...paramsOf("ollama"), body: { model: "big" } });
    await expect.poll(() => ollama.pulled.size).toBe(1);
    const off = await app.call("localModels.disable", paramsOf("ollama"));
    expect(off).toMatchObject({
      state: "off",
      models: [],
      jobs: [{ state: "cancelled", message: "The server was turned off here." }],
    });
    await expect.poll(() => ollama.pullsCut).toBe(1);
  });

  it("is a state with help when nothing answers, or when something else does", async () => {
    await ollama.stop();
    const absent = await turnOn("ollama", ollama.url);
    expect(absent).toMatchObject({ state: "absent", message: `Nothing answers at ${ollama.url}` });
    expect(absent.help.some(({ command }) => command === "ollama serve")).toBe(true);
    const other = createServer((_request, response) => response.end("<html>Hello"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const wrong = await turnOn("ollama", `http://127.0.0.1:${(other.address() as AddressInfo).port}`);
    expect(wrong).toMatchObject({ state: "failed", message: expect.stringContaining("is not Ollama") as string });
    other.close();
  });
});

describe("LM Studio", () => {
  it("is looked after through its present interface", async () => {
    const found = await turnOn("lmstudio", lmstudio.url);
    expect(found).toMatchObject({
      state: "up",
      api: "v1",
      models: [{ name: "qwen/qwen3-4b", label: "Qwen3 4B", capabilities: ["tools"] }],
    });
    const body = { model: "qwen/qwen3-4b", contextLength: 16_384 };
    await ended("lmstudio", await app.call("localModels.load", { ...paramsOf("lmstudio"), body }));
    await expect.poll(async () => (await server("lmstudio")).models[0]?.loaded[0]?.contextLength).toBe(16_384);
    const empty = await app.call("localModels.unload", {
      ...paramsOf("lmstudio"),
      body: { instanceId: "qwen/qwen3-4b" },
    });
    expect(empty.models[0]?.loaded).toEqual([]);
    const wrong = await app.call("localModels.load", { ...paramsOf("lmstudio"), body: { model: "nobody" } });
    expect(await ended("lmstudio", wrong)).toMatchObject({
      state: "failed",
      message: "The server says: Cannot find nobody",
    });
    for (const [call, more] of [
      ["localModels.remove", {}],
      ["localModels.load", { keepAliveSeconds: 60 }],
    ] as const)
      await expect(
        app.call(call, { ...paramsOf("lmstudio"), body: { model: "qwen/qwen3-4b", ...more } }),
      ).rejects.toMatchObject({ status: 409, details: { message: expect.stringContaining("LM Studio") as string } });
  });

  it("goes on following a download after a restart of the panel, without beginning it again", async () => {
    await turnOn("lmstudio", lmstudio.url);
    const job = await app.call("localModels.download", { ...paramsOf("lmstudio"), body: { model: "qwen/big" } });
    expect(job.canCancel).toBe(false);
    await expect(app.call("localModels.cancel", { params: { kind: "lmstudio", job: job.id } })).rejects.toMatchObject({
      status: 409,
    });
    await expect.poll(async () => (await server("lmstudio")).jobs[0]?.totalBytes).toBe(4_000_000);
    lmstudio.download = "paused";
    await expect.poll(async () => (await server("lmstudio")).jobs[0]?.state).toBe("paused");
    await app.stop();
    lmstudio.downloaded = 4_000_000;
    lmstudio.download = "completed";
    app = await startTestApp({ directory });
    expect(await ended("lmstudio", job)).toMatchObject({ state: "succeeded", receivedBytes: 4_000_000 });
    expect(lmstudio.requests.filter(({ call }) => call === "POST /api/v1/models/download")).toHaveLength(1);
  });

  it("is only looked at through its older interface, and says what to do", async () => {
    lmstudio.api = "v0";
    const found = await turnOn("lmstudio", lmstudio.url);
    expect(found).toMatchObject({
      state: "up",
      api: "v0",
      models: [{ name: "old-model", capabilities: ["vision"], loaded: [{ instanceId: "old-model" }] }],
    });
    expect(found.abilities.load).toMatch(/older than 0\.4.*lms load/);
    await expect(
      app.call("localModels.load", { ...paramsOf("lmstudio"), body: { model: "old-model" } }),
    ).rejects.toMatchObject({ status: 409 });
    await expect(
      app.call("localModels.download", { ...paramsOf("lmstudio"), body: { model: "old-model" } }),
    ).rejects.toMatchObject({ status: 409 });
  });

  it("gets its token, which is stored sealed and never given back", async () => {
    lmstudio.token = "lm-secret-token-123456";
    expect(await turnOn("lmstudio", lmstudio.url)).toMatchObject({
      state: "locked",
      message: `${lmstudio.url} wants a token`,
    });
    const body = { baseUrl: lmstudio.url, token: lmstudio.token };
    const open = await app.call("localModels.update", { ...paramsOf("lmstudio"), body });
    expect(open).toMatchObject({ state: "up", token: { isSet: true, last4: "3456" } });
    const kept = await app.call("localModels.update", { ...paramsOf("lmstudio"), body: { baseUrl: lmstudio.url } });
    expect(kept.state).toBe("up");
    const elsewhere = await app.call("localModels.update", {
      ...paramsOf("lmstudio"),
      body: { baseUrl: lmstudio.url.replace("127.0.0.1", "localhost") },
    });
    expect(elsewhere).toMatchObject({ state: "locked", token: { isSet: false } });
    expect(JSON.stringify([open, await app.call("localModels.list", {})])).not.toContain(lmstudio.token);
    expect(await readFile(join(app.env.dataDir, "local-models.json"), "utf8")).not.toContain(lmstudio.token);
  });
});
