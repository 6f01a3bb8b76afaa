import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeRequest {
  call: string;
  body: Record<string, unknown>;
  headers: IncomingMessage["headers"];
}

export interface FakeServer {
  readonly url: string;
  /** Every request, in order: "POST /api/pull". */
  readonly requests: FakeRequest[];
  /** Answers nothing any more. */
  stop(): Promise<void>;
}

/** An HTTP server on a free port of loopback that notes what it is asked. */
export async function startFakeServer(
  answer: (request: FakeRequest, response: ServerResponse) => void | Promise<void>,
): Promise<FakeServer> {
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString("utf8");
      const request = {
        call: `${incoming.method ?? ""} ${incoming.url ?? ""}`,
        body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
        headers: incoming.headers,
      };
      requests.push(request);
      await answer(request, response);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** A whole JSON reply. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
