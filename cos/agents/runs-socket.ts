import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

import { WebSocketServer, type WebSocket } from "ws";

import { runsSocketPath, type RunsMessage } from "../../contract/internal/runs.ts";
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
  gate: Gate;
  runs: Pick<RunsService, "onMessage" | "readEvents">;
  logger: Logger;
}

/** Tells every change of a run to portos-server. Who reads slowly gets the events from the files later, all of them. */
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
      tellEvents(message);
    } else if (message.kind === "run" && webSocket.bufferedAmount > mostWaiting) {
      held.set(message.run.id, message);
      later();
    } else {
      if (message.kind === "run") held.delete(message.run.id);
      send(message);
    }
  }

  async function catchUp(): Promise<void> {
    isReading = true;
    try {
      for (const [id, place] of behind) {
        const events = await runs.readEvents(id, place.next - 1, readAtOnce);
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
  webSocket.on("error", (error) => {
    logger.warn("The connection of portos-server broke", { problem: error.message });
  });
  webSocket.on("close", () => {
    stopListening();
    if (timer) clearInterval(timer);
  });
}
