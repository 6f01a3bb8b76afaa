import type { IncomingMessage, ServerResponse } from "node:http";

import { thisMachine, type Callers } from "../../../lib/callers.ts";
import type { Clock } from "../../../lib/clock.ts";
import { sendJson, toErrorBody } from "../../../lib/endpoint-runner.ts";
import type { Gate } from "../../../lib/gate.ts";
import { readJsonBody } from "../../../lib/json-body.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { McpSession } from "./mcp-session.ts";
import type { KnownToken, TokenStore } from "./token-store.ts";
import { toolsFor, type ToolParts } from "./tool-list.ts";

export interface DoorParts {
  tokens: TokenStore;
  tools: ToolParts;
  callers: Pick<Callers, "identify">;
  /** A program of a run is let in at the gate; here it is held to that run. */
  runProgramOf: Gate["runProgramOf"];
  clock: Pick<Clock, "monotonic">;
  version: string;
  logger: Logger;
}

/** Where MCP clients come in. */
export interface McpDoor {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Tells every client to ask for its tools again. */
  tellToolsChanged(): void;
  /** Clients that are connected. */
  count(): number;
  stop(): void;
}

const largestMessage = 4 * 1024 * 1024;
const mostSessions = 200;
/** Of one token; the one that was quiet for longest makes room. */
const mostOfToken = 20;
const quietMs = 3_600_000;
const sweepEveryMs = 60_000;

/**
 * Speaks the protocol over HTTP, with a session for each client: only a session has a stream on which a client hears that its tools
 * have changed. Who comes without a token that counts gets nothing, whatever the session.
 */
export function createMcpDoor(parts: DoorParts): McpDoor {
  const { tokens, tools, callers, clock, version } = parts;
  const logger = parts.logger.child("mcp");
  const sessions = new Map<
    string,
    { session: McpSession; origin: { from: string; address: string }; seenAt: number }
  >();

  /** The token of a request; `null` when it has none that counts for whoever sent it. */
  function tokenOf(request: IncomingMessage): KnownToken | null {
    const [, secret] = /^Bearer ([\w-]{1,200})$/i.exec(request.headers.authorization ?? "") ?? [];
    const token = secret === undefined ? null : tokens.find(secret);
    const program = parts.runProgramOf(request);
    if (token === null || program === null) return token;
    // An agent that has found a token of the user's, or of another run, must not be more than its own run.
    return program.reason === "agent" && token.runId !== null && program.runId === token.runId ? token : null;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = tokenOf(request);
    if (token === null) {
      request.resume();
      response.setHeader("WWW-Authenticate", 'Bearer realm="PortOS"');
      refuse(response, 401, "A token that counts is needed. Make one in PortOS: Connectors, MCP.");
      return;
    }
    const caller = await callers.identify(request);
    const origin = {
      from: caller.node ?? (caller.name === thisMachine ? thisMachine : caller.name),
      address: caller.address,
    };
    const body = request.method === "POST" ? await readJsonBody(request, largestMessage) : undefined;
    const asked = request.headers["mcp-session-id"];
    const found = typeof asked === "string" ? sessions.get(asked) : undefined;
    if (asked !== undefined && found?.session.tokenId !== token.id) {
      refuse(response, 404, "There is no such session; greet anew.");
      return;
    }
    if (found) {
      found.seenAt = clock.monotonic();
      Object.assign(found.origin, origin);
      tokens.noteUse(token.id, { client: found.session.client(), from: origin.from });
      await found.session.handle(request, response, body);
      if (request.method === "DELETE") drop(found.session);
      return;
    }
    if (!isGreeting(body)) {
      refuse(response, 400, "Greet first: a session begins with initialize.");
      return;
    }
    const session = await open(token, origin);
    await session.handle(request, response, body);
    tokens.noteUse(token.id, { client: session.client(), from: origin.from });
  }

  async function open(token: KnownToken, origin: { from: string; address: string }): Promise<McpSession> {
    makeRoom(token.id);
    // Half a megabyte of code that only this needs.
    const { openMcpSession } = await import("./mcp-session.ts");
    const session = await openMcpSession({
      tokenId: token.id,
      runId: token.runId,
      origin,
      version,
      token: () => tokens.byId(token.id),
      tools: (now) => toolsFor(now, tools),
      logger,
    });
    sessions.set(session.id, { session, origin, seenAt: clock.monotonic() });
    return session;
  }

  function makeRoom(tokenId: string): void {
    const byAge = [...sessions.values()].toSorted((a, b) => a.seenAt - b.seenAt).map(({ session }) => session);
    const own = byAge.filter((session) => session.tokenId === tokenId);
    const full = own.length >= mostOfToken ? own[0] : byAge.length >= mostSessions ? byAge[0] : undefined;
    if (full) drop(full);
  }

  function drop(session: McpSession, reason?: string): void {
    if (sessions.delete(session.id)) session.close(reason);
  }

  /** Told to calls that wait, or their client would go on waiting. */
  function whyOver({ tokenId, runId }: McpSession): string {
    if (runId !== null) return "The token of this run was taken back: the run has ended, or runs get no tools any more";
    return tokens.list().some(({ id }) => id === tokenId) ? "The token has expired" : "The token was revoked";
  }

  /** Sessions whose token was taken away, and those nobody uses any more. */
  function sweep(): void {
    const now = clock.monotonic();
    for (const { session, seenAt } of sessions.values()) {
      const isQuiet = now - seenAt > quietMs && !session.isBusy();
      if (tokens.byId(session.tokenId) === null) drop(session, whyOver(session));
      else if (isQuiet) drop(session);
    }
  }

  const rightsOf = (): string =>
    JSON.stringify([...sessions.values()].map(({ session }) => tokens.byId(session.tokenId)));
  let rights = rightsOf();
  tokens.onChange(() => {
    sweep();
    const next = rightsOf();
    if (next !== rights) tellToolsChanged();
    rights = next;
  });
  const timer = setInterval(sweep, sweepEveryMs).unref();

  function tellToolsChanged(): void {
    for (const { session } of sessions.values()) session.tellToolsChanged();
  }

  return {
    async handle(request, response) {
      try {
        await handle(request, response);
      } catch (error) {
        const { status, body } = toErrorBody(error, "");
        if (status >= 500) logger.error("A request of an MCP client failed", {}, error);
        if (response.headersSent) response.destroy();
        else sendJson(response, status, body);
      }
    },
    tellToolsChanged,
    count: () => sessions.size,
    stop() {
      clearInterval(timer);
      for (const { session } of sessions.values()) drop(session);
    },
  };
}

function isGreeting(body: unknown): boolean {
  return typeof body === "object" && body !== null && "method" in body && body.method === "initialize";
}

/** As the protocol says it. */
function refuse(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, {
    jsonrpc: "2.0",
    error: { code: status === 404 ? -32_001 : -32_000, message },
    id: null,
  });
}
