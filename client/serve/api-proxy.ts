import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

import type { Logger } from "../../lib/logger.ts";
import { isLoopback } from "../../lib/loopback.ts";

export interface ApiProxyOptions {
  host: string;
  port: number;
  logger: Logger;
}

export interface ApiProxy {
  /** Whether this address belongs to the API rather than to the page. */
  isForApi(url: string | undefined): boolean;
  forward(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

const apiPath = /^\/(?:api|socket\.io)(?:[/?]|$)/;
const connectWithinMs = 2_000;

/** Passes API calls and sockets on to portos-server, bodies streamed both ways. The caller has asked the gate before. */
export function createApiProxy({ host, port, logger }: ApiProxyOptions): ApiProxy {
  const upgraded = new Set<Duplex>();
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 8, keepAliveMsecs: 30_000 });

  function forward(request: IncomingMessage, response: ServerResponse): void {
    let isAnswered = false;
    const call = httpRequest(
      { host, port, agent, method: request.method, path: request.url, headers: forwardedHeaders(request, hopHeaders) },
      (reply) => {
        isAnswered = true;
        if (!request.complete) {
          // Refused before all of it was sent: the rest interests nobody, the answer does.
          request.unpipe(call);
          request.resume();
        }
        copyHeaders(reply, response);
        reply.pipe(response.writeHead(reply.statusCode ?? 502));
        reply.once("error", () => response.destroy());
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => {
      // An answer that breaks off says so itself.
      if (isAnswered || response.headersSent || response.destroyed) return;
      logger.debug("portos-server did not answer", { reason: error.code ?? error.message });
      answerUnavailable(response);
    });
    response.once("close", () => call.destroy());
    request.pipe(call);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const target = connect({ host, port });
    const cut = (): void => {
      socket.destroy();
      target.destroy();
    };
    target.setTimeout(connectWithinMs, cut);
    target.once("connect", () => {
      target.setTimeout(0);
      target.setNoDelay(true);
      target.write(upgradeHead(request));
      target.write(head);
      socket.pipe(target).pipe(socket);
    });
    for (const end of [target, socket]) {
      upgraded.add(end);
      end.once("close", () => upgraded.delete(end));
      end.once("error", cut);
      end.once("close", cut);
    }
  }

  return {
    isForApi: (url) => apiPath.test(url ?? ""),
    forward,
    upgrade,
    close: () => {
      agent.destroy();
      for (const socket of upgraded) socket.destroy();
    },
  };
}

/** Of one connection, not of what it carries (RFC 9110, 7.6.1): a caller that closes its own does not close ours. */
const hopHeaders = /^(?:connection|keep-alive|proxy-connection|proxy-authorization|te|upgrade)$/i;
const aboutThePeer = /^(?:x-forwarded-.*|forwarded|tailscale-.*)$/i;

/** The headers as they came. A peer from outside is named by us; what it says about itself is not passed on. */
function forwardedHeaders(request: IncomingMessage, left?: RegExp): string[] {
  const { rawHeaders, socket } = request;
  const isTrusted = isLoopback(socket.remoteAddress);
  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (left?.test(name)) continue;
    if (isTrusted || !aboutThePeer.test(name)) headers.push(name, rawHeaders[index + 1] ?? "");
  }
  if (!isTrusted) headers.push("X-Forwarded-For", socket.remoteAddress ?? "");
  return headers;
}

/** Header by header, because repeated ones (cookies) must stay apart; what we set for answers of our own goes. */
function copyHeaders(reply: IncomingMessage, response: ServerResponse): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  for (let index = 0; index + 1 < reply.rawHeaders.length; index += 2) {
    const name = reply.rawHeaders[index] ?? "";
    if (!hopHeaders.test(name)) response.appendHeader(name, reply.rawHeaders[index + 1] ?? "");
  }
}

function upgradeHead(request: IncomingMessage): string {
  const headers = forwardedHeaders(request);
  const lines = [`${request.method ?? "GET"} ${request.url ?? "/"} HTTP/1.1`];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    lines.push(`${headers[index] ?? ""}: ${headers[index + 1] ?? ""}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function answerUnavailable(response: ServerResponse): void {
  const error = {
    code: "unavailable",
    message: "portos-server is not running",
    hint: "It is usually back in a moment.",
  };
  response.writeHead(503, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
  response.end(JSON.stringify({ error }));
}
