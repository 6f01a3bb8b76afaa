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
  directory = await mkdtemp(join(tmpdir(), "portos-supply-"));
  app = await startTestApp({ directory });
  cos = createFakeRuns(app.env);
  await cos.start();
  await isUp(true);
  await add("second", null);
  await add("first", "second");
});
afterEach(async () => {
  await cos.stop();
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

const isUp = (expected: boolean) =>
  expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(expected);

async function add(id: string, fallbackProvider: string | null): Promise<void> {
  const models = [{ id: "m", tier: "medium" as const }];
  const input = { type: "api" as const, name: id, dialect: "openai-compatible" as const, models, fallbackProvider };
  await app.call("providers.create", { body: { id, input: { ...input, baseUrl: "http://127.0.0.1:9/v1" } } });
  await app.call("providers.enable", { params: { id } });
}

async function create(choice: { providerId: string; mayFallBack?: boolean }): Promise<string> {
  const body = { prompt: { kind: "text" as const, text: "Go" }, choices: [choice] };
  return (await app.call("runs.create", { body })).runs[0]?.id ?? "";
}

function answered(providerId: string): Attempt {
  const at = new Date().toISOString();
  return {
    number: 1,
    providerId,
    providerName: providerId,
    providerType: "api",
    model: "m",
    reason: "First choice",
    startedAt: at,
    endedAt: at,
    failure: null,
    message: null,
    usage: { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: null },
  };
}

describe("runs that have lost those to be asked", () => {
  it("are told again when portos-cos comes back, each as it was asked for", async () => {
    const chain = await create({ providerId: "first" });
    const alone = await create({ providerId: "first", mayFallBack: false });
    const talk = await create({ providerId: "first" });
    cos.happen(talk, [], { change: { attempts: [answered("second")] } });
    await cos.stop();
    await isUp(false);
    cos.want(chain, false);
    cos.want(alone, false);
    cos.want(talk, true);
    await cos.start();
    await expect.poll(() => cos.supplied.length).toBe(3);
    expect(cos.supplied).toEqual([
      { id: chain, providerIds: ["first", "second"], problem: null },
      { id: alone, providerIds: ["first"], problem: null },
      { id: talk, providerIds: ["second"], problem: null },
    ]);
  });

  it("are told when it turns out later, and why nobody can be asked", async () => {
    const id = await create({ providerId: "second" });
    await app.call("providers.disable", { params: { id: "second" } });
    cos.want(id, false);
    await expect
      .poll(() => cos.supplied)
      .toEqual([{ id, providerIds: [], problem: "Nobody can be asked: second is off" }]);
  });

  it("are told after a restart of portos-server, too", async () => {
    const id = await create({ providerId: "first" });
    await cos.stop();
    await app.stop();
    cos.want(id, false);
    await cos.start();
    app = await startTestApp({ directory, variables: { PORTOS_BASE_PORT: String(app.env.ports.server) } });
    await expect.poll(() => cos.supplied).toEqual([{ id, providerIds: ["first", "second"], problem: null }]);
  });
});
