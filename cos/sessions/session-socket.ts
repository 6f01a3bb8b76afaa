import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

import { WebSocketServer, type WebSocket } from "ws";
import { z } from "zod";

import { colsSchema, cosSocketPath, rowsSchema, sessionIdSchema } from "../../contract/internal/cos.ts";
import {
  decodeFrame,
  encodeFrame,
  frameKinds,
  renumberFrame,
  unpackSize,
  type Frame,
} from "../../contract/terminal-frames.ts";
import { AppError } from "../../lib/app-error.ts";
import { refuseUpgrade } from "../../lib/gate-answer.ts";
import type { Gate } from "../../lib/gate.ts";
import type { Logger } from "../../lib/logger.ts";
import { giveBackFrame } from "./frame-memory.ts";
import type { SessionViewer } from "./session.ts";
import type { SessionEngine } from "./session-engine.ts";

const attachSchema = z.strictObject({
  id: sessionIdSchema,
  cols: colsSchema,
  rows: rowsSchema,
  after: z.number().min(0).optional(),
});

const maxFrameBytes = 8 * 1024 * 1024;
let lastNumber = 0;

export interface SessionSocketOptions {
  server: Server;
  gate: Gate;
  engine: SessionEngine;
  logger: Logger;
}

/** Serves live sessions to portos-server: many viewers over one WebSocket, frames as in the contract. */
export function serveSessionSocket(options: SessionSocketOptions): { stop(): void } {
  const { server, gate, engine, logger } = options;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxFrameBytes });

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url !== cosSocketPath) return;
    const verdict = gate.judge(request);
    if (!verdict.ok) {
      socket.on("error", () => socket.destroy());
      refuseUpgrade(socket, verdict);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      serve(webSocket);
    });
  };
  server.on("upgrade", upgrade);

  function serve(webSocket: WebSocket): void {
    const viewers = new Map<number, SessionViewer>();
    const send = (frame: Uint8Array): void => {
      if (webSocket.readyState !== webSocket.OPEN) return;
      webSocket.send(frame, (error) => {
        if (!error) giveBackFrame(frame);
      });
    };
    const stopListening = engine.onChange((event) => {
      if ("session" in event) send(encodeFrame(frameKinds.session, 0, toJson(event.session)));
      else send(encodeFrame(frameKinds.removed, 0, toJson({ id: event.removed })));
    });
    webSocket.on("message", (data) => {
      const frame = Buffer.isBuffer(data) ? decodeFrame(data) : null;
      if (frame) receive(engine, viewers, frame, send);
    });
    webSocket.on("error", (error) => {
      logger.warn("The connection of portos-server broke", { problem: error.message });
    });
    webSocket.on("close", () => {
      stopListening();
      for (const viewer of viewers.values()) viewer.detach();
    });
  }

  return {
    /** Whoever connects from now on is refused: a connection nobody answers would keep the server from ending. */
    stop() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

function receive(
  engine: SessionEngine,
  viewers: Map<number, SessionViewer>,
  frame: Frame,
  send: (frame: Uint8Array) => void,
): void {
  if (frame.kind === frameKinds.attach) {
    attach(engine, viewers, frame, send);
    return;
  }
  const viewer = viewers.get(frame.viewer);
  if (!viewer) return;
  if (frame.kind === frameKinds.input) viewer.input(frame.data);
  else if (frame.kind === frameKinds.credit) viewer.credit(frame.extra);
  else if (frame.kind === frameKinds.resize) {
    const { cols, rows } = unpackSize(frame.extra);
    if (colsSchema.safeParse(cols).success && rowsSchema.safeParse(rows).success) viewer.resize(cols, rows);
  } else if (frame.kind === frameKinds.detach) {
    viewer.detach();
    viewers.delete(frame.viewer);
  }
}

/** Viewers of several connections meet in one session: inside, each has a number of its own. */
function attach(
  engine: SessionEngine,
  viewers: Map<number, SessionViewer>,
  frame: Frame,
  send: (frame: Uint8Array) => void,
): void {
  const { viewer: outer } = frame;
  const reply = (value: unknown): void => {
    send(encodeFrame(frameKinds.attached, outer, toJson(value)));
  };
  try {
    const { id, ...rest } = attachSchema.parse(JSON.parse(Buffer.from(frame.data).toString("utf8")));
    const session = engine.find(id);
    viewers.get(outer)?.detach();
    lastNumber += 1;
    const attached = session.attach({
      ...rest,
      number: lastNumber,
      send: (bytes) => {
        renumberFrame(bytes, outer);
        send(bytes);
      },
      onAttached: (begin) => {
        reply({ ok: true, data: { session: engine.info(id), ...begin } });
      },
    });
    viewers.set(outer, attached);
  } catch (error) {
    const known = error instanceof AppError ? error : new AppError("invalid_request", "The session cannot be opened");
    reply({ ok: false, error: { code: known.code, message: known.message } });
  }
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
