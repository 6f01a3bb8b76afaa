import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { RunTarget } from "../../contract/internal/runs.ts";
import { startFakeDoor } from "./testing/fake-door.ts";
import {
  geminiTarget,
  installRealAgents,
  makeAgentHome,
  openCodeTarget,
  type RealAgents,
} from "./testing/real-agents.ts";
import { startTestRuns, type TestRuns } from "./testing/test-runs.ts";

const programs = await installRealAgents();
const isMissing = typeof programs === "string";

let runs: TestRuns;
let home = "";
const mock = new LLMock({ port: 0, logLevel: "silent" });

beforeAll(async () => {
  if (isMissing) return;
  home = await makeAgentHome();
  await mock.start();
  runs = await startTestRuns();
});
afterAll(async () => {
  if (isMissing) return;
  await runs.stop();
  await mock.stop();
  await rm(home, { recursive: true, force: true });
});
beforeEach(() => {
  mock.reset();
});

const known = programs as RealAgents;
const opencode = (engine: "acp" | "headless", model?: string): RunTarget =>
  openCodeTarget(known, engine, { home, mockUrl: mock.url }, model);
const gemini = (engine: "acp" | "headless"): RunTarget => geminiTarget(known, engine, { home, mockUrl: mock.url });

/** The model wants a file to be written, and says so when it is; side questions of the program get an answer, too. */
function wantsFile(tool: string, pathName: string, file: string): void {
  const path = join(runs.folder, file);
  mock.on({ hasToolResult: true }, { content: "The file is done." });
  mock.onMessage("make the file", {
    toolCalls: [{ name: tool, arguments: { [pathName]: path, content: "made by an agent\n" } }],
    ...(tool === "write_file" ? { finishReason: "stop" } : {}),
  });
  mock.onMessage(/[^]*/, { content: "Fine." });
}

const agents = [
  ["OpenCode", opencode, "write", "filePath"],
  ["Gemini CLI", gemini, "write_file", "file_path"],
] as const;

describe.skipIf(isMissing)(
  isMissing ? `real agents: skipped, could not be installed (${programs})` : "real agents",
  () => {
    it.each(agents)("%s answers headless, and goes on with its session", async (_name, target) => {
      mock.onMessage("and now", { content: "Still here, 世界." });
      mock.onMessage(/[^]*/, { content: "Hello from the model, 世界." });
      const { id } = await runs.start({ text: "say hello", targets: [target("headless")] });
      const run = await runs.ended(id, 60_000);
      expect(run).toMatchObject({ state: "succeeded", canContinue: true });
      expect(await runs.answer(id)).toBe("Hello from the model, 世界.");
      expect(run.usage.turns).toBe(1);
      await runs.client.say({ params: { id }, body: { text: "and now?", targets: [target("headless")] } });
      expect((await runs.ended(id, 60_000)).state).toBe("succeeded");
      expect(await runs.answer(id)).toContain("Still here, 世界.");
    });

    it.each(agents)("%s asks over ACP, writes once it may, and not before", async (name, target, tool, pathName) => {
      const file = `${tool}-allowed.txt`;
      wantsFile(tool, pathName, file);
      const { id } = await runs.start({ text: "make the file", targets: [target("acp")] });
      const { pending } = await runs.until(id, ({ state }) => state !== "queued" && state !== "running", 60_000);
      expect(pending, name).toHaveLength(1);
      await expect(readFile(join(runs.folder, file))).rejects.toThrow();
      const optionId = pending[0]?.options.find(({ kind }) => kind === "allow-once")?.optionId ?? null;
      const body = { requestId: pending[0]?.requestId ?? "", optionId, by: "You", reason: null };
      await runs.client.answer({ params: { id }, body });
      expect((await runs.ended(id, 60_000)).state).toBe("succeeded");
      expect(await readFile(join(runs.folder, file), "utf8")).toBe("made by an agent\n");
      expect(await runs.answer(id)).toContain("The file is done.");
      const call = (await runs.bodies(id, "tool")).at(-1)?.call;
      expect(call).toMatchObject({ state: "succeeded", tool: "edit" });
    });

    it.each(agents)("%s leaves the file alone when it is denied", async (_name, target, tool, pathName) => {
      const file = `${tool}-denied.txt`;
      wantsFile(tool, pathName, file);
      const { id } = await runs.start({ text: "make the file", targets: [target("acp")] });
      const { pending } = await runs.until(id, ({ state }) => state === "waiting", 60_000);
      const body = { requestId: pending[0]?.requestId ?? "", optionId: null, by: "You", reason: "No" };
      await runs.client.answer({ params: { id }, body });
      await runs.ended(id, 60_000);
      await expect(readFile(join(runs.folder, file))).rejects.toThrow();
    });

    it.each(agents)("%s is stopped in the middle of an answer", async (_name, target) => {
      mock.onMessage(/[^]*/, { content: "word ".repeat(2_000) }, { latency: 50, chunkSize: 5 });
      const { id } = await runs.start({ text: "say hello", targets: [target("acp")] });
      await expect.poll(async () => (await runs.answer(id)).length, { timeout: 60_000 }).toBeGreaterThan(5);
      await runs.client.stop({ params: { id }, body: { reason: null } });
      expect(await runs.ended(id, 15_000)).toMatchObject({ state: "cancelled" });
    });

    it("OpenCode takes the tools of PortOS over ACP", async () => {
      mock.onMessage(/[^]*/, { content: "Fine." });
      const door = await startFakeDoor("web-search__search", "three hits");
      const tools = { url: door.url, token: "portos_mcp_run", bridge: [process.execPath] };
      const { id } = await runs.start({ text: "say hello", targets: [{ ...opencode("acp"), tools }] });
      expect((await runs.ended(id, 60_000)).state).toBe("succeeded");
      door.close();
      expect(door.calls.map(({ method }) => method)).toContain("tools/list");
      expect(new Set(door.tokens)).toEqual(new Set(["Bearer portos_mcp_run"]));
    });

    it("OpenCode takes them headless, and calls one", async () => {
      const door = await startFakeDoor("web-search__search", "three hits");
      const calls = [{ name: "portos_web-search__search", arguments: { query: "ports" } }];
      mock.on({ hasToolResult: true }, { content: "Found." });
      mock.onMessage("find it", { toolCalls: calls });
      mock.onMessage(/[^]*/, { content: "Fine." });
      const tools = { url: door.url, token: "portos_mcp_run", bridge: [process.execPath] };
      const { id } = await runs.start({ text: "find it", targets: [{ ...opencode("headless"), tools }] });
      expect((await runs.ended(id, 60_000)).state).toBe("succeeded");
      door.close();
      expect(door.calls.at(-1)).toMatchObject({ method: "tools/call", params: { arguments: { query: "ports" } } });
    });

    it("asks Gemini CLI when OpenCode fails", async () => {
      mock.onMessage(/[^]*/, { content: "From the second one." });
      const targets = [opencode("headless", "mock/other-model"), gemini("headless")];
      const { id } = await runs.start({ text: "say hello", targets });
      const run = await runs.ended(id, 90_000);
      expect(run.attempts.map(({ failure }) => failure)).toEqual(["crashed", null]);
      expect(await runs.answer(id)).toContain("From the second one.");
    });
  },
);
