import type { Client } from "chrome-remote-interface";

import { AppError } from "../app-error.ts";
import type { CdpHttp } from "./cdp-http.ts";

/** Without a list of commands the client takes none from Chrome and builds no helpers: `send` is all we need. */
const noProtocol = { version: { major: "1", minor: "3" }, domains: [] };

const closeWithinMs = 500;

/**
 * Runs `work` with a connection to the whole browser and releases it afterwards. Everything together takes at most
 * `timeoutMs`, else it is a `timeout`: Chrome itself sets no limit to a command.
 */
export async function withBrowserClient<T>(
  http: CdpHttp,
  timeoutMs: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const timer = createDeadline(timeoutMs);
  const connecting = openBrowserClient(http);
  try {
    const client = await Promise.race([connecting, timer.expired]);
    return await Promise.race([work(client), timer.expired]);
  } finally {
    timer.clear();
    release(connecting);
  }
}

/** A connection to the whole browser, with commands and events. */
export type BrowserClient = Client;

/** Opens a connection to the whole browser; whoever opens it closes it. `withBrowserClient` does both. */
export async function openBrowserClient(http: CdpHttp): Promise<BrowserClient> {
  const { webSocketDebuggerUrl } = await http.version();
  const { default: connectTo } = await import("chrome-remote-interface");
  return connectTo({ target: webSocketDebuggerUrl, protocol: noProtocol });
}

/** Lets go of a connection whenever it stands: closing may hang when Chrome does, and must not hold anybody up. */
function release(connecting: Promise<Client>): void {
  connecting.then(closeBrowserClient).catch(() => undefined); // never connected: nothing to let go of
}

/** Closes a connection, and waits for that no longer than a moment. */
export async function closeBrowserClient(client: BrowserClient): Promise<void> {
  await Promise.race([client.close(), new Promise((resolve) => setTimeout(resolve, closeWithinMs))]);
}

function createDeadline(timeoutMs: number): { expired: Promise<never>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AppError("timeout", `Chrome did not answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  expired.catch(() => undefined); // it may expire when nobody waits for it any more
  return {
    expired,
    clear() {
      clearTimeout(timer);
    },
  };
}
