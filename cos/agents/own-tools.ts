import type { RunTools } from "../../contract/internal/runs.ts";
import type { ProgramTarget } from "./attempt.ts";
import { record } from "./json-value.ts";

/** What the tools of PortOS are called among those of an agent. */
export const serverName = "portos";

/** Holds the token for programs that take the name of a variable. It must not begin as our own do: an agent may start a PortOS. */
const tokenVariable = "RUN_TOOLS_TOKEN";

/** Variables of the bridge; see mcp/bridge-settings.ts. */
const bridgeVariables = ({ url, token }: RunTools) => [
  { name: "PORTOS_MCP_URL", value: url },
  { name: "PORTOS_MCP_TOKEN", value: token },
];

/** The tools as the Agent Client Protocol names them: over HTTP where the agent can, else over a program of ours. */
export function acpServers(tools: RunTools | undefined, hasHttp: boolean) {
  if (tools === undefined) return [];
  const { url, token, bridge } = tools;
  const headers = [{ name: "Authorization", value: `Bearer ${token}` }];
  if (hasHttp) return [{ type: "http" as const, name: serverName, url, headers }];
  const [command = "", ...args] = bridge;
  return [{ name: serverName, command, args, env: bridgeVariables(tools) }];
}

/** How a program that works alone is given the tools; nothing for those that take them from files of the user's only. */
export interface HeadlessTools {
  args: string[];
  /** In force whatever else the environment says. */
  env: Record<string, string>;
  /** A file to be written first, readable by the user alone, whose path stands behind `--mcp-config`. */
  file?: string;
}

const openCodeVariable = "OPENCODE_CONFIG_CONTENT";

/** What the provider's own variables say stays; what cannot be read would not be taken by the program either. */
function openCodeSettings(text: string | undefined): Record<string, unknown> {
  try {
    return record(JSON.parse(text ?? "{}"));
  } catch {
    return {};
  }
}

/** The switches of each program for this, as its makers describe them. `file`: where a file for it may lie. */
export function headlessTools(
  { agent, environment }: Pick<ProgramTarget, "agent" | "environment">,
  { url, token }: RunTools,
  file: string | null,
): HeadlessTools | null {
  const headers = { Authorization: `Bearer ${token}` };
  if (agent === "codex")
    return {
      args: [
        "-c",
        `mcp_servers.${serverName}.url=${JSON.stringify(url)}`,
        "-c",
        `mcp_servers.${serverName}.bearer_token_env_var=${JSON.stringify(tokenVariable)}`,
      ],
      env: { [tokenVariable]: token },
    };
  if (agent === "opencode") {
    const settings = openCodeSettings(environment[openCodeVariable]);
    const mcp = { ...record(settings["mcp"]), [serverName]: { type: "remote", url, headers, enabled: true } };
    return { args: [], env: { [openCodeVariable]: JSON.stringify({ ...settings, mcp }) } };
  }
  if (agent !== "claude" || file === null) return null;
  return {
    // Whether a call may be made is decided by PortOS, which asks; here nobody could be asked.
    args: ["--mcp-config", file, "--allowedTools", `mcp__${serverName},mcp__${serverName}__*`],
    env: {},
    file: JSON.stringify({ mcpServers: { [serverName]: { type: "http", url, headers } } }),
  };
}
