import { Agent as HttpAgent, type AgentOptions, type ClientRequest } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";

import { connectToFingerprint, pinnedLookup } from "./pinned-socket.ts";
import type { TlsTrust } from "./tls-trust.ts";

/** What a connection may be used for: one origin, the addresses judged now, whom to trust there. */
export interface ConnectionPurpose {
  origin: string;
  isSecure: boolean;
  addresses: readonly string[];
  trust?: TlsTrust | undefined;
  /** What is sent may be sent twice, so that a connection which is just being closed does no harm. */
  isRepeatable: boolean;
}

/** Connections that are kept open between calls. */
export interface AgentPool {
  /** The agent for a purpose; it dials the judged addresses alone, and knows no connection made for another purpose. */
  agentFor(purpose: ConnectionPurpose): HttpAgent | HttpsAgent;
  /** Closes the connections of a purpose that are idle. */
  dropIdle(purpose: ConnectionPurpose): void;
  /** Closes every connection that is idle, and those in use once they are. */
  close(): void;
}

/** An idle connection is closed after so long, in milliseconds, or a second before the other side says it will. */
const idleMs = 15_000;
/** A call that must not be made twice takes no connection that has been idle longer, in milliseconds. */
const freshMs = 2_000;
const maxIdlePerPurpose = 16;
const maxPurposes = 256;

/** Creates an empty one. It has no timer of its own, and idle connections do not keep a process alive. */
export function createAgentPool(): AgentPool {
  const agents = new Map<string, HttpAgent | HttpsAgent>();

  function forgetOldest(): void {
    const [oldest] = agents;
    if (agents.size <= maxPurposes || !oldest) return;
    agents.delete(oldest[0]);
    retire(oldest[1]);
  }

  return {
    agentFor(purpose) {
      const key = keyOf(purpose);
      const agent = agents.get(key) ?? createAgent(purpose);
      agents.delete(key); // to the end: the first is the one that was not used for longest
      agents.set(key, agent);
      forgetOldest();
      if (!purpose.isRepeatable) closeIdle(agent, freshMs);
      return agent;
    },
    dropIdle(purpose) {
      const agent = agents.get(keyOf(purpose));
      if (agent) closeIdle(agent, 0);
    },
    close() {
      for (const agent of agents.values()) retire(agent);
      agents.clear();
    },
  };
}

/** The one of this process. */
export const sharedAgentPool = createAgentPool();

function keyOf({ origin, addresses, trust }: ConnectionPurpose): string {
  const judged = addresses.length === 1 ? addresses[0] : addresses.toSorted().join(",");
  return `${origin} ${judged}${trust ? ` ${trust.fingerprint256 ?? ""} ${trust.ca ?? ""}` : ""}`;
}

function createAgent({ addresses, isSecure, trust }: ConnectionPurpose): HttpAgent | HttpsAgent {
  const options: AgentOptions = {
    keepAlive: true,
    scheduling: "lifo",
    timeout: idleMs,
    maxFreeSockets: maxIdlePerPurpose,
    lookup: pinnedLookup(addresses),
  };
  return isSecure ? new WatchfulHttpsAgent(options, trust) : new WatchfulHttpAgent(options);
}

const idleSince = new WeakMap<Duplex, number>();

/** Nobody was asked anything: what comes now would be taken for the answer to the next question. */
function hangUp(this: Duplex): void {
  this.destroy();
}

function beginIdle(socket: Duplex): void {
  idleSince.set(socket, performance.now());
  socket.on("data", hangUp);
}

/** Node answers whether it keeps the connection; its types do not say so. */
function keepsAlive(answer: unknown): boolean {
  return answer !== false;
}

function endIdle(socket: Duplex): void {
  socket.removeListener("data", hangUp);
}

class WatchfulHttpAgent extends HttpAgent {
  override keepSocketAlive(socket: Duplex): boolean {
    const isKept = keepsAlive(super.keepSocketAlive(socket));
    if (isKept) beginIdle(socket);
    return isKept;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    endIdle(socket);
    super.reuseSocket(socket, request);
  }
}

class WatchfulHttpsAgent extends HttpsAgent {
  readonly #trust: TlsTrust | undefined;

  constructor(options: AgentOptions, trust: TlsTrust | undefined) {
    const isPinned = trust?.fingerprint256 !== undefined;
    // A resumed session shows no certificate that could be recognised.
    super({ ...options, ...(isPinned ? { maxCachedSessions: 0 } : {}), ...(trust?.ca ? { ca: trust.ca } : {}) });
    this.#trust = isPinned ? trust : undefined;
  }

  /** Hands a connection to a request only after its certificate was recognised, where one is to be. */
  override createConnection(
    options: ConnectionOptions,
    done: (error: Error | null, socket?: Duplex) => void,
  ): Duplex | null | undefined {
    if (!this.#trust) return super.createConnection(options, done);
    connectToFingerprint(options, this.#trust, done);
    return undefined;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const isKept = keepsAlive(super.keepSocketAlive(socket));
    if (isKept) beginIdle(socket);
    return isKept;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    endIdle(socket);
    super.reuseSocket(socket, request);
  }
}

function closeIdle(agent: HttpAgent, olderThanMs: number): void {
  const limit = performance.now() - olderThanMs;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) if ((idleSince.get(socket) ?? 0) <= limit) socket.destroy();
}

/** Its connections in use end when they are no longer used. */
function retire(agent: HttpAgent): void {
  agent.on("free", (socket: { destroy(): void }) => {
    socket.destroy();
  });
  closeIdle(agent, 0);
}
