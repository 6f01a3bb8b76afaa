import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Attempt } from "../contract/features/runs.ts";
import { createFakeRuns, type FakeRuns } from "./testing/fake-runs.ts";
import { startTestApp, type TestApp } from "./testing/test-app.ts";

let directory: string;
let app: TestApp;
let cos: FakeRuns;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-accounts-"));
  app = await startTestApp({ directory });
  cos = createFakeRuns(app.env);
  await cos.start();
  await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
  for (const [id, fallbackProvider] of [
    ["second", null],
    ["first", "second"],
  ] as const) {
    const models = [{ id: "m", tier: "medium" as const, price: { input: 1, output: 2 } }];
    const input = { type: "api" as const, name: id, dialect: "openai-compatible" as const, models, fallbackProvider };
    await app.call("providers.create", { body: { id, input: { ...input, baseUrl: "http://127.0.0.1:9/v1" } } });
    await app.call("providers.enable", { params: { id } });
    await expect.poll(() => stateOf(id)).toBe("down");
  }
});

afterEach(async () => {
  await cos.stop();
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

async function stateOf(id: string): Promise<string> {
  return (await app.call("providers.get", { params: { id } })).health.state;
}

async function start(): Promise<string> {
  const choices = [{ providerId: "first" }];
  const { runs } = await app.call("runs.create", { body: { prompt: { kind: "text", text: "Go" }, choices } });
  return runs[0]?.id ?? "";
}

function attempt(number: number, providerId: string, changes: Partial<Attempt>): Attempt {
  return {
    number,
    providerId,
    providerName: providerId,
    providerType: "api",
    model: "m",
    reason: "First choice",
    startedAt: new Date().toISOString(),
    endedAt: new Date().toISOString(),
    failure: null,
    message: null,
    usage: { inputTokens: 50, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: 0.5 },
    ...changes,
  };
}

describe("accounts of runs", () => {
  it("a run is given the chain; a limit leaves its provider out until it ends; each attempt counts once", async () => {
    const id = await start();
    expect(cos.specs[0]?.targets.map(({ providerId, price }) => [providerId, price])).toEqual([
      ["first", { input: 1, output: 2 }],
      ["second", { input: 1, output: 2 }],
    ]);
    const limited = attempt(1, "first", { failure: "rate-limit", message: "Please try again in 2h" });
    cos.happen(id, [{ kind: "state", state: "running", message: null }], { change: { attempts: [limited] } });
    await expect.poll(() => stateOf("first")).toBe("limited");
    const attempts = [limited, attempt(2, "second", { reason: "first is limited" })];
    const ended = { attempts, endedAt: new Date().toISOString() };
    cos.happen(id, [{ kind: "state", state: "succeeded", message: null }], { change: ended });
    await expect.poll(() => stateOf("second")).toBe("up");
    cos.happen(id, [{ kind: "state", state: "succeeded", message: null }], { change: ended });

    await start();
    expect(cos.specs[1]?.targets).toMatchObject([{ providerId: "second" }]);
    expect(cos.specs[1]?.targets[0]?.reason).toMatch(/^first is limited until /);
    const { total, providers } = await app.call("usage.totals", { query: {} });
    expect(total).toMatchObject({ attempts: 2, failures: 1, inputTokens: 100, costUsd: 1 });
    expect(providers.map(({ key, sum }) => [key, sum.attempts])).toEqual([
      ["first", 1],
      ["second", 1],
    ]);
  });

  it("no run starts once the budget of the day is used up", async () => {
    const id = await start();
    const ended = { attempts: [attempt(1, "first", {})], endedAt: new Date().toISOString() };
    cos.happen(id, [{ kind: "state", state: "succeeded", message: null }], { change: ended });
    await expect.poll(async () => (await app.call("usage.budget", {})).used.costUsd).toBe(0.5);
    await app.call("usage.setBudget", { body: { costUsd: 0.4 } });
    await expect(start()).rejects.toMatchObject({
      status: 429,
      message: "Today's budget of $0.40 is used up: $0.50 were spent",
    });
    expect(cos.specs).toHaveLength(1);
    await app.call("usage.setBudget", { body: { costUsd: 0.6 } });
    await start();
    expect(cos.specs).toHaveLength(2);
  });
});
