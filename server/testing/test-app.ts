import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { io, type Socket } from "socket.io-client";

import type { Ack } from "../../contract/channel.ts";
import type { Call, Reply } from "../../contract/endpoint.ts";
import { errorBodySchema, type ErrorDetails } from "../../contract/errors.ts";
import { endpointGroups, type CallId, type EndpointOf } from "../../contract/index.ts";
import { parseEnv, type Env } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { createApp, type App, type AppOptions } from "../app.ts";

/** A refused or failed call in a test. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly status: number;
  readonly details: ErrorDetails;

  constructor(status: number, details: ErrorDetails) {
    super(details.message);
    this.status = status;
    this.details = details;
  }
}

export interface TestApp {
  app: App;
  env: Env;
  base: string;
  /** Calls an endpoint of the contract; throws `CallError`. */
  call<Id extends CallId>(id: Id, input: Call<EndpointOf<Id>>): Promise<Reply<EndpointOf<Id>>>;
  /** A connected Socket.IO client, closed with the app. */
  connect(): Promise<TestSocket>;
  /** Stops the server; data stays, so that `startTestApp({ directory })` can start it again. */
  stop(): Promise<void>;
  /** Stops and removes everything. */
  end(): Promise<void>;
}

export interface TestSocket {
  socket: Socket;
  emit(event: string, payload: unknown): Promise<Ack<unknown>>;
  /** Resolves with the first payload of `event` that satisfies `match`. */
  next(event: string, match?: (payload: unknown) => boolean): Promise<unknown>;
}

/** Starts the real portos-server on a free port of loopback with a temporary data folder. */
export async function startTestApp(
  options: Partial<Omit<AppOptions, "env">> & { directory?: string; variables?: Record<string, string> } = {},
): Promise<TestApp> {
  const { directory = await mkdtemp(join(tmpdir(), "portos-")), variables, ...rest } = options;
  const port = Number(variables?.["PORTOS_BASE_PORT"] ?? (await freePort()));
  const env = parseEnv(
    {
      NODE_ENV: "test",
      PORTOS_BASE_PORT: String(port),
      PORTOS_DATA_DIR: join(directory, "data"),
      PORTOS_STATE_DIR: join(directory, "state"),
      PORTOS_CONFIG_DIR: join(directory, "config"),
      PORTOS_USER_PM2_HOME: "none",
      ...variables,
    },
    process.cwd(),
  );
  const app = await createApp({ logger: silentLogger, ...rest, env });
  await app.listen("127.0.0.1", port);
  const base = `http://127.0.0.1:${port}`;
  const sockets: Socket[] = [];

  async function stop(): Promise<void> {
    for (const socket of sockets) socket.disconnect();
    await app.stop();
  }

  return {
    app,
    env,
    base,
    call: (id, input) => callEndpoint(base, id, input),
    async connect() {
      const opened = await openSocket(base);
      sockets.push(opened.socket);
      return opened;
    },
    stop,
    async end() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function callEndpoint<Id extends CallId>(
  base: string,
  id: Id,
  input: Call<EndpointOf<Id>>,
): Promise<Reply<EndpointOf<Id>>> {
  const [group = "", key = ""] = id.split(".");
  const endpoint = (endpointGroups as Record<string, Record<string, { method: string; path: string }>>)[group]?.[key];
  if (!endpoint) throw new Error(`There is no call ${id}`);
  const { params, query, body } = input as {
    params?: Record<string, string>;
    query?: Record<string, unknown>;
    body?: unknown;
  };
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params?.[name] ?? ""));
  const search = new URLSearchParams(
    Object.entries(query ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value as string | number | boolean)]],
    ),
  );
  const response = await fetch(`${base}${path}?${search.toString()}`, {
    method: endpoint.method,
    ...(endpoint.method === "GET"
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) }),
  });
  if (!response.headers.get("content-type")?.includes("json")) return (await response.text()) as Reply<EndpointOf<Id>>;
  const json: unknown = await response.json();
  if (response.ok) return json as Reply<EndpointOf<Id>>;
  throw new CallError(response.status, errorBodySchema.parse(json).error);
}

async function openSocket(base: string): Promise<TestSocket> {
  const socket = io(base, { transports: ["websocket"], reconnection: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return {
    socket,
    emit: (event, payload) => socket.timeout(10_000).emitWithAck(event, payload) as Promise<Ack<unknown>>,
    next: (event, match = () => true) =>
      new Promise((resolve) => {
        const listener = (payload: unknown): void => {
          if (!match(payload)) return;
          socket.off(event, listener);
          resolve(payload);
        };
        socket.on(event, listener);
      }),
  };
}
