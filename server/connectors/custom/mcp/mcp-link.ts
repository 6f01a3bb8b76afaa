import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

import type { McpServerInfo, McpToolFacts } from "../../../../contract/features/mcp-connectors.ts";
import { AppError } from "../../../../lib/app-error.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { factsOf } from "./mcp-tools.ts";

/** A conversation with one server. */
export interface McpLink {
  server: McpServerInfo | null;
  /** What it offers; asked again once it has said that this changed, after a minute, and where that is wanted. */
  tools(options: LinkOptions & { isAnew: boolean }): Promise<McpToolFacts[]>;
  /** The result as it came. */
  call(tool: string, input: Record<string, unknown>, options: LinkOptions): Promise<unknown>;
  close(): Promise<void>;
}

/** Of one request. */
export interface LinkOptions {
  signal: AbortSignal;
  timeoutMs: number;
}

const mostPages = 50;
const mostTools = 1_000;
/** What a server does not tell by itself is asked for after this time. */
const freshMs = 60_000;

/** Begins the conversation. Throws `GatewayError`s. */
export async function openMcpLink(
  transport: Transport,
  { version, monotonic, ...options }: LinkOptions & { version: string; monotonic: () => number },
): Promise<McpLink> {
  const [{ Client }, types] = await Promise.all([
    import("@modelcontextprotocol/sdk/client/index.js"),
    import("@modelcontextprotocol/sdk/types.js"),
  ]);
  const client = new Client({ name: "portos", version }, { capabilities: {} });
  let known: { at: number; tools: McpToolFacts[] } | null = null;
  client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => {
    known = null;
  });
  const withPatience = ({ signal, timeoutMs }: LinkOptions): RequestOptions => ({
    signal,
    timeout: timeoutMs,
    maxTotalTimeout: timeoutMs,
  });
  await toldPlainly(() => client.connect(transport, withPatience(options)));
  const info = client.getServerVersion();

  async function ask(asked: LinkOptions): Promise<McpToolFacts[]> {
    const found: McpToolFacts[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < mostPages && found.length < mostTools; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const request = { method: "tools/list" as const, params };
      const reply = await client.request(request, types.ListToolsResultSchema, withPatience(asked));
      for (const tool of reply.tools) {
        const facts = factsOf(tool);
        if (facts !== null && !found.some((one) => one.tool === facts.tool)) found.push(facts);
      }
      cursor = reply.nextCursor;
      if (cursor === undefined) break;
    }
    return found.slice(0, mostTools);
  }

  return {
    server: info === undefined ? null : { name: info.name, version: info.version },
    async tools(asked) {
      if (!asked.isAnew && known !== null && monotonic() - known.at < freshMs) return known.tools;
      const tools = await toldPlainly(() => ask(asked));
      known = { at: monotonic(), tools };
      return tools;
    },
    call: (name, input, asked) =>
      toldPlainly(() =>
        client.request(
          { method: "tools/call", params: { name, arguments: input } },
          types.CallToolResultSchema,
          withPatience(asked),
        ),
      ),
    close: () => client.close(),
  };
}

/** What the library throws, in our words; what the gateway itself said stays. */
async function toldPlainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const words = error instanceof Error ? error.message : String(error);
    const code = codeOf(error);
    const isTimeout = code === -32_001;
    const status = code !== undefined && code >= 400 ? `it answered ${String(code)}: ` : "";
    throw new GatewayError(
      isTimeout ? "timeout" : "upstream_failed",
      `The MCP server failed: ${status}${words.slice(0, 500)}`,
      {
        hint: hintOf(code),
        cause: error,
        isFinal: code !== undefined && !isTimeout && code !== -32_000,
      },
    );
  }
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

function hintOf(code: number | undefined): string {
  if (code === 401 || code === 403) return "Check what it signs in with, on the page of the connector.";
  if (code === 404 || code === 405) return "Check its address: it must be the one for streamable HTTP.";
  if (code === -32_602) return "Correct the arguments and call again.";
  if (code === -32_001) return "Try again later, or allow more time in the policy.";
  return "Look into the log of portos-server for what it wrote, then try again.";
}
