import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";

import type { Caller } from "../../contract/features/history.ts";
import { isLoopback } from "../../lib/gate.ts";
import { whois } from "../../lib/tailnet.ts";

const rememberForMs = 60_000;

export interface Callers {
  /** Names who sent a request. Forwarded identity counts only when the peer is loopback and Tailscale itself agrees. */
  identify(request: IncomingMessage): Promise<Caller>;
  /** Whether another device of the tailnet has asked for anything since the start. */
  hasSeenTailnet(): boolean;
}

/** Names callers through Tailscale's whois; answers are kept for a minute. */
export function createCallers(ask: typeof whois = whois): Callers {
  const known = new Map<string, { caller: Caller; until: number }>();

  let hasSeenTailnet = false;

  async function lookUp(address: string, port: number | undefined): Promise<Caller> {
    hasSeenTailnet ||= isTailnetAddress(address);
    const cached = known.get(address);
    if (cached && cached.until > performance.now()) return cached.caller;
    const peer = await ask(address, port);
    const caller: Caller = peer
      ? { name: peer.isTagged ? peer.node : peer.login || peer.node, address, node: peer.node }
      : { name: address, address };
    if (known.size > 500) known.clear();
    known.set(address, { caller, until: performance.now() + rememberForMs });
    return caller;
  }

  return {
    hasSeenTailnet: () => hasSeenTailnet,
    identify(request) {
      const address = plain(request.socket.remoteAddress ?? "");
      if (!isLoopback(address)) return lookUp(address, request.socket.remotePort);
      const forwarded = plain(lastOf(request.headers["x-forwarded-for"]));
      if (forwarded !== "" && isTailnetAddress(forwarded) && ownsTailnetAddress()) return lookUp(forwarded, undefined);
      return Promise.resolve({ name: "this machine", address });
    },
  };
}

function plain(address: string): string {
  return address.replace(/^::ffff:/i, "").replace(/%.*$/, "");
}

function lastOf(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? (header.at(-1) ?? "") : (header ?? "");
  return text.split(",").at(-1)?.trim() ?? "";
}

/** 100.64.0.0/10 and fd7a:115c:a1e0::/48, the ranges Tailscale hands out. */
export function isTailnetAddress(address: string): boolean {
  const [first, second] = address.split(".").map(Number);
  if (first === 100 && second !== undefined) return second >= 64 && second <= 127;
  return address.toLowerCase().startsWith("fd7a:115c:a1e0:");
}

/** With userspace networking a tailnet peer looks like loopback; a real interface is what tells the two apart. */
function ownsTailnetAddress(): boolean {
  return Object.values(networkInterfaces()).some((entries) =>
    (entries ?? []).some((entry) => isTailnetAddress(entry.address)),
  );
}
