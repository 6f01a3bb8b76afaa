import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

import { WebSocketServer, type RawData, type WebSocket } from "ws";

import { runsRequestSchema, runsSocketPath, type RunsMessage } from "../../contract/internal/runs.ts";
import { refuseUpgrade } from "../../lib/gate-answer.ts";
import type { Gate } from "../../lib/gate.ts";
import type { Logger } from "../../lib/logger.ts";
import type { RunsService } from "./runs-service.ts";

/** Bytes that may wait in a connection before events are left in their files instead. */
const mostWaiting = 2 * 1024 * 1024;
const lookEveryMs = 50;
const readAtOnce = 500;

export interface RunsSocketOptions {
  server: Server;
  gate: Pick<Gate, "judge">;
  runs: Pick<RunsService, "onMessage" | "readEvents">;
  logger: Logger;
}

/**
 * Tells every change of a run to portos-server, and the events of those it watches: nobody needs the words of fifty runs at
 * once. Who reads slowly gets the events from the files later, all of them.
 */
export function serveRunsSocket({ server, gate, runs, logger }: RunsSocketOptions): { stop(): void } {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url !== runsSocketPath) return;
    const verdict = gate.judge(request);
    if (!verdict.ok) {
      socket.on("error", () => socket.destroy());
      refuseUpgrade(socket, verdict);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      serveOne(webSocket, runs, logger);
    });
  };
  server.on("upgrade", upgrade);
  return {
    /** Whoever connects from now on is refused: a connection nobody answers would keep the server from ending. */
    stop() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

function serveOne(webSocket: WebSocket, runs: RunsSocketOptions["runs"], logger: Logger): void {
  /** Runs whose events are told; all of them while this is `null`. */
  let watched: Set<string> | null = null;
  /** Per run the first event that was not sent, and the last one there is. */
  const behind = new Map<string, { next: number; last: number }>();
  /** The newest state of runs that was not sent. */
  const held = new Map<string, RunsMessage>();
  let timer: NodeJS.Timeout | null = null;
  let isReading = false;

  function send(message: RunsMessage): void {
    if (webSocket.readyState === webSocket.OPEN) webSocket.send(JSON.stringify(message));
  }

  function later(): void {
    timer ??= setInterval(() => {
      if (webSocket.bufferedAmount < mostWaiting / 2 && !isReading) void catchUp();
    }, lookEveryMs);
  }

  function tellEvents(message: Extract<RunsMessage, { kind: "events" }>): void {
    const known = behind.get(message.id);
    const last = message.events.at(-1)?.number ?? 0;
    if (known) known.last = last;
    else if (webSocket.bufferedAmount <= mostWaiting) send(message);
    else behind.set(message.id, { next: message.events[0]?.number ?? 1, last });
    if (behind.size > 0) later();
  }

  function tell(message: RunsMessage): void {
    if (message.kind === "events") {
      if (watched === null || watched.has(message.id)) tellEvents(message);
    } else if (message.kind === "run" && webSocket.bufferedAmount > mostWaiting) {
      held.set(message.run.id, message);
      later();
    } else {
      if (message.kind === "run") held.delete(message.run.id);
      send(message);
    }
  }

  function take(data: RawData): void {
    const request = runsRequestSchema.safeParse(toValue(data));
    if (!request.success) {
      logger.warn("What is to be told of runs was not understood", { problem: request.error.issues[0]?.message });
      return;
    }
    if (request.data.kind === "select") {
      watched ??= new Set();
      return;
    }
    const { kind, id } = request.data;
    if (kind === "watch") {
      watched?.add(id);
      send({ kind: "watched", id });
    } else {
      watched?.delete(id);
      behind.delete(id);
    }
  }

  async function catchUp(): Promise<void> {
    isReading = true;
    try {
      for (const [id, place] of behind) {
        const events = await runs.readEvents(id, place.next - 1, readAtOnce);
        if (behind.get(id) !== place) continue; // nobody watches it any more
        if (events.length > 0) send({ kind: "events", id, events });
        place.next += events.length;
        if (place.next > place.last || events.length === 0) behind.delete(id);
        if (webSocket.bufferedAmount > mostWaiting) return;
      }
      for (const message of held.values()) send(message);
      held.clear();
      if (behind.size === 0 && timer) {
        clearInterval(timer);
        timer = null;
      }
    } catch (error) {
      logger.error("Events for a slow reader cannot be read", {}, error);
      webSocket.terminate();
    } finally {
      isReading = false;
    }
  }

  const stopListening = runs.onMessage(tell);
  webSocket.on("message", take);
  webSocket.on("error", (error) => {
    logger.warn("The connection of portos-server broke", { problem: error.message });
  });
  webSocket.on("close", () => {
    stopListening();
    if (timer) clearInterval(timer);
  });
}

function toValue(data: RawData): unknown {
  try {
    return JSON.parse((data as Buffer).toString("utf8"));
  } catch {
    return null; // no JSON, so the schema refuses it and the log says so
  }
}
