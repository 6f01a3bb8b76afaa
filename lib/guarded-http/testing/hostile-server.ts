import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";

import type { MadeCertificate } from "./make-certificate.ts";

export interface StartedServer {
  port: number;
  /** Connections that were ever opened. */
  connections(): number;
  /** Connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

/** An HTTP server on loopback, with TLS when there is a certificate. */
export function startHttp(listener: RequestListener, certificate?: MadeCertificate): Promise<StartedServer> {
  return start(
    certificate
      ? createSecureServer({ key: certificate.key, cert: certificate.cert }, listener)
      : createServer(listener),
  );
}

/** A server that answers with whatever bytes `onData` writes when something has come. */
export function startRaw(onData: (socket: Socket, bytes: Buffer) => void): Promise<StartedServer> {
  return start(
    createTcpServer((socket) => {
      socket.on("error", () => undefined); // hung up on: that is what these tests are about
      socket.on("data", (bytes) => {
        onData(socket, bytes);
      });
    }),
  );
}

async function start(server: Server): Promise<StartedServer> {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on("connection", (socket) => {
    opened += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => opened,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
