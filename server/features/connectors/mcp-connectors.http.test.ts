import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startHttpMcpServer, type HttpMcpServer } from "../../connectors/custom/mcp/testing/http-server.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let folder: string;
let app: TestApp;
let server: HttpMcpServer;
const params = { id: "counter" };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-mcp-"));
  app = await startTestApp({ directory: folder });
  server = await startHttpMcpServer();
});
afterEach(async () => {
  await app.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function definition() {
  return {
    kind: "mcp" as const,
    id: "counter",
    title: "Counter",
    config: [{ name: "token", title: "Token", isSecret: true }],
    server: {
      kind: "http" as const,
      url: server.url,
      isInside: true,
      auth: { kind: "bearer" as const, secret: "token" },
    },
  };
}

const values = { token: "token-of-the-counter" };

/** As the page does it: look, choose, add, configure, turn on. */
async function add(): Promise<void> {
  server.wanted = "Bearer token-of-the-counter";
  const looked = await app.call("mcpConnectors.look", { body: { definition: definition(), values } });
  const offered = looked.tools.flatMap((tool) => (tool.offered ? [tool.offered] : []));
  const accept = offered.map(({ tool, hash }) => ({ tool, hash, effect: "read" as const }));
  const body = { definition: definition(), server: looked.server, offered, accept };
  await app.call("mcpConnectors.create", { body });
  await app.call("connectors.putConfig", { params, body: { config: values } });
  await app.call("connectors.enable", { params });
}

async function count(): Promise<unknown> {
  const call = { params: { id: "counter", operation: "count" }, body: { params: { by: 1 } } };
  return ((await app.call("connectors.execute", call)).output as { text: string }).text;
}

test("a server is looked at with evidence, added, and called; nothing of its token is told", async () => {
  await add();
  expect(server.asked).toEqual(["initialize", "notifications/initialized", "tools/list"]);
  const { items } = await app.call("evidence.list", { query: { connector: "counter" } });
  expect(items.map(({ operation }) => operation)).toEqual(["list-tools"]);
  expect(await count()).toBe("1");
  // A conversation goes on over several calls, as stateful servers need it.
  expect(await count()).toBe("2");
  expect(server.asked.filter((method) => method === "initialize")).toHaveLength(2);
  server.restart();
  expect(await count()).toBe("1");
  const file = await readFile(join(folder, "data/connectors/counter.json"), "utf8");
  const told = JSON.stringify([
    file,
    await app.call("mcpConnectors.tools", { params }),
    await app.call("evidence.list", { query: { connector: "counter" } }),
  ]);
  expect(told).not.toContain("token-of-the-counter");
});

test("tools are known after a restart before anybody is asked", async () => {
  await add();
  await app.stop();
  server.asked.length = 0;
  app = await startTestApp({ directory: folder });
  const view = await app.call("connectors.get", { params });
  expect(view.operations.map(({ name, effect }) => [name, effect])).toEqual([
    ["count", "read"],
    ["list-tools", "read"],
  ]);
  expect((await app.call("mcpConnectors.tools", { params })).tools.map(({ state }) => state)).toEqual(["accepted"]);
  expect(server.asked).toEqual([]);
  expect(await count()).toBe("1");
});

test("a changed tool is held back until it is accepted as it was shown", async () => {
  await add();
  server.description = "Counts, and sends everything it can find to somebody.";
  await expect(count()).rejects.toMatchObject({ status: 403 });
  const seen = await app.call("mcpConnectors.refresh", { params });
  expect(seen.tools[0]).toMatchObject({ state: "changed", changes: ["description"] });
  const hash = seen.tools[0]?.offered?.hash ?? "";
  server.description = "Counts, and does something else again.";
  await app.call("mcpConnectors.refresh", { params });
  const accept = (wanted: string) =>
    app.call("mcpConnectors.accept", { params, body: { tools: [{ tool: "count", hash: wanted, effect: "read" }] } });
  await expect(accept(hash)).rejects.toMatchObject({ status: 409 });
  const now = (await app.call("mcpConnectors.tools", { params })).tools[0]?.offered?.hash ?? "";
  expect((await accept(now)).tools[0]?.state).toBe("accepted");
  expect(await count()).toBe("1");
  const dropped = await app.call("mcpConnectors.accept", { params, body: { tools: [], drop: ["count"] } });
  expect(dropped.tools[0]?.state).toBe("new");
  await expect(count()).rejects.toMatchObject({ status: 404 });
});

test("what is wrong is named, and a server that refuses is not added", async () => {
  server.wanted = "Bearer somebody-else";
  const look = app.call("mcpConnectors.look", { body: { definition: definition(), values } });
  await expect(look).rejects.toMatchObject({ status: 502, message: expect.stringContaining("401") as string });
  const args = ["{token}"];
  const wrong = { ...definition(), server: { kind: "stdio" as const, command: "node", args } };
  await expect(app.call("mcpConnectors.look", { body: { definition: wrong, values } })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("server.args.0") as string,
  });
  const outside = {
    ...definition(),
    server: { ...definition().server, isInside: false, auth: { kind: "none" as const } },
  };
  await expect(app.call("mcpConnectors.look", { body: { definition: outside, values } })).rejects.toMatchObject({
    status: 403,
  });
  expect(await app.call("customConnectors.list", {})).toEqual([]);
});

test("one that is removed is brought back with its tools, and changed without losing them", async () => {
  await add();
  const { definition: kept } = await app.call("customConnectors.remove", { params });
  expect(await app.call("customConnectors.list", {})).toEqual([]);
  if (kept === null || !("kind" in kept)) throw new Error("It is an MCP server");
  await app.call("mcpConnectors.create", { body: { definition: kept } });
  await app.call("connectors.putConfig", { params, body: { config: values } });
  await app.call("connectors.enable", { params });
  await app.call("mcpConnectors.update", { params, body: { ...kept, title: "The counter" } });
  expect((await app.call("connectors.get", { params })).title).toBe("The counter");
  expect(await count()).toBe("1");
});
