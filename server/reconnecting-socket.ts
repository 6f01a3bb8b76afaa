import { WebSocket, type RawData } from "ws";

import type { Logger } from "../lib/logger.ts";

const retryMs = { first: 100, most: 2000 };
const maxMessageBytes = 64 * 1024 * 1024;
/** A connection that is taken but not answered is given up and tried again. */
const handshakeTimeoutMs = 10_000;

/** A WebSocket that comes back by itself, quietly, for as long as it is not stopped. */
export interface ReconnectingSocket {
  start(): void;
  stop(): void;
  readonly isUp: boolean;
  /** Sends now, or not at all while nobody is connected. */
  send(data: Uint8Array): void;
  onMessage(listener: (data: RawData) => void): void;
  /** Told of every change between connected and lost. */
  onState(listener: (isUp: boolean) => void): () => void;
}

/** Connects to `url`; `name` is what the log calls the other side, in the plural. */
export function createReconnectingSocket(options: { url: string; name: string; logger: Logger }): ReconnectingSocket {
  const { url, name, logger } = options;
  const stateListeners = new Set<(isUp: boolean) => void>();
  const messageListeners = new Set<(data: RawData) => void>();
  let socket: WebSocket | null = null;
  let timer: NodeJS.Timeout | null = null;
  let waitMs = retryMs.first;
  let isUp = false;
  let isStopped = false;

  function setUp(next: boolean): void {
    if (isUp === next) return;
    isUp = next;
    if (next) logger.info(`${name} are connected`);
    else if (!isStopped) logger.warn(`${name} are out of reach`);
    for (const listener of stateListeners) listener(next);
  }

  function connect(): void {
    timer = null;
    const opened = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      handshakeTimeout: handshakeTimeoutMs,
    });
    socket = opened;
    opened.on("open", () => {
      waitMs = retryMs.first;
      setUp(true);
    });
    opened.on("message", (data) => {
      for (const listener of messageListeners) listener(data);
    });
    opened.on("error", (error) => {
      logger.debug(`${name} cannot be reached`, { problem: error.message });
    });
    opened.on("close", () => {
      socket = null;
      setUp(false);
      if (isStopped) return;
      timer = setTimeout(connect, waitMs);
      waitMs = Math.min(waitMs * 2, retryMs.most);
    });
  }

  return {
    start: connect,
    stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
      socket?.terminate();
    },
    get isUp() {
      return isUp;
    },
    send(data) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(data);
    },
    onMessage(listener) {
      messageListeners.add(listener);
    },
    onState(listener) {
      stateListeners.add(listener);
      return () => {
        stateListeners.delete(listener);
      };
    },
  };
}
