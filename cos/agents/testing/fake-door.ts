import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** The MCP server of PortOS as far as a run sees it: it notes who came and what was asked. */
export interface FakeDoor {
  url: string;
  calls: { method: string; params: Record<string, unknown> }[];
  /** Headers with which it was asked. */
  tokens: string[];
  /** Is away for a while and comes back at the same address, without the sessions it had. */
  restart(awayMs: number): Promise<void>;
  reset(): void;
  close(): void;
}

const serverInfo = { name: "portos", version: "1" };

/** Starts one with an operation of a connector and a tool of PortOS itself; each call is answered with the same words. */
export async function startFakeDoor(operation: string, words: string): Promise<FakeDoor> {
  const calls: FakeDoor["calls"] = [];
  const tokens: string[] = [];
  let session = 1;
  const results: Record<string, object> = {
    initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo },
    "tools/list": {
      tools: [
        {
          name: operation,
          title: "Web search: Search",
          description: "Finds pages.",
          inputSchema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
          annotations: { openWorldHint: true, readOnlyHint: true },
        },
        { name: "list_apps", inputSchema: { type: "object" }, annotations: { openWorldHint: false } },
      ],
    },
    "tools/call": { content: [{ type: "text", text: words }] },
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then(({ id, method, params }) => {
      tokens.push(request.headers.authorization ?? "");
      if (request.method !== "POST" || id === undefined) {
        response.writeHead(request.method === "GET" ? 405 : 202).end();
        return;
      }
      const asked = request.headers["mcp-session-id"];
      if (method === "initialize" ? asked !== undefined : asked !== String(session)) {
        const message = "There is no such session; greet anew.";
        response.writeHead(asked === undefined ? 400 : 404).end(JSON.stringify({ error: { message } }));
        return;
      }
      calls.push({ method: String(method), params: params as Record<string, unknown> });
      const reply = { jsonrpc: "2.0", id, result: results[String(method)] ?? {} };
      response.writeHead(200, { "Content-Type": "text/event-stream", "Mcp-Session-Id": String(session) });
      response.end(`: keep\n\nevent: message\ndata: ${JSON.stringify(reply)}\n\n`);
    });
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    calls,
    tokens,
    async restart(awayMs) {
      session += 1;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await sleep(awayMs);
      await listen(port);
    },
    reset() {
      calls.length = 0;
      tokens.length = 0;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
