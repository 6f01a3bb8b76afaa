import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { EndpointGroup } from "../contract/endpoint.ts";
import { AppError } from "./app-error.ts";
import { newCorrelationId, withCorrelation } from "./correlation.ts";
import {
  bindEndpoints,
  parseQuery,
  sendJson,
  sendRaw,
  toErrorBody,
  type BoundEndpoint,
  type Handlers,
} from "./endpoint-runner.ts";
import type { Gate } from "./gate.ts";
import { readJsonBody } from "./json-body.ts";
import type { Logger } from "./logger.ts";
import { compilePath, matchPath } from "./path-pattern.ts";
import { refuseMethod, setReplyHeaders } from "./refuse-method.ts";

export interface ServiceContext {
  signal: AbortSignal;
  request: IncomingMessage;
}

export interface HttpServiceOptions {
  name: string;
  host: string;
  /** 0 picks a free port. */
  port: number;
  gate: Gate;
  logger: Logger;
  endpoints: readonly BoundEndpoint<ServiceContext>[];
  /** More fields for `GET /health`; `status` other than "ok" answers 503. */
  health?: () => Record<string, unknown> | Promise<Record<string, unknown>>;
  /** Answers what no endpoint does; returns whether it did. */
  fallback?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface HttpService {
  server: Server;
  start(): Promise<{ port: number }>;
  stop(): Promise<void>;
}

/** Limits shared by all our listeners: 16 kB of headers, half-sent requests cut within 30 s. */
export const serverLimits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
};

/** A small HTTP service on node:http for the light processes: gate, JSON endpoints of the contract, health. */
export function createHttpService(options: HttpServiceOptions): HttpService {
  const { gate, logger, name } = options;
  const routes = options.endpoints.map((bound) => ({ bound, pattern: compilePath(bound.endpoint.path) }));
  const startedAt = performance.now();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = targetOf(request);
    if (url.pathname === "/health" && request.method === "GET") {
      const health = {
        status: "ok",
        process: name,
        pid: process.pid,
        uptimeMs: Math.round(performance.now() - startedAt),
        ...(await options.health?.()),
      };
      sendJson(response, health.status === "ok" ? 200 : 503, health);
      return;
    }
    const others = new Set<string>(url.pathname === "/health" ? ["GET"] : []);
    for (const { bound, pattern } of routes) {
      const params = matchPath(pattern, url.pathname);
      if (params && bound.endpoint.method === request.method) {
        await runBound(bound, { params, url }, request, response);
        return;
      }
      if (params) others.add(bound.endpoint.method);
    }
    if (others.size > 0) refuseMethod(request.method, others, response);
    if (await options.fallback?.(request, response)) return;
    throw new AppError("not_found", `There is nothing at ${request.method ?? "GET"} ${url.pathname}`);
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    gate.admit(request, response, () => {
      serve(request, response);
    });
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const id = newCorrelationId();
    response.setHeader("X-Correlation-Id", id);
    setReplyHeaders(response);
    withCorrelation(id, () => {
      answer(request, response).catch((error: unknown) => {
        const { status, body } = toErrorBody(error, id);
        if (status >= 500)
          logger.error("Request failed", { method: request.method, path: request.url?.split("?")[0] }, error);
        if (response.headersSent) response.destroy();
        else sendJson(response, status, body);
      });
    });
  }

  const server = createServer(serverLimits, handle);
  gate.protect(server);

  return {
    server,
    start: () => listen(server, options.host, options.port),
    stop: () => closeServer(server),
  };
}

/** Where a request goes; two slashes at the beginning are a path too, not the name of another host. */
function targetOf({ url = "/" }: IncomingMessage): URL {
  try {
    return new URL(url.startsWith("/") ? `http://localhost${url}` : url, "http://localhost");
  } catch (error) {
    throw new AppError("invalid_request", "The address is not valid", { cause: error });
  }
}

async function runBound(
  bound: BoundEndpoint<ServiceContext>,
  target: { params: Record<string, string>; url: URL },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const aborted = new AbortController();
  response.once("close", () => {
    aborted.abort();
  });
  const body = request.method === "GET" ? undefined : await readJsonBody(request, bound.endpoint.maxBodyBytes);
  const raw = { params: target.params, query: parseQuery(target.url.searchParams), body };
  const reply = await bound.run(raw, { signal: aborted.signal, request });
  if ("raw" in bound.endpoint.reply) await sendRaw(response, reply as Parameters<typeof sendRaw>[1]);
  else sendJson(response, 200, reply, request.headers["if-none-match"]);
}

/** Listens and resolves with the port in use. A taken port is a `conflict` that names it. */
export function listen(server: Server, host: string, port: number): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE";
      reject(
        isTaken
          ? new AppError("conflict", `Port ${port} is already in use`, {
              hint: "Stop the other program or set PORTOS_BASE_PORT.",
              cause: error,
            })
          : error,
      );
    });
    server.listen({ host, port }, () => {
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

/** Stops listening, lets running requests end for two seconds, then cuts what is left. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, 2000);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Endpoints of one group with their handlers, for `createHttpService`. */
export function bind<G extends EndpointGroup>(group: string, endpoints: G) {
  return (handlers: Handlers<G, ServiceContext>): BoundEndpoint<ServiceContext>[] =>
    bindEndpoints(group, endpoints, handlers);
}
