import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import type { Caller } from "../contract/features/history.ts";
import { isLoopback } from "./loopback.ts";
import { isTailnetAddress, systemTailscale, type Tailscale, type TailnetPeer, type Whois } from "./tailnet.ts";

/** What this machine is called, and its key among callers. */
export const thisMachine = "this machine";

const rememberForMs = 60_000;
/** A Tailscale that does not answer is asked again soon, and not by each request. */
const retryAfterMs = 2_000;
const lookAgainAfterMs = 5_000;

/** Who stands behind a request, as far as it can be known. */
export type Identity =
  | { kind: "local" }
  | { kind: "peer"; address: string; peer: TailnetPeer }
  /** Tailscale does not know this address of its range, or does not answer. */
  | { kind: "unknown" | "unreachable"; address: string }
  /** Not of the tailnet: one of the networks the user allows. */
  | { kind: "outside"; address: string }
  /** Came through this machine with headers that name somebody else and do not count. */
  | { kind: "unproven" };

export interface Callers {
  /** Names who sent a request, for people to read. */
  identify(request: IncomingMessage): Promise<Caller>;
  /** Who sent a request; at once where nobody has to be asked. Forwarded identity counts only when Tailscale itself agrees. */
  know(request: IncomingMessage): Identity | Promise<Identity>;
  /** Whether another device of the tailnet has asked for anything since the start. */
  hasSeenTailnet(): boolean;
  /** Whether Tailscale runs without a network interface, so that its peers come through loopback. */
  isUserspace(): boolean;
}

/** Names callers through Tailscale's whois; answers are kept for a minute. */
export function createCallers(tailscale: Tailscale = systemTailscale): Callers {
  const known = new Map<string, { identity: Identity; until: number }>();
  const behind = new WeakMap<Socket, Promise<Identity>>();
  let hasSeenTailnet = false;
  let userspace = { is: false, until: 0 };

  function isUserspace(): boolean {
    if (userspace.until < performance.now())
      userspace = {
        is: tailscale.isInstalled() && !tailscale.hasInterface(),
        until: performance.now() + lookAgainAfterMs,
      };
    return userspace.is;
  }

  function lookUp(address: string, port: number | undefined): Identity | Promise<Identity> {
    if (!isTailnetAddress(address)) return { kind: "outside", address };
    hasSeenTailnet = true;
    const cached = known.get(address);
    if (cached && cached.until > performance.now()) return cached.identity;
    return tailscale.whois(address, port).then((answer) => {
      const identity = toIdentity(answer, address);
      if (known.size > 500) known.clear();
      const keepMs = identity.kind === "unreachable" ? retryAfterMs : rememberForMs;
      known.set(address, { identity, until: performance.now() + keepMs });
      return identity;
    });
  }

  /** With userspace networking a tailnet peer looks like loopback; Tailscale knows for whom it made a connection. */
  function behindLoopback({ socket }: IncomingMessage): Promise<Identity> {
    let answer = behind.get(socket);
    answer ??= tailscale
      .whois(plainAddress(socket.remoteAddress), socket.remotePort)
      .then((found) =>
        found.kind === "known" ? toIdentity(found, plainAddress(socket.remoteAddress)) : { kind: "local" },
      );
    behind.set(socket, answer);
    return answer;
  }

  function know(request: IncomingMessage): Identity | Promise<Identity> {
    const address = plainAddress(request.socket.remoteAddress);
    if (!isLoopback(address)) return lookUp(address, request.socket.remotePort);
    const forwarded = forwardedFor(request);
    const said = request.headers["tailscale-user-login"];
    if (forwarded === "" && said === undefined) return isUserspace() ? behindLoopback(request) : { kind: "local" };
    // Without an interface a peer may come through loopback itself, and could name whom it likes.
    const isForgeable = isUserspace() || (isTailnetAddress(forwarded) && !tailscale.hasInterface());
    if (forwarded === "" || isForgeable) return { kind: "unproven" };
    const found = lookUp(forwarded, undefined);
    return found instanceof Promise ? found.then((one) => agreed(one, said)) : agreed(found, said);
  }

  return {
    know,
    isUserspace,
    hasSeenTailnet: () => hasSeenTailnet,
    async identify(request) {
      const found = await know(request);
      return toCaller(found, plainAddress(request.socket.remoteAddress));
    },
  };
}

/** How a caller is called in the history. */
export function toCaller(identity: Identity, socketAddress: string): Caller {
  if (identity.kind === "local" || identity.kind === "unproven") return { name: thisMachine, address: socketAddress };
  if (identity.kind !== "peer") return { name: identity.address, address: identity.address };
  const { peer, address } = identity;
  return { name: peer.isTagged ? peer.node : peer.login || peer.node, address, node: peer.node };
}

/** What stays the same for one device, whichever of its addresses it comes from. */
export function callerKey({ address, node }: Caller): string {
  return isLoopback(address) && node === undefined ? thisMachine : (node ?? address);
}

function toIdentity(answer: Whois, address: string): Identity {
  return answer.kind === "known" ? { kind: "peer", address, peer: answer.peer } : { kind: answer.kind, address };
}

/** The header of Tailscale's proxy must say what whois says. */
function agreed(identity: Identity, said: string | string[] | undefined): Identity {
  if (said === undefined) return identity;
  const isRight = identity.kind === "peer" && String(said).toLowerCase() === identity.peer.login.toLowerCase();
  return isRight || identity.kind === "unreachable" ? identity : { kind: "unproven" };
}

/** An address without the prefix of IPv4 in IPv6 and without a zone. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/i, "").replace(/%.*$/, "");
}

/** The last one named that is not loopback: each proxy of this machine adds who came to it. "" when there is none. */
export function forwardedFor(request: IncomingMessage): string {
  const text = [request.headers["x-forwarded-for"] ?? ""].flat().join(",");
  const named = text.split(",").map((part) => plainAddress(part.trim()));
  return named.findLast((address) => address !== "" && !isLoopback(address)) ?? "";
}
