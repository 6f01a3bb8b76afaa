import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { ApiDialect } from "../../../contract/features/providers.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { acpTarget, cliTarget, startTestRuns, type TestRuns } from "../testing/test-runs.ts";

let runs: TestRuns;
const mock = new LLMock({ port: 0, logLevel: "silent" });
let recorder: Server;
let recorderUrl = "";
/** Bodies the recorder was sent, and how it answers. */
let bodies: string[] = [];
let reply = "";
let status = 200;

beforeAll(async () => {
  runs = await startTestRuns();
  await mock.start();
  recorder = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(status, { "content-type": status === 200 ? "text/event-stream" : "application/json" });
      response.end(reply);
    });
  });
  await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve));
  recorderUrl = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}/v1`;
});
afterAll(async () => {
  await runs.stop();
  await mock.stop();
  recorder.closeAllConnections();
  recorder.close();
});
beforeEach(() => {
  mock.reset();
  bodies = [];
  status = 200;
  reply = said("Hello");
});

type ApiTarget = Extract<RunTarget, { engine: "api" }>;

function target(dialect: ApiDialect, more: Partial<ApiTarget> = {}): RunTarget {
  return {
    providerId: dialect,
    providerName: dialect,
    providerType: "api",
    model: "a-model",
    reason: "First choice",
    engine: "api",
    dialect,
    baseUrl: `${mock.url}/${dialect === "google" ? "v1beta" : "v1"}`,
    apiKey: "test-key-1234567890",
    timeoutMs: 20_000,
    price: null,
    ...more,
  };
}

const recording = (more: Partial<ApiTarget> = {}): RunTarget =>
  target("openai-compatible", { baseUrl: recorderUrl, ...more });

const chunk = (choices: object[], rest: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, ...rest })}\n\n`;

/** A reply of an OpenAI-compatible server. */
function said(content: string, usage: object = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }): string {
  const delta = { index: 0, delta: { content }, finish_reason: null };
  return `${chunk([delta])}${chunk([{ index: 0, delta: {}, finish_reason: "stop" }])}${chunk([], { usage })}data: [DONE]\n\n`;
}

/** One red point. */
const data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const images = [{ name: "red point.png", mediaType: "image/png" as const, data }];
const schema = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
};

