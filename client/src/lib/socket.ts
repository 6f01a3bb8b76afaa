import type { Socket } from "socket.io-client";

import type { Ack, Channel, ClientPayload, ClientReply, ServerPayload } from "../../../contract/channel.ts";
import type { Channels } from "../../../contract/index.ts";
import { ApiError } from "./api-error.ts";
import { call } from "./api.ts";
import { createObservable, type Observable } from "./observable.ts";
import { needsPin } from "./step-up.ts";

/** State of the one connection of this page. */
export type ConnectionState = "live" | "reconnecting" | "offline";

const ackTimeoutMs = 10_000;
/** Longer than a restart of portos-server takes; after that we say offline instead of hoping aloud. */
const offlineAfterMs = 12_000;

/** What the header's dot shows. */
export const connection: Observable<ConnectionState> = createObservable<ConnectionState>("reconnecting");
/** Counts connections made, the first included: whoever must subscribe anew follows it. */
export const connectionCount: Observable<number> = createObservable(0);

let opening: Promise<Socket> | null = null;

/** Opens the connection on first use; the library comes in its own chunk, after the first paint. */
export function openSocket(): Promise<Socket> {
  opening ??= import("socket.io-client").then(({ io }) =>
    follow(io({ transports: ["websocket", "polling"], reconnectionDelayMax: 3000 })),
  );
  return opening;
}

function follow(socket: Socket): Socket {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lost = (): void => {
    connection.set(navigator.onLine ? "reconnecting" : "offline");
    clearTimeout(timer);
    timer = setTimeout(() => {
      connection.set("offline");
    }, offlineAfterMs);
  };
  socket.on("connect", () => {
    clearTimeout(timer);
    connection.set("live");
    connectionCount.set(connectionCount.get() + 1);
  });
  socket.on("disconnect", (reason) => {
    lost();
    // The server closed us on purpose (a restart does): the library does not come back by itself then.
    if (reason === "io server disconnect") socket.connect();
  });
  lost();
  globalThis.addEventListener("online", () => socket.connect());
  globalThis.addEventListener("offline", () => {
    connection.set("offline");
  });
  return socket;
}

/** Id of the connection as the server knows it; `null` without one. */
export async function connectionId(): Promise<string | null> {
  return (await openSocket()).id ?? null;
}

/** Tells the server that this connection belongs to a browser with the PIN entered, which asks for it when it is not. */
export async function openConnection(): Promise<void> {
  const socket = await connectionId();
  if (socket !== null) await call("access.openSocket", { body: { socket } });
}

/** One channel of the contract over the shared connection. */
export interface ChannelClient<C extends Channel> {
  /** Sends an event and waits for its acknowledgement. Throws `ApiError`: the refusal, `timeout`, or `unavailable` without a connection. */
  emit<K extends keyof C["client"] & string>(event: K, payload: ClientPayload<C, K>): Promise<ClientReply<C, K>>;
  /** Listens until the returned function is called. */
  on<K extends keyof C["server"] & string>(event: K, listener: (payload: ServerPayload<C, K>) => void): () => void;
}

/** Typed access to a channel of the contract: `channel("detect").emit("start", { … })`. */
export function channel<N extends keyof Channels>(name: N): ChannelClient<Channels[N]> {
  return {
    emit: async (event, payload) => {
      const socket = await openSocket();
      if (!socket.connected) {
        throw new ApiError({
          code: "unavailable",
          message: "No live connection to PortOS",
          hint: "It reconnects by itself.",
        });
      }
      try {
        return (await acknowledged(socket, `${name}:${event}`, payload)) as ClientReply<Channels[N], typeof event>;
      } catch (error) {
        if (!needsPin(error)) throw error;
        await openConnection();
        return (await acknowledged(socket, `${name}:${event}`, payload)) as ClientReply<Channels[N], typeof event>;
      }
    },
    on: (event, listener) => listen(`${name}:${event}`, listener as (payload: unknown) => void),
  };
}

async function acknowledged(socket: Socket, event: string, payload: unknown): Promise<unknown> {
  let ack: Ack<unknown>;
  try {
    ack = (await socket.timeout(ackTimeoutMs).emitWithAck(event, payload)) as Ack<unknown>;
  } catch {
    throw new ApiError({ code: "timeout", message: `PortOS did not acknowledge ${event} in time` });
  }
  if (!ack.ok) throw new ApiError(ack.error);
  return ack.data;
}

function listen(event: string, listener: (payload: unknown) => void): () => void {
  let isWanted = true;
  let attached: Socket | null = null;
  void openSocket().then((socket) => {
    if (!isWanted) return;
    attached = socket;
    socket.on(event, listener);
  });
  return () => {
    isWanted = false;
    attached?.off(event, listener);
  };
}
