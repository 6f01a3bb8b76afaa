import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from "@modelcontextprotocol/sdk/types.js";
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

import { visibleText } from "../../../contract/visible-text.ts";
import { AppError } from "../../../lib/app-error.ts";
import { newCorrelationId, withCorrelation } from "../../../lib/correlation.ts";
import type { Logger } from "../../../lib/logger.ts";
import { dataRule } from "../../outside-text.ts";
import type { KnownToken } from "./token-store.ts";
import { failed, type McpTool, type ToolResult } from "./tools/tool.ts";

/** One client, from its greeting to its end. */
export interface McpSession {
  id: string;
  tokenId: string;
  /** Of a run's token. */
  runId: string | null;
  handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void>;
  /** Tells the client to ask for the tools again. */
  tellToolsChanged(): void;
  /** As the client calls itself; `null` until it has. */
  client(): string | null;
  /** Requests and streams that are open. */
  isBusy(): boolean;
  /** Cuts what is under way; with a reason each waiting call hears it before. */
  close(reason?: string): void;
}

export interface SessionParts {
  tokenId: string;
  runId: string | null;
  /** Who comes, where from: as the newest request says. */
  origin: { from: string; address: string };
  version: string;
  /** The token as it is now; `null` when it does not count any more. */
  token(): KnownToken | null;
  tools(token: KnownToken): McpTool[];
  logger: Logger;
}

/** Told again while somebody waits, so that clients that count the time since the last word go on waiting. */
const progressEveryMs = 10_000;
const mostAtOnce = 16;
/** Whoever does not take the last answer by then does not get it. */
const lastWordsMs = 2_000;

/** Opens a session over its own transport; the greeting is the first thing it handles. */
export async function openMcpSession(parts: SessionParts): Promise<McpSession> {
  const id = randomUUID();
  const ended = new AbortController();
  const server = new Server(
    { name: "portos", title: "PortOS", version: parts.version },
    { capabilities: { tools: { listChanged: true } }, instructions: instructions() },
  );
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id });
  let open = 0;
  let running = 0;
  /** Calls whose stream is open: nobody could hear how they end once it is not. */
  const heard = new Map<unknown, AbortController>();
  const quiet = new EventEmitter();

  function known(): KnownToken {
    const token = parts.token();
    if (token !== null) return token;
    throw new McpError(ErrorCode.InvalidRequest, "The token does not count any more");
  }

  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: parts.tools(known()).map(({ run: _run, inputSchema, annotations, name, title, description }) => ({
      name,
      title,
      description,
      inputSchema: { ...inputSchema, type: "object" as const },
      annotations: { title, ...annotations },
    })),
  }));

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const token = known();
    const tool = parts.tools(token).find(({ name }) => name === params.name);
    if (!tool)
      throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name.slice(0, 80)} for this token`);
    if (running >= mostAtOnce) return { ...failed("rate_limited", `${mostAtOnce} calls are under way already`) };
    const progressToken = extra["_meta"]?.progressToken;
    const waiting = createProgress(async (progress, message) => {
      if (progressToken === undefined) return;
      await extra.sendNotification({ method: "notifications/progress", params: { progressToken, progress, message } });
    });
    running += 1;
    try {
      const gone = heard.get(extra.requestId)?.signal;
      const signal = AbortSignal.any([extra.signal, ended.signal, ...(gone === undefined ? [] : [gone])]);
      const correlationId = newCorrelationId();
      const call = { token, ...parts.origin, correlationId, signal, progress: waiting.say };
      const work = withCorrelation(correlationId, () => runTool(tool, params.arguments ?? {}, call));
      return { ...(await unlessEnded(work, ended.signal)) };
    } finally {
      running -= 1;
      waiting.stop();
    }
  });

  async function runTool(tool: McpTool, input: Record<string, unknown>, call: Parameters<McpTool["run"]>[1]) {
    try {
      return await tool.run(input, call);
    } catch (error) {
      return toFailure(error, tool.name, parts.logger);
    }
  }

  await server.connect(transport);

  return {
    id,
    tokenId: parts.tokenId,
    runId: parts.runId,
    async handle(request, response, body) {
      open += 1;
      const gone = new AbortController();
      const requestId = requestIdOf(body);
      if (requestId !== null) heard.set(requestId, gone);
      response.once("close", () => {
        open -= 1;
        heard.delete(requestId);
        if (!response.writableFinished) gone.abort();
        if (heard.size === 0) quiet.emit("quiet");
      });
      await transport.handleRequest(request, response, body);
    },
    tellToolsChanged() {
      server.sendToolListChanged().catch((error: unknown) => {
        parts.logger.debug("An MCP client could not be told of new tools", { problem: String(error) });
      });
    },
    client() {
      const client = server.getClientVersion();
      return client === undefined ? null : visibleText(`${client.name} ${client.version}`).trim().slice(0, 120);
    },
    isBusy: () => open > 0,
    close(reason) {
      ended.abort(new McpError(ErrorCode.ConnectionClosed, reason ?? "The session was closed"));
      const lastWords = reason === undefined || heard.size === 0 ? Promise.resolve() : untilQuiet(quiet);
      lastWords
        .then(() => server.close())
        .catch((error: unknown) => {
          parts.logger.debug("A session of an MCP client could not be closed", { problem: String(error) });
        });
    },
  };
}

/** What the work gives; when the session ends first, why it did. */
async function unlessEnded<T>(work: Promise<T>, ended: AbortSignal): Promise<T> {
  ended.throwIfAborted();
  const done = new AbortController();
  const end = once(ended, "abort", { signal: done.signal }).then(() => {
    throw ended.reason as Error;
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    done.abort();
  }
}

async function untilQuiet(quiet: EventEmitter): Promise<void> {
  try {
    await once(quiet, "quiet", { signal: AbortSignal.timeout(lastWordsMs) });
  } catch {
    // it has had its time
  }
}

function requestIdOf(body: unknown): string | number | null {
  if (typeof body !== "object" || body === null || !("id" in body)) return null;
  return typeof body.id === "string" || typeof body.id === "number" ? body.id : null;
}

/** Says at once that it takes long, and again now and then. */
function createProgress(send: (progress: number, message: string) => Promise<void>) {
  let timer: NodeJS.Timeout | undefined;
  let progress = 0;
  return {
    say(message: string): void {
      const tell = (): void => {
        progress += 1;
        send(progress, message).catch(() => undefined); // whoever is gone needs no word
      };
      clearInterval(timer);
      tell();
      timer = setInterval(tell, progressEveryMs).unref();
    },
    stop(): void {
      clearInterval(timer);
    },
  };
}

function toFailure(error: unknown, tool: string, logger: Logger): ToolResult {
  if (error instanceof AppError) return failed(error.code, error.message, error.hint);
  logger.error("A tool failed", { tool }, error);
  return failed("internal", "It failed within PortOS", "Its log says more: System, Logs, portos-server.");
}

function instructions(): string {
  const what =
    "Tools of PortOS on the user's machine: connectors to the outside, and what PortOS knows of apps, logs, runs.";
  return `${what} Some calls wait until the user allows them. ${dataRule("your answer")}`;
}
