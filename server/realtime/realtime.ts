import { ServerResponse, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { Duplex } from "node:stream";

import { Server, type Socket } from "socket.io";
import { z } from "zod";

import type { Ack, Channel, ClientReply, ServerPayload } from "../../contract/channel.ts";
import type { StepUp } from "../../contract/endpoint.ts";
import type { Caller } from "../../contract/features/history.ts";
import { AppError } from "../../lib/app-error.ts";
import { callerKey, type Callers } from "../../lib/callers.ts";
import { newCorrelationId, withCorrelation } from "../../lib/correlation.ts";
import { toErrorBody } from "../../lib/endpoint-runner.ts";
import type { Gate, Verdict } from "../../lib/gate.ts";
import { answerRefusal, guestReasons, programReasons, refuseUpgrade } from "../../lib/gate-answer.ts";
import type { Logger } from "../../lib/logger.ts";
import { readElevation, type StepUpGuard } from "../http/step-up.ts";

/** One browser tab on one channel. */
export interface ChannelClient<C extends Channel> {
  readonly id: string;
  readonly caller: Caller;
  emit<K extends Extract<keyof C["server"], string>>(event: K, payload: ServerPayload<C, K>): void;
  /** Rooms are private to the channel. */
  join(room: string): void;
  leave(room: string): void;
  onDisconnect(listener: () => void): void;
  /** Bytes waiting to be sent to this tab; a measure of how slow its reader is. */
  bufferedBytes(): number;
}

/** One handler per client event of the channel; a payload is parsed before a handler sees it. */
export type ChannelHandlers<C extends Channel> = {
  [K in keyof C["client"]]: (
    payload: z.output<C["client"][K]["payload"]>,
  ) => Promise<ClientReply<C, K>> | ClientReply<C, K>;
};

export interface ChannelServer<C extends Channel> {
  emitTo<K extends Extract<keyof C["server"], string>>(room: string, event: K, payload: ServerPayload<C, K>): void;
  /** How many tabs are in a room. */
  sizeOf(room: string): number;
}

/** The part of Engine.IO's socket used here: one transport connection, whatever carries it. */
interface EngineConnection {
  readonly request: IncomingMessage;
  close(discard: boolean): void;
  once(event: "close", listener: () => void): void;
}

/** What a connection knows about who is at its other end. */
interface ConnectionData {
  caller: Caller;
  /** Token of its browser, when the PIN was entered there. */
  token: string | null;
}

export interface RealtimeDependencies {
  gate: Gate;
  callers: Callers;
  /** Asked before every event that is marked with `stepUp`. */
  stepUp: StepUpGuard;
  cookie: string;
  /** Told of each event that was refused for want of the PIN. */
  onStepUpRefused: (caller: Caller, event: string) => void;
  logger: Logger;
}

export interface Realtime {
  register<C extends Channel>(channel: C, connect: (client: ChannelClient<C>) => ChannelHandlers<C>): ChannelServer<C>;
  /** Channel names with a handler, for the parity test. */
  registered(): string[];
  /** Gives a connection the token of its browser; `false` when there is none of this caller with that id. */
  openSocket(id: string, token: string | null, caller: Caller): boolean;
  stop(): Promise<void>;
}

const maxSocketsPerPeer = 64;
const path = "/socket.io/";

/** Socket.IO behind the gate: handshakes, polling posts and upgrades alike. Unknown upgrade paths are destroyed. */
export function createRealtime(http: HttpServer, dependencies: RealtimeDependencies): Realtime {
  const { gate, callers, logger } = dependencies;
  const io = new Server(http, {
    path,
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: 1024 * 1024,
    pingInterval: 20_000,
    pingTimeout: 20_000,
    destroyUpgrade: false,
    allowRequest: (request, decide) => {
      decide(null, gate.judge(request).ok && isPeerBelowCap(io, request));
    },
  });
  io.engine.use((request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => {
    const settle = (verdict: Verdict): void => {
      if (verdict.ok) {
        next();
        return;
      }
      if (programReasons.has(verdict.reason)) {
        if (response instanceof ServerResponse) answerRefusal(request, response, verdict);
        else refuseUpgrade(request.socket, verdict);
        return;
      }
      if (!guestReasons.has(verdict.reason))
        logger.warn("Refused a socket at the gate", {
          reason: verdict.reason,
          origin: request.headers.origin,
          host: request.headers.host,
        });
      next(new Error("refused"));
    };
    const verdict = gate.judgeCaller(request);
    if (verdict instanceof Promise) void verdict.then(settle);
    else settle(verdict);
  });
  io.engine.on("connection", (connection: EngineConnection) => {
    const release = gate.hold(connection.request, () => {
      connection.close(true);
    });
    connection.once("close", release);
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => socket.destroy()); // nobody else listens while the caller's name is asked for
    if (!(request.url ?? "").startsWith(path)) socket.destroy();
  });

  const connectors: ((socket: Socket, caller: Caller) => void)[] = [];
  const names: string[] = [];

  io.use((socket, next) => {
    callers.identify(socket.request).then(
      (caller) => {
        Object.assign(socket.data as ConnectionData, {
          caller,
          token: readElevation(socket.request, dependencies.cookie),
        });
        next();
      },
      (error: unknown) => {
        next(error instanceof Error ? error : new Error("refused"));
      },
    );
  });
  io.on("connection", (socket) => {
    socket.setMaxListeners(0); // one disconnect listener or two per channel is what we mean
    for (const connect of connectors) connect(socket, dataOf(socket).caller);
  });

  return {
    registered: () => names,
    register(channel, connect) {
      names.push(channel.name);
      // Rooms are those of one name: who came by an alias hears that.
      const served = [channel.name, ...(channel.aliases ?? [])];
      connectors.push((socket, caller) => {
        for (const name of served) connectChannel(socket, caller, { ...channel, name }, connect, dependencies);
      });
      return {
        emitTo(room, event, payload) {
          for (const name of served) io.to(`${name}/${room}`).emit(`${name}:${event}`, payload);
        },
        sizeOf: (room) =>
          served.reduce((sum, name) => sum + (io.sockets.adapter.rooms.get(`${name}/${room}`)?.size ?? 0), 0),
      };
    },
    openSocket(id, token, caller) {
      const socket = io.sockets.sockets.get(id);
      if (!socket || callerKey(dataOf(socket).caller) !== callerKey(caller)) return false;
      dataOf(socket).token = token;
      return true;
    },
    async stop() {
      io.disconnectSockets(true);
      await io.close();
    },
  };
}

function dataOf(socket: Socket): ConnectionData {
  return socket.data as ConnectionData;
}

function isPeerBelowCap(io: Server, request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress;
  let count = 0;
  for (const socket of io.sockets.sockets.values()) if (socket.conn.remoteAddress === address) count += 1;
  return count < maxSocketsPerPeer;
}

function connectChannel<C extends Channel>(
  socket: Socket,
  caller: Caller,
  channel: C,
  connect: (client: ChannelClient<C>) => ChannelHandlers<C>,
  dependencies: RealtimeDependencies,
): void {
  const prefix = `${channel.name}:`;
  const handlers = connect({
    id: socket.id,
    caller,
    emit: (event, payload) => {
      socket.emit(`${prefix}${event}`, payload);
    },
    join: (room) => {
      void socket.join(`${channel.name}/${room}`);
    },
    leave: (room) => {
      void socket.leave(`${channel.name}/${room}`);
    },
    onDisconnect: (listener) => {
      socket.once("disconnect", listener);
    },
    bufferedBytes: () => bufferedBytes(socket),
  });
  for (const [event, { payload: schema, stepUp }] of Object.entries(channel.client)) {
    const handle = handlers[event] as (payload: unknown) => unknown;
    const handler = stepUp === undefined ? handle : afterPin(stepUp, socket, `${prefix}${event}`, handle, dependencies);
    socket.on(`${prefix}${event}`, (raw: unknown, ack: unknown) => {
      const id = newCorrelationId();
      void withCorrelation(id, () =>
        answer(schema as unknown as z.ZodType, raw, handler, id, dependencies.logger, `${prefix}${event}`),
      ).then((result) => {
        if (typeof ack === "function") (ack as (value: Ack<unknown>) => void)(result);
      });
    });
  }
}

/** The handler of an event the PIN stands before. */
function afterPin(
  what: StepUp,
  socket: Socket,
  event: string,
  handle: (payload: unknown) => unknown,
  { stepUp, onStepUpRefused }: RealtimeDependencies,
): (payload: unknown) => unknown {
  return (payload) => {
    const { token, caller } = dataOf(socket);
    try {
      stepUp.demand(what, token, caller);
    } catch (error) {
      onStepUpRefused(caller, event);
      throw error;
    }
    return handle(payload);
  };
}

function bufferedBytes(socket: Socket): number {
  const transport = socket.conn.transport as { socket?: { bufferedAmount?: number } };
  return (
    (transport.socket?.bufferedAmount ?? 0) + (socket.conn as unknown as { writeBuffer: unknown[] }).writeBuffer.length
  );
}

async function answer(
  schema: z.ZodType,
  raw: unknown,
  handler: (payload: unknown) => unknown,
  id: string,
  logger: Logger,
  event: string,
): Promise<Ack<unknown>> {
  try {
    const parsed = schema.safeParse(raw);
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
      throw new AppError("invalid_request", issues.map((issue) => `${issue.path}: ${issue.message}`).join("; "), {
        issues,
      });
    }
    return { ok: true, data: await handler(parsed.data) };
  } catch (error) {
    const { status, body } = toErrorBody(error, id);
    if (status >= 500) logger.error("Event failed", { event }, error);
    return { ok: false, error: body.error };
  }
}