describe("pictures given along", () => {
  it.each(["anthropic", "openai", "google", "openai-compatible"] as const)("%s: is sent them", async (dialect) => {
    status = 500; // what was sent is all that counts
    reply = "{}";
    const targets = [target(dialect, { baseUrl: recorderUrl }), target("anthropic", { providerId: "second" })];
    mock.onMessage(/what is this/, { content: "A red point" });
    const { id } = await runs.start({ text: "what is this", images, folder: null, targets });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded", images: [{ name: "red point.png", mediaType: "image/png" }] });
    expect(bodies[0]).toContain(data);
  });

  it("are kept as files, not in the record nor in the conversation, and shown again with what is said later", async () => {
    const { id } = await runs.start({ text: "what is this", images, folder: null, targets: [recording()] });
    await runs.ended(id);
    const folder = join(runs.dataDir, "runs", id);
    expect((await readFile(join(folder, "images/1.png"))).toString("base64")).toBe(data);
    for (const name of ["record.json", "messages.json"])
      expect(await readFile(join(folder, name), "utf8")).not.toContain(data);
    await runs.restart();
    await runs.client.say({ params: { id }, body: { text: "and its colour?", targets: [recording()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(bodies).toHaveLength(2);
    expect(bodies[1]?.split(data)).toHaveLength(2);
    expect(await runs.client.text({ params: { id } })).toEqual({ text: "what is this", images });
  });

  it("a model that cannot see them is left for the next one", async () => {
    status = 400;
    reply = JSON.stringify({ error: { message: "Model does not support images. Use a model that does." } });
    mock.onMessage(/what is this/, { content: "A red point" });
    const targets = [recording(), target("anthropic")];
    const { id } = await runs.start({ text: "what is this", images, folder: null, targets });
    const run = await runs.ended(id);
    expect(run.attempts.map(({ failure }) => failure)).toEqual(["missing-model", null]);
  });

  it("an agent that takes only text is told where they are", async () => {
    const { id } = await runs.start({ text: "say hello", images, targets: [cliTarget()] });
    await runs.ended(id);
    const file = join(runs.dataDir, "runs", id, "images/1.png");
    expect(await readFile(join(runs.dataDir, "runs", id, "attempt-1.in"), "utf8")).toContain(
      `- ${file} (red point.png)`,
    );
  });

  it("are given again when a message follows an interruption of an agent that keeps no session", async () => {
    const targets = [acpTarget(["--images", "--no-load"])];
    const { id } = await runs.start({ text: "repeat\nhang", images, targets });
    const shown = async (): Promise<number> => (await runs.answer(id)).split("image/png").length - 1;
    await expect.poll(shown).toBe(1);
    await runs.restart();
    expect((await runs.ended(id)).state).toBe("interrupted");
    await runs.client.say({ params: { id }, body: { text: "say more", targets } });
    await expect.poll(shown).toBe(2);
    await runs.client.stop({ params: { id }, body: { reason: null } });
    await runs.ended(id);
  });

  it("a run whose picture is gone fails saying which, and shows the others", async () => {
    const two = [...images, { ...images[0], name: "blue point.png", mediaType: "image/png" as const, data }];
    const { id } = await runs.start({ text: "what is this", images: two, folder: null, targets: [recording()] });
    await runs.ended(id);
    await rm(join(runs.dataDir, "runs", id, "images/2.png"));
    const missing = { code: "conflict", message: 'The picture "blue point.png" is not there any more' };
    await expect(runs.client.text({ params: { id } })).rejects.toMatchObject(missing);
    await expect(runs.client.image({ params: { id, number: 2 } })).rejects.toMatchObject(missing);
    expect((await runs.client.image({ params: { id, number: 1 } })).name).toBe("red point.png");
    await expect(runs.client.image({ params: { id, number: 3 } })).rejects.toMatchObject({ code: "not_found" });
    await runs.client.say({ params: { id }, body: { text: "and now?", targets: [recording()] } });
    expect(await runs.ended(id)).toMatchObject({
      state: "failed",
      failure: "bad-request",
      message: expect.stringMatching(/blue point.png.*Put it back as images\/2.png/) as unknown,
    });
    expect(bodies).toHaveLength(1);
  });

  it.each([
    ["one that takes pictures", ["--images"], "image/png"],
    ["one that does not", [], "images/1.png"],
  ])("are shown or named over the Agent Client Protocol to %s", async (_what, args, expected) => {
    const { id } = await runs.start({ text: "repeat", images, targets: [acpTarget(args)] });
    await runs.ended(id);
    expect(await runs.answer(id)).toContain(expected);
  });
});

describe("answers in JSON", () => {
  const answerFormat = { kind: "json" as const, schema };

  it("asks for the schema, and keeps what fits", async () => {
    reply = said('{"name":"Ada","age":36}');
    const { id } = await runs.start({ text: "who?", answerFormat, folder: null, targets: [recording()] });
    expect((await runs.ended(id)).state).toBe("succeeded");
    const sent = JSON.parse(bodies[0] ?? "") as { response_format?: unknown; messages: { content: string }[] };
    expect(sent.response_format).toMatchObject({ type: "json_schema", json_schema: { schema, strict: false } });
    expect(sent.messages[0]?.content).toContain("Answer with one JSON value");
    expect(await runs.answer(id)).toBe('{"name":"Ada","age":36}');
    const kept = await readFile(join(runs.dataDir, "runs", id, "answer.json"), "utf8");
    expect(JSON.parse(kept)).toEqual({ name: "Ada", age: 36 });
  });

  it.each(["anthropic", "openai", "google"] as const)("%s: takes it, too", async (dialect) => {
    mock.onMessage(/who/, { content: '{"name":"Ada","age":36}' });
    const { id } = await runs.start({ text: "who?", answerFormat, folder: null, targets: [target(dialect)] });
    expect(await runs.ended(id)).toMatchObject({ state: "succeeded", message: null });
  });

  it("is read with why it does not fit, until one does", async () => {
    reply = said('{"name":"Ada"}');
    const { id } = await runs.start({ text: "who?", answerFormat, folder: null, targets: [recording()] });
    await expect(runs.client.jsonAnswer({ params: { id } })).rejects.toMatchObject({ code: "not_found" });
    expect((await runs.ended(id)).state).toBe("failed");
    expect(await runs.client.jsonAnswer({ params: { id } })).toEqual({
      text: '{\n  "name": "Ada"\n}\n',
      problem: expect.stringContaining("does not fit the schema: age") as unknown,
    });
    reply = said('{"name":"Ada","age":36}');
    await runs.client.say({ params: { id }, body: { text: "her age?", targets: [recording()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect((await runs.client.jsonAnswer({ params: { id } })).problem).toBeNull();
  });

  it.each([
    ["is no JSON", "Sure, here it is", "The answer is no JSON"],
    ["does not fit", '{"name":"Ada"}', "The answer does not fit the schema: age"],
  ])("what %s is a failure, and the next is asked", async (_what, content, message) => {
    reply = said(content);
    mock.onMessage(/who/, { content: '```json\n{"name":"Ada","age":36}\n```' });
    const targets = [recording(), cliTarget(), target("openai-compatible", { providerId: "second" })];
    const { id } = await runs.start({ text: "who?", answerFormat, folder: null, targets });
    const run = await runs.ended(id);
    expect(run.state).toBe("succeeded");
    // A program is passed over: nothing holds it to JSON.
    expect(run.attempts.map(({ providerId, failure }) => [providerId, failure])).toEqual([
      ["openai-compatible", "bad-reply"],
      ["second", null],
    ]);
    expect(run.attempts[0]?.message).toContain(message);
  });
});

describe("what a run may cost", () => {
  it("counts what the provider says a reply has cost, and stops there", async () => {
    reply = said("Hello", { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, cost: 0.25 });
    const budget = { costUsd: 1, tokens: null, turns: null, minutes: null };
    const { id } = await runs.start({ text: "hello", budget, folder: null, targets: [recording()] });
    expect((await runs.ended(id)).usage.costUsd).toBe(0.25);
  });

  it("says that a budget of money is blind without a price", async () => {
    const budget = { costUsd: 1, tokens: null, turns: null, minutes: null };
    const { id } = await runs.start({ text: "hello", budget, folder: null, targets: [recording()] });
    await runs.ended(id);
    expect((await runs.bodies(id, "notice")).map(({ text }) => text)).toEqual([
      expect.stringContaining("No price is set for a-model of openai-compatible: the budget of $1.00 counts only"),
    ]);
    const priced = recording({ price: { input: 1, output: 1 } });
    const { id: other } = await runs.start({ text: "hello", budget, folder: null, targets: [priced] });
    await runs.ended(other);
    expect(await runs.bodies(other, "notice")).toEqual([]);
  });
});
