import { createServer, type AddressInfo } from "node:net";

/** A port of loopback that was free a moment ago, low enough for the six that follow it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port <= 65_000 ? port : freePort();
}
