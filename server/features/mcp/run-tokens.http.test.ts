import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { mcpRightsSchema, type McpRights } from "../../../contract/features/mcp.ts";
import { createFakeRuns, type FakeRuns } from "../../testing/fake-runs.ts";
import { sampleTarget } from "../../testing/sample-target.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { connectClient, greeting, knock, toolNames } from "./testing/mcp-client.ts";

let directory: string;
let app: TestApp;
/** One for all lives of it. */
let port: string | null;
let cos: FakeRuns;

async function live(): Promise<void> {
  const variables: Record<string, string> = port === null ? {} : { PORTOS_BASE_PORT: port };
  app = await startTestApp({ directory, variables, resolveTargets: (choice) => [sampleTarget(choice)] });
  port = String(app.env.ports.server);
}

beforeEach(async () => {
  port = null;
  directory = await mkdtemp(join(tmpdir(), "portos-tokens-"));
  await live();
  cos = createFakeRuns(app.env);
  await cos.start();
  await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
});

afterEach(async () => {
  await app.stop();
  await cos.stop();
  await rm(directory, { recursive: true, force: true });
});

const file = (name: string): string => join(directory, "data", name);
const count = async (): Promise<number> => (await app.call("mcp.get", {})).tokens.length;
const greet = async (token: string) => (await knock(app.base, { Authorization: `Bearer ${token}` }, greeting)).status;

const rights = (given: Partial<McpRights>): McpRights => ({ ...mcpRightsSchema.parse({}), ...given });

async function toolsWith(token: string): Promise<string[]> {
  const client = await connectClient(app.base, token);
  try {
    return await toolNames(client);
  } finally {
    await client.close();
  }
}

async function startRun(rest: object = {}) {
  const prompt = { kind: "text" as const, text: "Work" };
  const { runs } = await app.call("runs.create", { body: { prompt, choices: [{ providerId: "program" }], ...rest } });
  const id = runs[0]?.id ?? "";
  return { id, token: cos.specs.find((spec) => spec.id === id)?.targets[0]?.tools?.token ?? "" };
}

function end(id: string, isSilent = false): void {
  cos.happen(id, [{ kind: "state", state: "succeeded", message: null }], {
    isSilent,
    change: { endedAt: new Date().toISOString() },
  });
}

describe("the token of a run that ended", () => {
  test("while portos-server was away is gone when it is back, and one of a run under way stays", async () => {
    const [over, going] = [await startRun(), await startRun()];
    expect(await greet(over.token)).toBe(200);
    await app.stop();
    end(over.id, true);
    await live();
    await expect.poll(count).toBe(1);
    expect(await greet(over.token)).toBe(401);
    expect(await greet(going.token)).toBe(200);
  });

  test("is gone also when its end counts as told, or nobody knows of such a run", async () => {
    const [told, unknown] = [await startRun(), await startRun()];
    await app.stop();
    end(told.id, true);
    await writeFile(file("run-requests.json"), JSON.stringify({ version: 1, requests: [] }));
    // Made for a run this process was killed before it could ask for.
    const tokens = await readFile(file("mcp-tokens.json"), "utf8");
    await writeFile(file("mcp-tokens.json"), tokens.replaceAll(unknown.id, "run-neverstarted001"));
    await live();
    await expect.poll(count).toBe(0);
    for (const { token } of [told, unknown]) expect(await greet(token)).toBe(401);
  });

  test("is worth nothing when it was made after the end, for a message that was never said", async () => {
    const { id, token } = await startRun();
    await app.stop();
    end(id, true);
    const tokens = await readFile(file("mcp-tokens.json"), "utf8");
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await writeFile(file("mcp-tokens.json"), tokens.replace(/"createdAt":\s*"[^"]+"/, `"createdAt": "${later}"`));
    await live();
    await expect.poll(count).toBe(0);
    expect(await greet(token)).toBe(401);
  });

  test("goes at once when the answer to what was asked of it tells that it has ended already", async () => {
    const { id } = await startRun();
    cos.want(id, false);
    end(id, true);
    await expect.poll(() => cos.supplied.length).toBe(1);
    await expect.poll(count).toBe(0);
  });
});

describe("which tools a run gets", () => {
  test("is chosen for it, kept with it, and counts when it goes on and when it is asked again", async () => {
    const tools = rights({ effects: [], areas: ["logs", "terminals"] });
    const { id, token } = await startRun({ tools });
    // Terminals are more than runs may use in general.
    expect(await toolsWith(token)).toEqual(["list_logs", "read_logs", "search_logs"]);
    expect((await app.call("runs.get", { params: { id } })).tools).toEqual(tools);
    const again = await app.call("runs.again", { params: { id } });
    expect(again.tools).toEqual(tools);
    expect(cos.specs.at(-1)?.targets[0]?.tools?.rights).toMatchObject({ effects: [], areas: ["logs"] });
    const nothing = await startRun({ tools: rights({ connectors: [], effects: [] }) });
    expect(nothing.token).toBe("");
  });

  test("is chosen for all runs that ask a provider, and kept over a restart", async () => {
    const tools = rights({ effects: ["read"], areas: ["apps"] });
    const input = { type: "cli" as const, name: "Program", agent: "custom" as const, command: ["/bin/true"], tools };
    await app.call("providers.create", { body: { id: "program", input } });
    expect(await toolsWith((await startRun()).token)).toEqual(["list_apps", "get_app"]);
    await app.stop();
    await live();
    const { provider } = await app.call("providers.get", { params: { id: "program" } });
    expect(provider.tools).toEqual(tools);
    await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
    expect(await toolsWith((await startRun({ tools: rights({ areas: ["apps", "logs"] }) })).token)).toEqual([
      "list_apps",
      "get_app",
    ]);
    await app.call("providers.update", { params: { id: "program" }, body: { ...input, tools: null } });
    expect(await toolsWith((await startRun()).token)).toContain("read_logs");
  });
});
