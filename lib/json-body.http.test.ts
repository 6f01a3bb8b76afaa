import { Agent, createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, expect, test } from "vitest";

import { AppError } from "./app-error.ts";
import { readBytes } from "./json-body.ts";

let server: Server | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

afterEach(() => {
  agent.destroy();
  server?.closeAllConnections();
  server?.close();
});

async function start(): Promise<number> {
  const made = createServer((request, response) => {
    readBytes(request, 1024).then(
      (bytes) => response.end(String(bytes.length)),
      (error: unknown) => response.writeHead(413).end(error instanceof AppError ? error.code : "?"),
    );
  });
  server = made;
  await new Promise<void>((resolve) => {
    made.listen(0, "127.0.0.1", resolve);
  });
  return (made.address() as AddressInfo).port;
}

function post(port: number, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: "127.0.0.1", port, agent, method: "POST" }, (reply) => {
      let text = `${String(reply.statusCode)} `;
      reply.setEncoding("utf8").on("data", (part: string) => (text += part));
      reply.once("end", () => {
        resolve(text);
      });
    });
    call.once("error", reject);
    call.end(Buffer.alloc(bytes, "x"));
  });
}

test("a body that is too large does not stand before the next request of its connection", async () => {
  const port = await start();
  for (const size of [900_000, 2_000_000]) {
    expect(await post(port, size)).toBe("413 too_large");
    expect(await post(port, 10)).toBe("200 10");
  }
});
