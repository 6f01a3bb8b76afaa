import type { McpState } from "../../../../contract/features/mcp.ts";

/** A program that can use PortOS, and how it is told to. */
export interface SetUp {
  id: string;
  label: string;
  /** Where it goes. */
  where: string;
  text: string;
}

/** Stands where the token belongs while it is not known. */
export const tokenPlace = "YOUR_TOKEN";

/** Copy-ready text for each program. */
export function setUps({ url, bridge }: Pick<McpState, "url" | "bridge">, token: string): readonly SetUp[] {
  const [command = "node", ...args] = bridge;
  const headers = { Authorization: `Bearer ${token}` };
  const piped = json({
    mcpServers: { portos: { command, args, env: { PORTOS_MCP_URL: url, PORTOS_MCP_TOKEN: token } } },
  });
  return [
    {
      id: "claude",
      label: "Claude Code",
      where: "Run this once in a terminal.",
      text: `claude mcp add --transport http --scope user portos ${url} --header "Authorization: Bearer ${token}"`,
    },
    {
      id: "jetbrains",
      label: "JetBrains AI Assistant",
      where: "Settings, Tools, AI Assistant, Model Context Protocol: add a server as JSON.",
      text: piped,
    },
    {
      id: "cursor",
      label: "Cursor",
      where: "Put it into ~/.cursor/mcp.json.",
      text: json({ mcpServers: { portos: { url, headers } } }),
    },
    {
      id: "pipes",
      label: "Others, over a program",
      where: "For whatever starts MCP servers as programs.",
      text: piped,
    },
    {
      id: "http",
      label: "Others, over HTTP",
      where: "For whatever speaks streamable HTTP.",
      text: `${url}\nAuthorization: Bearer ${token}`,
    },
  ];
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
