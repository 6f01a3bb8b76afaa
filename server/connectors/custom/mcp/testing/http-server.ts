import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

/** A real MCP server over streamable HTTP on loopback, by the official library. */
export interface HttpMcpServer {
  url: string;
  /** `POST` of each request that carried what, in order: "initialize", "tools/call", … */
  asked: string[];
  /** What `authorization` must be; `null`: anybody may come. */
  wanted: string | null;
  /** Judges it instead of `wanted`: what is answered to those who may not come, `null` for those who may. */
  refusal:
    ((authorization: string | undefined, method: string) => { status: 401 | 403; challenge: string } | null) | null;
  /** What is found at other paths, as JSON. */
  documents: Record<string, unknown>;
  description: string;
  /** Forgets all conversations, as a restart does. */
  restart(): void;
  stop(): Promise<void>;
}

/** Starts one that remembers a number for each conversation. */
export async function startHttpMcpServer(): Promise<HttpMcpServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const made: Pick<HttpMcpServer, "asked" | "wanted" | "refusal" | "documents" | "description"> = {
    asked: [],
    wanted: null,
    refusal: null,
    documents: {},
    description: "Counts how often it was called.",
  };

  async function begin(): Promise<StreamableHTTPServerTransport> {
    let count = 0;
    const server = new Server({ name: "counter", version: "2.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [
        {
          name: "count",
          description: made.description,
          inputSchema: { type: "object" as const, properties: { by: { type: "integer" } } },
          annotations: { readOnlyHint: true },
        },
      ],
    }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
      count += Number(params.arguments?.["by"] ?? 1);
      return { content: [{ type: "text", text: String(count) }] };
    });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await server.connect(transport);
    return transport;
  }

  const http = createServer((request, response) => {
    void (async () => {
      if (made.wanted !== null && request.headers.authorization !== made.wanted) {
        response.writeHead(401).end("who are you?");
        return;
      }
      const document = made.documents[request.url ?? ""];
      if (document !== undefined) {
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString("utf8");
      const body = text === "" ? undefined : (JSON.parse(text) as { method?: string });
      const refusal = made.refusal?.(request.headers.authorization, body?.method ?? "") ?? null;
      if (refusal !== null) {
        response.writeHead(refusal.status, { "www-authenticate": refusal.challenge }).end();
        return;
      }
      if (request.method === "GET") {
        response.writeHead(404).end();
        return;
      }
      made.asked.push(body?.method ?? request.method ?? "");
      const id = request.headers["mcp-session-id"];
      const known = typeof id === "string" ? sessions.get(id) : await begin();
      if (known) await known.handleRequest(request, response, body);
      else
        response
          .writeHead(404, { "content-type": "application/json" })
          .end(JSON.stringify({ jsonrpc: "2.0", error: { code: -32_001, message: "Session not found" }, id: null }));
    })();
  });
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve);
  });
  const { port } = http.address() as AddressInfo;
  return Object.assign(made, {
    url: `http://127.0.0.1:${String(port)}/mcp`,
    restart() {
      sessions.clear();
    },
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  });
}
