import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import type { RunTarget } from "../../../contract/internal/runs.ts";
import { startFakeDoor, type FakeDoor } from "../testing/fake-door.ts";
import { startTestRuns, type TestRuns } from "../testing/test-runs.ts";

let runs: TestRuns;
let door: FakeDoor;
const mock = new LLMock({ port: 0, logLevel: "silent" });
const name = "web-search__search";

beforeAll(async () => {
  runs = await startTestRuns();
  await mock.start();
  door = await startFakeDoor(name, "| three hits");
});
afterAll(async () => {
  await runs.stop();
  await mock.stop();
  door.close();
});
beforeEach(() => {
  mock.reset();
  door.reset();
});

function target(url = door.url): RunTarget {
  return {
    providerId: "model",
    providerName: "Model",
    providerType: "api",
    model: "a-model",
    reason: "First choice",
    engine: "api",
    dialect: "openai-compatible",
    baseUrl: `${mock.url}/v1`,
    apiKey: "test-key-1234567890",
    timeoutMs: 20_000,
    price: null,
    tools: { url, token: "portos_mcp_run", bridge: ["/bin/false"] },
  };
}

function modelSearches(): void {
  mock.onMessage("find it", { toolCalls: [{ name, arguments: { query: "ports" } }] });
  mock.prependFixture({ match: { hasToolResult: true }, response: { content: "Found" } });
}

it("a model is offered operations of connectors with the token of its run, and hears what they answer", async () => {
  modelSearches();
  const { id } = await runs.start({ text: "find it", permissionMode: "ask-writes", folder: null, targets: [target()] });
  expect((await runs.ended(id)).state).toBe("succeeded");
  expect(await runs.answer(id)).toBe("Found");
  expect(door.calls.map(({ method }) => method)).toEqual(["initialize", "tools/list", "tools/call"]);
  expect(door.calls[2]?.params).toEqual({ name, arguments: { query: "ports" } });
  expect(new Set(door.tokens)).toEqual(new Set(["Bearer portos_mcp_run"]));
  const call = (await runs.bodies(id, "tool")).at(-1)?.call;
  expect(call).toMatchObject({ title: "Web search: Search", state: "succeeded", output: "| three hits" });
});

it.each([0, 700])(
  "a call after a restart of PortOS, %i ms away, is made once: the model need not know",
  async (awayMs) => {
    modelSearches();
    const { id } = await runs.start({ text: "find it", permissionMode: "ask", folder: null, targets: [target()] });
    const { pending } = await runs.until(id, ({ state, pending: open }) => state === "waiting" && open.length > 0);
    const restarted = door.restart(awayMs);
    const body = { requestId: pending[0]?.requestId ?? "", optionId: "allow", by: "You", reason: null };
    await runs.client.answer({ params: { id }, body });
    await restarted;
    expect((await runs.ended(id)).state).toBe("succeeded");
    const call = (await runs.bodies(id, "tool")).at(-1)?.call;
    expect(call).toMatchObject({ state: "succeeded", output: "| three hits" });
    const asked = door.calls.map(({ method }) => method);
    expect(asked).toEqual(["initialize", "tools/list", "initialize", "tools/call"]);
  },
);

it("where everything is asked for, a look is asked for, too", async () => {
  modelSearches();
  const { id } = await runs.start({ text: "find it", permissionMode: "ask", folder: null, targets: [target()] });
  const { pending } = await runs.until(id, ({ state, pending: open }) => state === "waiting" && open.length > 0);
  expect(door.calls.map(({ method }) => method)).not.toContain("tools/call");
  const body = { requestId: pending[0]?.requestId ?? "", optionId: "deny", by: "You", reason: null };
  await runs.client.answer({ params: { id }, body });
  expect((await runs.ended(id)).state).toBe("succeeded");
  expect(door.calls.map(({ method }) => method)).not.toContain("tools/call");
});

it("a run does not fail because PortOS cannot be reached: it goes on without", async () => {
  mock.onMessage("hello", { content: "Hi" });
  const { id } = await runs.start({ text: "hello", folder: null, targets: [target("http://127.0.0.1:1/mcp")] });
  expect((await runs.ended(id)).state).toBe("succeeded");
  expect((await runs.bodies(id, "notice")).map(({ text }) => text).join()).toContain("tools of connectors are missing");
});
