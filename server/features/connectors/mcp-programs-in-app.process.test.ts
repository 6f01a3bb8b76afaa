import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it } from "vitest";

import type { McpConnector } from "../../../contract/features/mcp-connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const program = fileURLToPath(new URL("../../connectors/custom/mcp/testing/sample-server.mjs", import.meta.url));
const params = { id: "sample" };
let app: TestApp;

beforeEach(async () => {
  app = await startTestApp();
  const server = { kind: "stdio" as const, command: process.execPath, args: [program] };
  const definition = { kind: "mcp" as const, id: "sample", title: "Sample", server };
  const looked = await app.call("mcpConnectors.look", { body: { definition } });
  const offered = looked.tools.flatMap((tool) => (tool.offered ? [tool.offered] : []));
  const accept = offered.map(({ tool, hash }) => ({ tool, hash, effect: "read" as const }));
  await app.call("mcpConnectors.create", { body: { definition, offered, accept } });
});
afterEach(async () => {
  await app.end();
});

const runs = async (): Promise<string> => (await app.call("mcpConnectors.tools", { params })).runs;

/** Its number, told by itself. */
async function call(): Promise<number> {
  await app.call("connectors.enable", { params });
  const of = { id: "sample", operation: "look" };
  const { output } = await app.call("connectors.execute", { params: of, body: { params: { what: "number" } } });
  return Number((output as { text: string }).text);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // it has ended
  }
}

it("is started by the doctor, who says what it is and what it offers, with a record", async () => {
  await app.call("connectors.enable", { params });
  expect(await runs()).toContain("does not run now");
  const { targets, evidenceIds } = await app.call("connectors.doctor", { params });
  expect(targets).toHaveLength(1);
  const steps = Object.fromEntries((targets[0]?.steps ?? []).map((step) => [step.step, step]));
  expect(steps["program"]).toMatchObject({ verdict: "good" });
  expect(steps["version"]?.message).toMatch(/^sample /);
  expect(steps["tools"]).toMatchObject({ verdict: "good", message: expect.stringContaining("look") as string });
  expect(await runs()).toContain("runs now");
  const record = await app.call("evidence.get", { params: { id: evidenceIds[0] ?? "" } });
  expect(record).toMatchObject({ connector: "sample", operation: "look: way", outcome: "done" });
});

it("that cannot be started is no healthy one for the doctor", async () => {
  const server = { kind: "stdio" as const, command: "/no/such/program", args: [] };
  const { tools, ...definition } = await app
    .call("customConnectors.list", {})
    .then((files) => files.find((file) => file.definition?.id === "sample")?.definition as McpConnector);
  await app.call("mcpConnectors.update", { params, body: { ...definition, server, tools } });
  await app.call("connectors.enable", { params });
  const { targets } = await app.call("connectors.doctor", { params });
  const [first, ...others] = targets[0]?.steps ?? [];
  expect(first).toMatchObject({ step: "program", verdict: "bad", message: "There is no program /no/such/program" });
  expect(first?.hint).not.toBeNull();
  expect(others.map(({ verdict }) => verdict)).toEqual(["skipped", "skipped"]);
});

it("runs when it is called, and ends with its switch, the network mode and PortOS", async () => {
  expect(await runs()).toContain("does not run now");
  const endings: (() => Promise<unknown>)[] = [
    () => app.call("connectors.disable", { params }),
    () => app.call("connectors.setMode", { body: { mode: "offline" } }),
    () => app.app.stop(),
  ];
  for (const end of endings) {
    await app.call("connectors.setMode", { body: { mode: "online" } });
    const pid = await call();
    expect(isThere(pid)).toBe(true);
    expect(await runs()).toContain("runs now");
    await end();
    await expect.poll(() => isThere(pid)).toBe(false);
  }
});
