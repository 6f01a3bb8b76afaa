import { createConnection, type Socket } from "node:net";

import { AppError } from "../app-error.ts";
import { createMessageParser, packMessage, unpackArgument } from "./axon-message.ts";

/** One request/reply connection to a daemon, opened on demand and again after it was lost. */
export interface AxonRequests {
  /** Calls a method; rejects with `unavailable` when no daemon listens, `timeout` when it does not answer in time. */
  call(method: string, argument: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** Remote calls over a Unix socket as PM2 speaks them: `{type:"call",method,args}` and an id, answered by `{args}` or `{error}` and the id. */
export function createAxonRequests(socketFile: string): AxonRequests {
  const pending = new Map<string, Pending>();
  let opening: Promise<Socket> | null = null;
  let current: Socket | null = null;
  let count = 0;

  function settle(id: string, act: (entry: Pending) => void): void {
    const entry = pending.get(id);
    if (!entry) return;
    pending.delete(id);
    clearTimeout(entry.timer);
    act(entry);
    if (pending.size === 0) current?.unref();
  }

  function receive(parts: Buffer[]): void {
    const [reply, id] = parts.map(unpackArgument);
    if (typeof id !== "string" || typeof reply !== "object" || reply === null) return;
    settle(id, (entry) => {
      if ("error" in reply) entry.reject(new AppError("upstream_failed", `PM2: ${describe(reply.error)}`));
      else entry.resolve("args" in reply && Array.isArray(reply.args) ? reply.args[0] : null);
    });
  }

  function lose(): void {
    current = null;
    opening = null;
    for (const id of pending.keys())
      settle(id, (entry) => {
        entry.reject(absent());
      });
  }

  function open(): Promise<Socket> {
    opening ??= connectTo(socketFile).then((socket) => {
      current = socket;
      socket.on("data", guarded(socket, createMessageParser(receive)));
      socket.on("error", () => socket.destroy());
      socket.on("close", lose);
      return socket;
    });
    opening.catch(() => {
      opening = null;
    });
    return opening;
  }

  return {
    async call(method, argument, timeoutMs) {
      const socket = await open();
      return new Promise((resolve, reject) => {
        const id = `${process.pid}:${++count}`;
        const timer = setTimeout(() => {
          settle(id, (entry) => {
            entry.reject(new AppError("timeout", `PM2 did not answer "${method}" within ${timeoutMs} ms`));
          });
        }, timeoutMs);
        pending.set(id, { resolve, reject, timer });
        socket.ref();
        socket.write(packMessage([{ type: "call", method, args: [argument] }, id]));
      });
    },
    close() {
      current?.destroy();
      lose();
    },
  };
}

export interface AxonSubscription {
  close(): void;
}

export interface AxonSubscriberOptions {
  /** Topics to unpack; everything else on the bus is skipped unread. */
  topics: ReadonlySet<string>;
  onMessage: (topic: string, value: unknown) => void;
  /** Called when the bus came or went. */
  onLink: (isUp: boolean) => void;
  /** First wait before looking for the daemon again; doubles up to two seconds. */
  retryMs?: number;
}

/** Follows the publish socket of a daemon, quietly looking for it again whenever it is not there. */
export function subscribeAxon(socketFile: string, options: AxonSubscriberOptions): AxonSubscription {
  const { topics, onMessage, onLink, retryMs = 100 } = options;
  let isClosed = false;
  let socket: Socket | null = null;
  let timer: NodeJS.Timeout | null = null;
  let wait = retryMs;

  function retry(): void {
    if (isClosed) return;
    timer = setTimeout(open, wait);
    timer.unref();
    wait = Math.min(wait * 2, 2_000);
  }

  function receive(parts: Buffer[]): void {
    const [topicBytes, valueBytes] = parts;
    if (!topicBytes || !valueBytes) return;
    const topic = unpackArgument(topicBytes);
    if (typeof topic === "string" && topics.has(topic)) onMessage(topic, unpackArgument(valueBytes));
  }

  function open(): void {
    connectTo(socketFile).then((opened) => {
      if (isClosed) return opened.destroy();
      socket = opened;
      wait = retryMs;
      opened.on("data", guarded(opened, createMessageParser(receive)));
      opened.on("error", () => opened.destroy());
      opened.on("close", () => {
        socket = null;
        if (isClosed) return;
        onLink(false);
        retry();
      });
      onLink(true);
      return undefined;
    }, retry);
  }

  open();
  return {
    close() {
      isClosed = true;
      if (timer) clearTimeout(timer);
      socket?.destroy();
    },
  };
}

/** A peer that sends what is no message is cut off instead of taking the process down. */
function guarded(socket: Socket, parse: (chunk: Buffer) => void): (chunk: Buffer) => void {
  return (chunk) => {
    try {
      parse(chunk);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

function connectTo(socketFile: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketFile);
    socket.once("error", (cause) => {
      socket.destroy();
      reject(absent(cause));
    });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

function absent(cause?: Error): AppError {
  return new AppError("unavailable", "PM2 is not running", cause ? { cause } : {});
}

function describe(error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error === "object" && error !== null) {
    if ("msg" in error && typeof error.msg === "string") return error.msg;
    if ("message" in error && typeof error.message === "string") return error.message;
  }
  return "the command failed";
}
