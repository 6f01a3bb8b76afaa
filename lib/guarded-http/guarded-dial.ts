import { connect as tcpConnect, isIP, type Socket } from "node:net";
import { connect as tlsConnect, type ConnectionOptions } from "node:tls";

import type { AppError } from "../app-error.ts";
import { CallFailure } from "./call-failure.ts";
import { createCallWatch } from "./call-watch.ts";
import type { Guard } from "./guard.ts";
import { judgeUrl } from "./judge-url.ts";
import { connectToFingerprint, pinnedLookup } from "./pinned-socket.ts";
import type { TlsTrust } from "./tls-trust.ts";
import { beginHop, type Trace, type TraceHop } from "./trace.ts";
import { parseHostAndPort } from "./url-host.ts";

export interface GuardedDial {
  /** A name or an address; an IPv6 address with or without brackets. */
  host: string;
  port: number;
  /** With TLS from the first byte on; `false` for a plain connection, which a library may secure itself. */
  isSecure: boolean;
  /** Protocols to offer (ALPN). */
  protocols?: readonly string[];
  guard: Guard;
  /** Time until the connection is ready to use, in milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Gets one hop. */
  trace?: Trace;
}

/**
 * Opens a connection for a library that speaks its own protocol: host and port are judged as a URL is, and only judged
 * addresses are dialled. What is sent over it afterwards is the library's own. Throws `CallFailure`s as `guardedRequest` does.
 */
export async function guardedDial(dial: GuardedDial): Promise<Socket> {
  const { isSecure, guard, timeoutMs, trace } = dial;
  const url = urlOf(dial);
  const hop = beginHop(trace, "CONNECT", url);
  const watch = createCallWatch(dial.signal, { timeoutMs });
  const startedAt = performance.now();
  try {
    const { addresses, trust } = await judgeUrl(guard, url, {
      hop,
      signal: watch.signal,
      shown: `${url.hostname}:${dial.port}`,
    });
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const options = { host, port: dial.port, lookup: pinnedLookup(addresses) };
    const socket = isSecure
      ? await openSecure({ ...options, ...secureOptions(host, dial.protocols) }, trust, watch.signal)
      : await whenReady(tcpConnect(options), "connect", watch.signal);
    noteDialled(hop, socket, startedAt);
    return socket;
  } catch (error) {
    const failure = readableFailure(watch.errorOf(error), timeoutMs);
    if (hop.refusal === null) hop.failure ??= failure.message;
    throw failure;
  } finally {
    watch.stop();
  }
}

function urlOf({ host, port, isSecure }: GuardedDial): URL {
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  const parsed = Number.isInteger(port) && port > 0 && port < 65_536 ? parseHostAndPort(`${shown}:${port}`) : null;
  if (parsed === null)
    throw new CallFailure("refused", `${shown}:${port} must not be called: it is not a host with a port`, {
      refusal: { code: "host", reason: "it is not a host with a port" },
    });
  return new URL(`${isSecure ? "https" : "http"}://${shown}:${port}/`);
}

function secureOptions(host: string, protocols: readonly string[] | undefined): ConnectionOptions {
  return {
    ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, "") } : {}),
    ...(protocols ? { ALPNProtocols: [...protocols] } : {}),
  };
}

function openSecure(options: ConnectionOptions, trust: TlsTrust | undefined, signal: AbortSignal): Promise<Socket> {
  if (trust?.fingerprint256 === undefined)
    return whenReady(
      tlsConnect({ ...options, ...(trust?.ca === undefined ? {} : { ca: trust.ca }) }),
      "secureConnect",
      signal,
    );
  return new Promise((resolve, reject) => {
    const socket = connectToFingerprint(options, trust, (error, ready) => {
      signal.removeEventListener("abort", stop);
      if (ready) resolve(ready);
      else reject(error ?? new Error("no connection"));
    });
    const stop = (): void => {
      socket.destroy(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

function whenReady(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      signal.removeEventListener("abort", stop);
      socket.removeListener("error", finish);
      socket.removeListener(event, ready);
      socket.removeListener("close", onClose);
      if (error) reject(error);
      else resolve(socket);
    };
    const ready = (): void => {
      finish();
    };
    const onClose = (): void => {
      finish(new CallFailure("cut", "No answer: the connection was cut"));
    };
    const stop = (): void => {
      socket.once("error", () => undefined); // told already
      finish(signal.reason as Error);
      socket.destroy();
    };
    socket.once("error", finish);
    socket.once("close", onClose);
    socket.once(event, ready);
    signal.addEventListener("abort", stop, { once: true });
  });
}

function noteDialled(hop: TraceHop, socket: Socket, startedAt: number): void {
  hop.address = socket.remoteAddress ?? null;
  hop.headersMs = performance.now() - startedAt;
  const count = (): void => {
    hop.sentBytes = socket.bytesWritten;
    hop.receivedBytes = socket.bytesRead;
    hop.decodedBytes = socket.bytesRead;
  };
  socket.once("close", count);
}

function readableFailure(failure: AppError, timeoutMs: number): AppError {
  if (!(failure instanceof CallFailure) || failure.reason !== "timeout") return failure;
  return new CallFailure("timeout", `No connection within ${timeoutMs} ms`, { cause: failure.cause });
}
