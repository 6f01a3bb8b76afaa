import { createServer, type AddressInfo } from "node:net";

/** A proxy on this machine that leads nowhere. */
export interface DeadEnd {
  port: number;
  close(): Promise<void>;
}

/**
 * Opens one: it hangs up on everybody without reading a word. Whatever of a page does not pass the gateway ends here, and no other
 * program can take the port while a page is open.
 */
export async function openDeadEnd(): Promise<DeadEnd> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // nobody is told what becomes of it
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
