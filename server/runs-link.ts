import { runsMessageSchema, runsSocketPath, type RunsMessage, type RunsRequest } from "../contract/internal/runs.ts";
import type { Logger } from "../lib/logger.ts";
import { createReconnectingSocket } from "./reconnecting-socket.ts";

/** What portos-cos tells about runs as it happens: every change, and the events of those that are watched. */
export interface RunsLink {
  start(): void;
  stop(): void;
  readonly isUp: boolean;
  onMessage(listener: (message: RunsMessage) => void): () => void;
  onState(listener: (isUp: boolean) => void): () => void;
  /** Has the events of a run told, until the answer is called. `watched` comes when nothing is missed from then on. */
  watch(id: string): () => void;
}

/** The WebSocket of portos-server to the runs of portos-cos at `url` ("ws://127.0.0.1:5558"). */
export function createRunsLink({ url, logger }: { url: string; logger: Logger }): RunsLink {
  const listeners = new Set<(message: RunsMessage) => void>();
  /** How many watch a run. */
  const watches = new Map<string, number>();
  const socket = createReconnectingSocket({ url: `${url}${runsSocketPath}`, name: "Runs of portos-cos", logger });
  socket.onMessage((data) => {
    const message = runsMessageSchema.safeParse(toValue(data as Buffer));
    if (message.success) for (const listener of listeners) listener(message.data);
    else logger.warn("A message about runs was not understood", { problem: message.error.issues[0]?.message });
  });
  const ask = (request: RunsRequest): void => {
    socket.send(Buffer.from(JSON.stringify(request)));
  };
  socket.onState((isUp) => {
    if (!isUp) return;
    ask({ kind: "select" });
    for (const id of watches.keys()) ask({ kind: "watch", id });
  });

  function count(id: string, by: 1 | -1): void {
    const before = watches.get(id) ?? 0;
    if (before + by === 0) {
      watches.delete(id);
      ask({ kind: "unwatch", id });
    } else {
      watches.set(id, before + by);
      if (before === 0) ask({ kind: "watch", id });
    }
  }

  return {
    start: () => {
      socket.start();
    },
    stop: () => {
      socket.stop();
    },
    get isUp() {
      return socket.isUp;
    },
    onMessage(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    onState: (listener) => socket.onState(listener),
    watch(id) {
      count(id, 1);
      let isOver = false;
      return () => {
        if (!isOver) count(id, -1);
        isOver = true;
      };
    },
  };
}

function toValue(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString("utf8"));
  } catch {
    return null; // no JSON, so the schema refuses it and the log says so
  }
}
