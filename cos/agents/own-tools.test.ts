import { expect, test } from "vitest";

import { headlessCommand } from "./headless/headless-command.ts";
import { acpServers, headlessTools } from "./own-tools.ts";

const token = "portos_mcp_secret";
const tools = { url: "http://127.0.0.1:5554/mcp", token, bridge: ["/usr/bin/node", "/portos/dist/mcp.js"] };
const budget = { costUsd: null, tokens: null, turns: null, minutes: null };
const request = {
  model: "m",
  permissionMode: "ask-writes",
  budget,
  agentSessionId: null,
  folder: "/w",
  text: "x",
} as const;

test("an agent that speaks HTTP is given the address, every other one the bridge; the token is no argument", () => {
  expect(acpServers(undefined, true)).toEqual([]);
  expect(acpServers(tools, true)).toMatchObject([
    { type: "http", name: "portos", url: tools.url, headers: [{ name: "Authorization", value: `Bearer ${token}` }] },
  ]);
  const [bridge] = acpServers(tools, false);
  expect(bridge).toMatchObject({ name: "portos", command: "/usr/bin/node", args: ["/portos/dist/mcp.js"] });
  expect(bridge).toMatchObject({ env: [{ value: tools.url }, { name: "PORTOS_MCP_TOKEN", value: token }] });
});

test.each(["claude", "codex", "opencode"] as const)("%s: the token stands in no argument", (agent) => {
  const given = headlessTools({ agent, environment: {} }, tools, "/runs/1/attempt-1.tools");
  const { args } = headlessCommand({ ...request, agent, command: ["/bin/agent"], tools: given });
  expect(args.join(" ")).not.toContain(token);
  expect(JSON.stringify([given?.env, given?.file])).toContain(token);
});

test("claude is given a file, and codex the name of a variable, before what is said to it", () => {
  const claude = headlessTools({ agent: "claude", environment: {} }, tools, "/runs/1/attempt-1.tools");
  const { args } = headlessCommand({ ...request, agent: "claude", command: ["/bin/claude"], tools: claude });
  expect(args.slice(args.indexOf("--mcp-config"))).toEqual([
    "--mcp-config",
    "/runs/1/attempt-1.tools",
    "--allowedTools",
    "mcp__portos,mcp__portos__*",
    "--permission-mode",
    "default",
    "--model",
    "m",
  ]);
  const codex = headlessTools({ agent: "codex", environment: {} }, tools, null);
  const words = headlessCommand({ ...request, agent: "codex", command: ["/bin/codex"], tools: codex }).args;
  expect(words).toContain('mcp_servers.portos.url="http://127.0.0.1:5554/mcp"');
  expect(words).toContain('mcp_servers.portos.bearer_token_env_var="RUN_TOOLS_TOKEN"');
  expect(words.at(-1)).toBe("-");
});

test("programs that take them from the user's own files only are given nothing, and so is claude where it sees no file of ours", () => {
  for (const agent of ["gemini", "qwen", "cursor"] as const)
    expect(headlessTools({ agent, environment: {} }, tools, "/f")).toBeNull();
  expect(headlessTools({ agent: "claude", environment: {} }, tools, null)).toBeNull();
});

test("settings the user gave OpenCode in its variable stay", () => {
  const environment = { OPENCODE_CONFIG_CONTENT: JSON.stringify({ model: "mine", mcp: { other: { type: "local" } } }) };
  const given = headlessTools({ agent: "opencode", environment }, tools, null);
  expect(JSON.parse(given?.env["OPENCODE_CONFIG_CONTENT"] ?? "")).toMatchObject({
    model: "mine",
    mcp: { other: { type: "local" }, portos: { type: "remote", url: tools.url } },
  });
});
