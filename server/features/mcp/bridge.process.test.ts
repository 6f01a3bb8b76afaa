import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { mcpRightsSchema } from "../../../contract/features/mcp.ts";
import { runCommand } from "../../../lib/processes/run-command.ts";
import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let program: string;
let directory: string;
let app: TestApp;
let clients: Client[];

beforeAll(async () => {
  program = await bundleProgram("mcp/main.ts");
});
afterAll(() => rm(program, { force: true }));
beforeEach(async () => {
  clients = [];
  directory = await mkdtemp(join(tmpdir(), "portos-bridge-"));
  app = await startTestApp({ directory });
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await app.stop();
  await rm(directory, { recursive: true, force: true });
});

const rights = mcpRightsSchema.parse({ areas: ["apps"] });
const makeToken = () => app.call("mcp.create", { body: { name: "Editor", expiresAt: null, rights } });
const url = (): string => `${app.base}/mcp`;

async function connect(env: Record<string, string>, words: string[] = []): Promise<Client> {
  const client = new Client({ name: "stdio client", version: "1" });
  const args = [program, "--url", url(), ...words];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: "ignore" }));
  clients.push(client);
  return client;
}

test("a program on pipes sees the tools, uses them, and hears when they change", async () => {
  const { token, secret } = await makeToken();
  const client = await connect({ PORTOS_MCP_TOKEN: secret });
  expect(client.getServerVersion()).toMatchObject({ name: "portos" });
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["list_apps", "get_app"]);
  expect(await client.callTool({ name: "list_apps", arguments: {} })).toMatchObject({ content: [{ text: "[]" }] });
  let changes = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  const more = { ...rights, areas: ["logs" as const] };
  // The stream on which it hears may still be on its way.
  await expect
    .poll(async () => {
      await app.call("mcp.update", {
        params: { id: token.id },
        body: { name: "Editor", expiresAt: null, rights: more },
      });
      await app.call("mcp.update", { params: { id: token.id }, body: { name: "Editor", expiresAt: null, rights } });
      return changes;
    })
    .toBeGreaterThan(0);
});

test("it outlives a restart of PortOS without a word to its program", async () => {
  const { secret } = await makeToken();
  const client = await connect({ PORTOS_MCP_TOKEN: secret });
  const port = String(app.env.ports.server);
  await client.listTools();
  await app.stop();
  const asked = client.listTools(); // while nobody is there
  app = await startTestApp({ directory, variables: { PORTOS_BASE_PORT: port } });
  expect((await asked).tools).toHaveLength(2);
  expect((await client.listTools()).tools).toHaveLength(2);
});

test("the token comes from a file nobody else can read", async () => {
  const { secret } = await makeToken();
  const file = join(directory, "token");
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  const client = await connect({}, ["--token-file", file]);
  expect((await client.listTools()).tools).toHaveLength(2);
  await chmod(file, 0o644);
  const open = await runCommand(process.execPath, [program, "--token-file", file], {
    cwd: directory,
    timeoutMs: 20_000,
  });
  expect(open).toMatchObject({ code: 1, stdout: "" });
  expect(open.stderr).toContain(`chmod 600 ${file}`);
});

test("it says why it does not start, and a token that does not count is told to the program", async () => {
  const none = await runCommand(process.execPath, [program], { cwd: directory, timeoutMs: 20_000 });
  expect(none).toMatchObject({ code: 1, stdout: "" });
  expect(none.stderr).toContain("There is no token");
  const elsewhere = await runCommand(process.execPath, [program, "--url", "https://example.com/mcp"], {
    cwd: directory,
    timeoutMs: 20_000,
    env: { PORTOS_MCP_TOKEN: "x" },
  });
  expect(elsewhere.stderr).toContain("is not an address of this machine");
  await expect(connect({ PORTOS_MCP_TOKEN: "portos_mcp_wrong" })).rejects.toThrow(/token/i);
});
