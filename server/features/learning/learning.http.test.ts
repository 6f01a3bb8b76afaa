import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Attempt } from "../../../contract/features/runs.ts";
import { createFakeRuns, type FakeRuns } from "../../testing/fake-runs.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let directory: string;
let app: TestApp;
let cos: FakeRuns;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-learning-"));
  await start();
  for (const id of ["able", "weak"]) {
    const models = [{ id: "m", tier: "medium" as const }];
    const input = { type: "api" as const, name: id, dialect: "openai-compatible" as const, models };
    await app.call("providers.create", { body: { id, input: { ...input, baseUrl: "http://127.0.0.1:9/v1" } } });
    await app.call("providers.enable", { params: { id } });
  }
});
afterEach(async () => {
  await cos.stop();
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  app = await startTestApp({ directory });
  cos = createFakeRuns(app.env);
  await cos.start();
  await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
}

/** Runs one task to its end, twice told as portos-cos may do. */
async function run(providerId: string, failure: Attempt["failure"], taskType: string | null = "fix"): Promise<void> {
  const body = { prompt: { kind: "text" as const, text: "Go" }, choices: [{ providerId }], taskType };
  const id = (await app.call("runs.create", { body })).runs[0]?.id ?? "";
  const at = new Date().toISOString();
  const attempt: Attempt = {
    number: 1,
    providerId,
    providerName: providerId,
    providerType: "api",
    model: "m",
    reason: "First choice",
    startedAt: at,
    endedAt: at,
    failure,
    message: null,
    activeMs: 90_000,
    usage: { inputTokens: 5, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: 0.25 },
  };
  const state = failure === null ? "succeeded" : "failed";
  const change = { attempts: [attempt], endedAt: at };
  cos.happen(id, [{ kind: "state", state, message: null }], { change });
  cos.happen(id, [{ kind: "state", state, message: null }], { change });
}

const believed = async (type: string) =>
  (await app.call("learning.list", { query: { type } })).map(({ providerId, runs }) => [providerId, runs]);

describe("learning over the API", () => {
  it("runs with a kind of work teach, once each; runs without do not", async () => {
    expect(await believed("fix")).toEqual([
      ["able", 0],
      ["weak", 0],
    ]);
    await run("able", null);
    await run("able", null, null);
    await run("weak", "timeout");
    await run("weak", "rate-limit");
    await expect
      .poll(() => believed("fix"))
      .toEqual([
        ["able", 1],
        ["weak", 1],
      ]);
    const [able] = await app.call("learning.list", { query: { type: "fix" } });
    expect(able).toMatchObject({ providerName: "able", appId: null, runs: 1, costUsd: 0.25, seconds: 90 });
    const shares = await app.call("learning.preview", { query: { type: "fix" } });
    expect(shares.map(({ providerId }) => providerId)).toEqual(["able", "weak"]);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
    await cos.stop();
    await app.stop();
    await start();
    expect(await believed("fix")).toEqual([
      ["able", 1],
      ["weak", 1],
    ]);
  });

  it("is overridden, forgotten and brought back; each is in the history", async () => {
    await run("able", null);
    await expect.poll(() => believed("fix")).toContainEqual(["able", 1]);
    const of = { type: "fix", providerId: "weak", model: "m", appId: null };
    const ruled = await app.call("learning.override", { body: { ...of, override: "always" } });
    expect(ruled.find(({ providerId }) => providerId === "weak")?.override).toBe("always");
    expect((await app.call("learning.preview", { query: { type: "fix" } }))[0]).toMatchObject({
      providerId: "weak",
      share: 1,
    });
    await app.call("learning.override", { body: { ...of, override: null } });
    await app.call("learning.reset", { body: { type: "fix" } });
    expect(await believed("fix")).toContainEqual(["able", 0]);
    await app.call("learning.restore", {});
    expect(await believed("fix")).toContainEqual(["able", 1]);
    await expect(
      app.call("learning.override", { body: { ...of, type: "Not a type", override: "never" } }),
    ).rejects.toMatchObject({ status: 400 });
    const { items } = await app.call("history.list", { query: { limit: 20 } });
    const calls = items.map(({ action }) => action);
    for (const action of ["learning.override", "learning.reset", "learning.restore"]) expect(calls).toContain(action);
  });

  it("a provider that is off is not chosen, and what it did stays known", async () => {
    await run("able", null);
    await expect.poll(() => believed("fix")).toContainEqual(["able", 1]);
    await app.call("providers.disable", { params: { id: "able" } });
    expect(await believed("fix")).toContainEqual(["able", 1]);
    expect(
      (await app.call("learning.preview", { query: { type: "fix" } })).map(({ providerId }) => providerId),
    ).toEqual(["weak"]);
  });
});
