import { readFileSync, statSync } from "node:fs";

import { mcpPath } from "../contract/mcp-path.ts";
import { defaultBasePort, portsFrom } from "../contract/ports.ts";
import { AppError } from "../lib/app-error.ts";

/**
 * Where to go and with what: the token from `PORTOS_MCP_TOKEN`, else from the file of `--token-file` or `PORTOS_MCP_TOKEN_FILE`, which
 * nobody but the user may be able to read. Never from an argument: arguments can be seen by every program of this machine.
 */
export function bridgeSettings(
  variables: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
): { url: string; token: string } {
  const basePort = Number(variables["PORTOS_BASE_PORT"] ?? defaultBasePort);
  const usual = `http://127.0.0.1:${String(portsFrom(basePort).server)}${mcpPath}`;
  const url = wordAfter(words, "--url") ?? variables["PORTOS_MCP_URL"] ?? usual;
  const file = wordAfter(words, "--token-file") ?? variables["PORTOS_MCP_TOKEN_FILE"];
  const token = (variables["PORTOS_MCP_TOKEN"] ?? (file === undefined ? "" : readToken(file))).trim();
  if (token !== "") return { url, token };
  throw new AppError("invalid_request", "There is no token", {
    hint: "Make one in PortOS (Connectors, MCP) and give it as PORTOS_MCP_TOKEN, or in a file with --token-file.",
  });
}

function wordAfter(words: readonly string[], name: string): string | undefined {
  const place = words.findIndex((word) => word === name || word.startsWith(`${name}=`));
  if (place < 0) return undefined;
  const word = words[place] ?? "";
  return word === name ? words[place + 1] : word.slice(name.length + 1);
}

function readToken(file: string): string {
  let mode: number;
  let text: string;
  try {
    ({ mode } = statSync(file));
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError("not_found", `${file} cannot be read`, { cause: error });
  }
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw new AppError("forbidden", `${file} can be read by others`, { hint: `Close it: chmod 600 ${file}` });
  return text;
}
