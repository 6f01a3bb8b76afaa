import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";

import { afterEach, beforeEach, expect, test } from "vitest";

import { runBridge } from "./bridge.ts";

interface Asked {
  method: string;
  session: string | undefined;
}

let server: Server;
let asked: Asked[];
/** Answers by turn; a status in place of what would be answered. */
let refusals: Map<number, number>;

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

beforeEach(async () => {
  asked = [];
  refusals = new Map();
  server = createServer((request, response) => {
    void (async () => {
      const { id, method = "" } = await bodyOf(request);
      if (request.method !== "POST") return response.writeHead(405).end();
      const session = request.headers["mcp-session-id"];
      asked.push({ method: String(method), session: typeof session === "string" ? session : undefined });
      const status = refusals.get(asked.length) ?? (method === "initialize" || session !== undefined ? 200 : 400);
      const result = method === "initialize" ? { protocolVersion: "2025-06-18" } : { tools: [] };
      const body = status === 200 ? { jsonrpc: "2.0", id, result } : { error: { code: "internal", message: "No" } };
      if (status === 200 && id === undefined) return response.writeHead(202).end();
      const headers = { "content-type": "application/json", "mcp-session-id": `s${asked.length}` };
      return response.writeHead(status, headers).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("where greeting anew fails, too, the next message does it", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answers: Record<string, unknown>[] = [];
  output.on("data", (chunk: Buffer) => answers.push(JSON.parse(chunk.toString()) as Record<string, unknown>));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const work = runBridge({ url, token: "t", input, output, patienceMs: 100 });
  const say = async (id: number, method: string): Promise<Record<string, unknown> | undefined> => {
    input.write(`${JSON.stringify({ jsonrpc: "2.0", id, method })}\n`);
    await expect.poll(() => answers.some((answer) => answer["id"] === id)).toBe(true);
    return answers.find((answer) => answer["id"] === id);
  };
  await say(1, "initialize");
  refusals.set(2, 404).set(3, 500);
  expect(await say(2, "tools/list")).toHaveProperty("error");
  expect(await say(3, "tools/list")).toMatchObject({ result: { tools: [] } });
  expect(asked.map(({ method }) => method)).toEqual([
    "initialize",
    "tools/list",
    "initialize",
    "initialize",
    "notifications/initialized",
    "tools/list",
  ]);
  expect(asked.at(-1)?.session).toBe("s4");
  input.end();
  await work;
});
