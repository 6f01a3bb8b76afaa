import type { Guard } from "./guard.ts";

const loopbackNames: Record<string, string> = { localhost: "127.0.0.1", "127.0.0.1": "127.0.0.1", "[::1]": "::1" };

/** Allows this machine's loopback on exactly the given ports, over plain http. */
export function loopbackGuard(ports: readonly number[]): Guard {
  return {
    judge(url) {
      const address = loopbackNames[url.hostname];
      if (address === undefined) return { ok: false, reason: "only this machine may be called" };
      if (url.protocol !== "http:") return { ok: false, reason: "only http may be used on this machine" };
      const port = url.port === "" ? 80 : Number(url.port);
      if (!ports.includes(port)) return { ok: false, reason: `port ${port} is not one of the app's` };
      return { ok: true, addresses: [address] };
    },
  };
}
