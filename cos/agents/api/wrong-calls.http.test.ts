import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import type { RunTarget } from "../../../contract/internal/runs.ts";
import { startTestRuns, type TestRuns } from "../testing/test-runs.ts";

let runs: TestRuns;
const mock = new LLMock({ port: 0, logLevel: "silent" });

beforeAll(async () => {
  runs = await startTestRuns();
  await mock.start();
});
afterAll(async () => {
  await runs.stop();
  await mock.stop();
});
beforeEach(() => {
  mock.reset();
});

const target = (): RunTarget => ({
  providerId: "model",
  providerName: "Model",
  providerType: "api",
  model: "qwen3",
  reason: "First choice",
  engine: "api",
  dialect: "openai-compatible",
  baseUrl: `${mock.url}/v1`,
  apiKey: "test-key-1234567890",
  timeoutMs: 20_000,
  price: null,
});

const tools = "read_file, list_folder, search_text, write_file, edit_file, run_command";

it.each([
  ["a tool that is not there", "bash", { command: "ls" }, `There is no tool "bash". There are: ${tools}.`],
  [
    "arguments that break rules",
    "read_file",
    { path: "a.txt", fromLine: 0, lines: "many" },
    "The arguments of read_file are wrong: fromLine: must be at least 1; lines: must be a number. " +
      "Nothing was done: correct them and call it again.",
  ],
  [
    "arguments that are left out",
    "run_command",
    { command: [] },
    "The arguments of run_command are wrong: command: must have at least 1 entry. " +
      "Nothing was done: correct them and call it again.",
  ],
  [
    "arguments that are no JSON",
    "write_file",
    '{"path": "a.txt", "text": ',
    "The arguments of write_file are no JSON: ",
  ],
])(
  "tells a model and the transcript what is wrong with %s, so that it can correct itself",
  async (_what, name, input, text) => {
    mock.onMessage("do it", { toolCalls: [{ name, arguments: input }] });
    // What the model has heard stands in its next request, and only there.
    mock.prependFixture({
      match: { predicate: (request) => JSON.stringify(request.messages).includes(JSON.stringify(text).slice(1, -1)) },
      response: { content: "I see." },
    });
    const { id } = await runs.start({ text: "do it", permissionMode: "free", targets: [target()] });
    expect(await runs.ended(id)).toMatchObject({ state: "succeeded" });
    expect(await runs.answer(id)).toBe("I see.");
    const calls = (await runs.bodies(id, "tool")).map(({ call }) => call);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ state: "failed", output: expect.stringContaining(text) as string });
  },
);
