import { runsMessageSchema, runsSocketPath, type RunsMessage } from "../contract/internal/runs.ts";
import type { Logger } from "../lib/logger.ts";
import { createReconnectingSocket } from "./reconnecting-socket.ts";

/** Everything portos-cos tells about runs, as it happens. */
export interface RunsLink {
  start(): void;
  stop(): void;
  readonly isUp: boolean;
  onMessage(listener: (message: RunsMessage) => void): () => void;
  onState(listener: (isUp: boolean) => void): () => void;
}

/** The WebSocket of portos-server to the runs of portos-cos at `url` ("ws://127.0.0.1:5558"). */
export function createRunsLink({ url, logger }: { url: string; logger: Logger }): RunsLink {
  const listeners = new Set<(message: RunsMessage) => void>();
  const socket = createReconnectingSocket({ url: `${url}${runsSocketPath}`, name: "Runs of portos-cos", logger });
  socket.onMessage((data) => {
    const message = runsMessageSchema.safeParse(toValue(data as Buffer));
    if (message.success) for (const listener of listeners) listener(message.data);
    else logger.warn("A message about runs was not understood", { problem: message.error.issues[0]?.message });
  });
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
  };
}

function toValue(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString("utf8"));
  } catch {
    return null; // no JSON, so the schema refuses it and the log says so
  }
}
