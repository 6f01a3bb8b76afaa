import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { ApiDialect } from "../../../contract/features/providers.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { cliTarget, startTestRuns, type TestRuns } from "../testing/test-runs.ts";

let runs: TestRuns;
const mock = new LLMock({ port: 0, logLevel: "silent" });
let broken: Server;
let brokenUrl = "";
/** How the server that breaks things answers next. */
let answerWith: (response: ServerResponse) => void = (response) => response.end();

beforeAll(async () => {
  runs = await startTestRuns();
  await mock.start();
  broken = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      answerWith(response);
    });
  });
  await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
  brokenUrl = `http://127.0.0.1:${(broken.address() as AddressInfo).port}/v1`;
});
afterAll(async () => {
  await runs.stop();
  await mock.stop();
  broken.closeAllConnections();
  broken.close();
});
beforeEach(() => {
  mock.reset();
});

const paths: Record<ApiDialect, string> = {
  anthropic: "/v1",
  openai: "/v1",
  google: "/v1beta",
  "openai-compatible": "/v1",
};
const models: Record<ApiDialect, string> = {
  anthropic: "claude-sonnet-4-5",
  openai: "gpt-5-mini",
  google: "gemini-2.5-flash",
  "openai-compatible": "qwen3",
};

type ApiTarget = Extract<RunTarget, { engine: "api" }>;

function target(dialect: ApiDialect = "openai-compatible", more: Partial<ApiTarget> = {}): RunTarget {
  return {
    providerId: dialect,
    providerName: dialect,
    providerType: "api",
    model: models[dialect],
    reason: "First choice",
    engine: "api",
    dialect,
    baseUrl: `${mock.url}${paths[dialect]}`,
    apiKey: "test-key-1234567890",
    timeoutMs: 20_000,
    price: { input: 1_000, output: 2_000 },
    ...more,
  };
}

const breaking = (more: Partial<ApiTarget> = {}): RunTarget =>
  target("openai-compatible", { baseUrl: brokenUrl, ...more });

function stream(response: ServerResponse, lines: string[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const line of lines) response.write(`data: ${line}\n\n`);
}

const chunk = (content: string, finish: string | null = null): string =>
  JSON.stringify({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  });

