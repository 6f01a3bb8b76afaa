import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it } from "vitest";

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