describe("runs with a model over HTTP", () => {
  it.each(["anthropic", "openai", "google", "openai-compatible"] as const)(
    "%s: answers with text, usage and cost",
    async (dialect) => {
      mock.onMessage("hello", {
        content: "Grüße, 世界!",
        usage: { input_tokens: 11, output_tokens: 7, prompt_tokens: 11, completion_tokens: 7 },
      });
      const { id } = await runs.start({ text: "hello", folder: null, targets: [target(dialect)] });
      const run = await runs.ended(id);
      expect(run).toMatchObject({ state: "succeeded", canContinue: true });
      expect(await runs.answer(id)).toBe("Grüße, 世界!");
      expect(run.usage.turns).toBe(1);
      expect(run.usage.inputTokens).toBeGreaterThan(0);
      expect(run.usage.outputTokens).toBeGreaterThan(0);
      expect(run.usage.costUsd).toBeCloseTo((run.usage.inputTokens * 1_000 + run.usage.outputTokens * 2_000) / 1e6, 9);
    },
  );

  it.each(["anthropic", "openai", "google", "openai-compatible"] as const)(
    "%s: writes a file after it was allowed, and says what it did",
    async (dialect) => {
      const file = `${dialect}.txt`;
      mock.onMessage("write it", {
        toolCalls: [{ name: "write_file", arguments: { path: file, text: "made\n" } }],
        // Gemini has no reason of its own for calls.
        ...(dialect === "google" ? { finishReason: "stop" } : {}),
      });
      mock.prependFixture({
        match: { predicate: (request) => JSON.stringify(request).includes("Made.") },
        response: { content: "I made it." },
      });
      const { id } = await runs.start({ text: "write it", targets: [target(dialect)] });
      const asking = await runs.until(id, ({ state }) => state === "waiting");
      const [question] = asking.pending;
      expect(question?.call).toMatchObject({ tool: "edit", title: `Edit ${file}`, state: "pending" });
      expect(question?.call.edits).toEqual([{ path: file, before: null, after: "made\n", isCut: false }]);
      await expect(readFile(join(runs.folder, file))).rejects.toThrow();
      const body = { requestId: question?.requestId ?? "", optionId: "allow", by: "You on phone", reason: null };
      await runs.client.answer({ params: { id }, body });
      expect((await runs.ended(id)).state).toBe("succeeded");
      expect(await readFile(join(runs.folder, file), "utf8")).toBe("made\n");
      expect(await runs.answer(id)).toBe("I made it.");
      await expect(runs.client.answer({ params: { id }, body })).rejects.toMatchObject({ code: "conflict" });
    },
  );

  it("does nothing that was denied, and tells the model so", async () => {
    const path = join(runs.folder, "no.txt");
    mock.onMessage("write it", { toolCalls: [{ name: "write_file", arguments: { path, text: "x" } }] });
    mock.prependFixture({
      match: { predicate: (request) => JSON.stringify(request).includes("It was denied: Not this file.") },
      response: { content: "Understood." },
    });
    const { id } = await runs.start({ text: "write it", targets: [target()] });
    const { pending, message } = await runs.until(id, ({ state }) => state === "waiting");
    expect([message, pending[0]?.call.title]).toEqual(["Asks: Edit no.txt", `Edit ${path}`]);
    await runs.client.answer({
      params: { id },
      body: { requestId: pending[0]?.requestId ?? "", optionId: null, by: "You", reason: "Not this file" },
    });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect((await runs.bodies(id, "tool")).at(-1)?.call).toMatchObject({
      state: "denied",
      output: expect.stringMatching(/^It was denied: Not this file\. Nothing was done\./) as string,
    });
    expect((await runs.bodies(id, "answered"))[0]).toMatchObject({
      isAllowed: false,
      by: "You",
      reason: "Not this file",
    });
    expect(await runs.answer(id)).toBe("Understood.");
    await expect(readFile(join(runs.folder, "no.txt"))).rejects.toThrow();
  });

  it("reads and searches without asking, but nothing outside the folder", async () => {
    await writeFile(join(runs.folder, "notes.md"), "first\nneedle in here\n");
    mock.onMessage("look", {
      toolCalls: [
        { name: "read_file", arguments: { path: "../../etc/passwd" } },
        { name: "search_text", arguments: { pattern: "needle" } },
        { name: "list_folder", arguments: "{}" },
      ],
    });
    mock.prependFixture({
      match: { predicate: (request) => JSON.stringify(request).includes("notes.md:2") },
      response: { content: "Seen." },
    });
    const { id } = await runs.start({ text: "look", targets: [target()] });
    expect((await runs.ended(id)).state).toBe("succeeded");
    const done = (await runs.bodies(id, "tool"))
      .map(({ call }) => call)
      .filter(({ state }) => state !== "running" && state !== "pending");
    expect(
      done.map(({ tool, state }) => [tool, state]).toSorted((one, other) => String(one).localeCompare(String(other))),
    ).toEqual([
      ["read", "failed"],
      ["search", "succeeded"],
      ["search", "succeeded"],
    ]);
    expect(done.find(({ tool }) => tool === "read")?.output).toContain("outside the folder");
  });

  it("runs a command without a shell once everything is free", async () => {
    mock.onMessage("run it", { toolCalls: [{ name: "run_command", arguments: { command: ["echo", "$HOME; id"] } }] });
    mock.prependFixture({
      match: { predicate: (request) => JSON.stringify(request).includes("exit code 0") },
      response: { content: "Done." },
    });
    const { id } = await runs.start({ text: "run it", permissionMode: "free", targets: [target()] });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect((await runs.bodies(id, "tool")).at(-1)?.call.output).toBe("$HOME; id\n\n(exit code 0)");
  });

  it("asks the next provider when the first one is limited, and knows when it is back", async () => {
    answerWith = (response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "120" });
      response.end(
        JSON.stringify({ error: { message: "Rate limit reached", type: "rate_limit", code: "rate_limit_exceeded" } }),
      );
    };
    mock.onMessage("hello", { content: "Hi" });
    const { id } = await runs.start({ text: "hello", folder: null, targets: [breaking(), target("anthropic")] });
    const run = await runs.ended(id);
    expect(run.state).toBe("succeeded");
    expect(run.attempts.map(({ failure }) => failure)).toEqual(["rate-limit", null]);
    const backAt = Date.parse(run.attempts[0]?.backAt ?? "");
    expect(backAt - Date.now()).toBeGreaterThan(90_000);
    expect(run.attempts[1]?.reason).toContain("Rate limit reached");
  });

  it("goes on from an API to a program and back to an API, with each limit and its end in the record", async () => {
    answerWith = (response) => {
      response.writeHead(429, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "You exceeded your current quota. Please retry in 5h." } }));
    };
    const said = "You've hit your session limit · resets in 3 hours";
    const text = `fail-where SPENT ${said}\nhello`;
    mock.onMessage(text, { content: "Hi" });
    const program = cliTarget({ providerId: "program", providerName: "Program", environment: { SPENT: "1" } });
    const { id } = await runs.start({ text, targets: [breaking(), program, target("anthropic")] });
    const run = await runs.ended(id);
    expect(run.attempts.map(({ providerType, failure }) => [providerType, failure])).toEqual([
      ["api", "usage-limit"],
      ["cli", "usage-limit"],
      ["api", null],
    ]);
    const hours = run.attempts.map(({ backAt }) => Math.round((Date.parse(backAt ?? "") - Date.now()) / 3_600_000));
    expect(hours.slice(0, 2)).toEqual([5, 3]);
    expect(run.attempts[2]?.reason).toBe(`Program: ${said}`);
    expect(await runs.answer(id)).toBe("Hi");
  });

  it("a wrong request is not repeated at somebody else's expense", async () => {
    answerWith = (response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "messages: must not be empty" } }));
    };
    const { id } = await runs.start({ text: "hello", targets: [breaking(), cliTarget({ providerId: "program" })] });
    expect(await runs.ended(id)).toMatchObject({ state: "failed", failure: "bad-request", attempts: [{}] });
  });

  it.each([
    ["a wrong key", 401, "Invalid API key", "not-logged-in"],
    ["a used-up quota", 429, "insufficient_quota: You exceeded your current quota", "usage-limit"],
    ["an unknown model", 404, "model not found", "missing-model"],
    ["a failing server", 503, "unavailable", "server-error"],
    ["a wrong request", 400, "messages must not be empty", "bad-request"],
  ] as const)("calls %s what it is", async (_what, status, message, failure) => {
    answerWith = (response) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
    };
    const { id } = await runs.start({ text: "hello", folder: null, targets: [breaking()] });
    expect(await runs.ended(id)).toMatchObject({ state: "failed", failure });
  });

  it.each([
    ["a stream of garbage", ["{not json", "???"], true, "bad-reply"],
    ["a reply that is no stream", ["<html>"], true, "bad-reply"],
    ["half a stream", [chunk("Hal")], true, "bad-reply"],
    ["a stream that is cut off", [chunk("Hal")], false, "transport"],
    ["an empty reply", [chunk("", "stop"), "[DONE]"], true, "bad-reply"],
    ["an error within the stream", [JSON.stringify({ error: { message: "rate limit exceeded" } })], true, "rate-limit"],
  ] as const)("calls %s what it is", async (_what, lines, isEnded, failure) => {
    answerWith = (response) => {
      stream(response, [...lines]);
      if (isEnded) response.end();
      else setTimeout(() => response.destroy(), 50);
    };
    const { id } = await runs.start({ text: "hello", folder: null, targets: [breaking()] });
    expect(await runs.ended(id)).toMatchObject({ state: "failed", failure });
  });

  it("keeps what was said before a stream broke and asks the next provider", async () => {
    answerWith = (response) => {
      stream(response, [chunk("Half an ans")]);
      setTimeout(() => response.destroy(), 100);
    };
    mock.onMessage("hello", { content: "A whole answer" });
    const { id } = await runs.start({ text: "hello", folder: null, targets: [breaking(), target()] });
    const run = await runs.ended(id);
    expect(run.state).toBe("succeeded");
    expect(await runs.answer(id)).toBe("Half an ansA whole answer");
    expect(run.attempts.map(({ usage }) => usage.isEstimated)).toEqual([true, undefined]);
  });

  it("says that nothing listens", async () => {
    const { id } = await runs.start({
      text: "hello",
      folder: null,
      targets: [breaking({ baseUrl: "http://127.0.0.1:9/v1" })],
    });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "failed", failure: "transport" });
    expect(run.usage).toMatchObject({ inputTokens: 0, outputTokens: 0 }); // it was never sent
  });

  it("stops in the middle of an answer, and the connection with it", async () => {
    let isClosed = false;
    answerWith = (response) => {
      stream(response, [chunk("I am thin")]);
      response.on("close", () => {
        isClosed = true;
      });
    };
    const { id } = await runs.start({ text: "hello", folder: null, targets: [breaking(), target()] });
    await expect.poll(async () => runs.answer(id)).toBe("I am thin");
    await runs.client.stop({ params: { id }, body: { reason: null } });
    const run = await runs.ended(id, 3_000);
    expect(run).toMatchObject({ state: "cancelled" });
    expect(run.attempts).toHaveLength(1);
    // Nobody says what it has used, and it has cost all the same.
    expect(run.attempts[0]?.usage).toMatchObject({ outputTokens: 3, isEstimated: true });
    expect(run.usage.inputTokens).toBeGreaterThan(0);
    expect(run.usage.costUsd).toBeGreaterThan(0);
    await expect.poll(() => isClosed).toBe(true);
  });

  it("goes on with the conversation", async () => {
    mock.onMessage("my name is Ada", { content: "Hello Ada" });
    mock.prependFixture({
      match: { predicate: (request) => JSON.stringify(request).includes("Hello Ada") },
      response: { content: "It is Ada" },
    });
    const { id } = await runs.start({ text: "my name is Ada", folder: null, targets: [target()] });
    await runs.ended(id);
    await runs.restart();
    await runs.client.say({ params: { id }, body: { text: "what is my name?", targets: [target()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe("Hello AdaIt is Ada");
  });

  it("tells a model the task again when it was cut off before it had said anything", async () => {
    answerWith = (response) => {
      stream(response, []);
    };
    const { id } = await runs.start({ text: "my name is Ada", folder: null, targets: [breaking()] });
    await runs.until(id, ({ state }) => state === "running");
    await runs.restart();
    expect(await runs.client.get({ params: { id } })).toMatchObject({ state: "interrupted", canContinue: true });
    mock.onMessage("my name is Ada", { content: "Hello Ada" });
    await runs.client.resume({ params: { id }, body: { targets: [target()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe("Hello Ada");
    expect(JSON.stringify(mock.getRequests().at(-1))).toContain("begun before and interrupted");
  });

  it("stops when its turns are used up, and says so", async () => {
    mock.onMessage("go round", { toolCalls: [{ name: "list_folder", arguments: "{}" }] });
    mock.prependFixture({
      match: { predicate: (request) => JSON.stringify(request).includes('"tool"') },
      response: { toolCalls: [{ name: "list_folder", arguments: "{}" }] },
    });
    const budget = { costUsd: null, tokens: null, turns: 3, minutes: null };
    const { id } = await runs.start({ text: "go round", targets: [target()], budget });
    const run = await runs.ended(id);
    expect(run).toMatchObject({
      state: "failed",
      failure: "budget",
      message: "Stopped: the run's budget of 3 turns is used up: 3 were used.",
    });
    expect(run.usage.turns).toBe(3);
  });

  it("never sends a key anywhere but to the configured origin, nor keeps it", async () => {
    answerWith = (response) => {
      response.writeHead(307, { location: `${mock.url}/v1/chat/completions` }).end();
    };
    const { id } = await runs.start({
      text: "hello",
      folder: null,
      targets: [breaking({ apiKey: "key-of-the-owner-42" })],
    });
    expect((await runs.ended(id)).state).toBe("failed");
    expect(mock.getRequests()).toEqual([]);
    expect(JSON.stringify(await runs.events(id))).not.toContain("key-of-the-owner-42");
    expect(await readFile(join(runs.dataDir, "runs", id, "record.json"), "utf8")).not.toContain("key-of-the-owner-42");
  });
});
