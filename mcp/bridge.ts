import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import { AppError } from "../lib/app-error.ts";
import { createMcpLink, type McpMessage } from "../lib/mcp-link.ts";
import { pause, whenAvailable } from "../lib/when-available.ts";

export interface BridgeOptions {
  url: string;
  token: string;
  input: Readable;
  output: Writable;
  /** How long PortOS may be away, as during a restart, before a request is answered with an error. */
  patienceMs?: number;
}

const listenAgainMs = 3_000;
/** Id of a greeting the client knows nothing of. */
const ownId = "portos-bridge";

/**
 * Brings the MCP server of PortOS to the pipes of a program: one JSON message per line, either way. When PortOS was restarted
 * meanwhile it is greeted anew, and the program need not know. Resolves when the program has gone.
 */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const { input, output, patienceMs = 30_000 } = options;
  const away = new AbortController();
  let greeting: McpMessage | null = null;
  let regreeting: Promise<void> | null = null;
  /** The session was lost, and no other one stands yet. */
  let isLost = false;
  let isListening = false;
  /** Requests of the client that were not answered yet. */
  const open = new Set<unknown>();

  const link = createMcpLink({
    ...options,
    onMessage(message) {
      const version = protocolOf(message);
      if (version !== null && message["id"] === (greeting?.["id"] ?? ownId)) link.speak(version);
      if (message["id"] === ownId) {
        if (version !== null) link.speak(version);
        return;
      }
      if (!("method" in message)) open.delete(message["id"]);
      write(message);
    },
  });

  function write(message: McpMessage): void {
    output.write(`${JSON.stringify(message)}\n`);
  }

  /** Tries again while nothing was sent. */
  function patiently(work: () => Promise<void>): Promise<void> {
    return whenAvailable(work, { patienceMs, signal: away.signal });
  }

  function greetAnew(): Promise<void> {
    isLost = true;
    regreeting ??= (async () => {
      link.reset();
      await patiently(() => link.send({ ...greeting, id: ownId }, away.signal));
      await link.send({ jsonrpc: "2.0", method: "notifications/initialized" }, away.signal);
      isLost = false;
    })().finally(() => {
      regreeting = null;
    });
    return regreeting;
  }

  async function send(message: McpMessage): Promise<void> {
    await patiently(() => link.send(message, away.signal));
  }

  async function pass(message: McpMessage): Promise<void> {
    const isGreeting = message["method"] === "initialize";
    const isRequest = "method" in message && "id" in message;
    if (isGreeting) greeting = message;
    if (isRequest) open.add(message["id"]);
    try {
      if (isGreeting) isLost = false;
      else if (isLost) await greetAnew();
      await send(message).catch(async (error: unknown) => {
        if (greeting === null || isGreeting || !isSessionLost(error)) throw error;
        await greetAnew();
        await send(message);
      });
      if (message["method"] === "notifications/initialized") listen();
      if (isRequest && open.has(message["id"])) throw new AppError("upstream_failed", "PortOS gave no answer");
    } catch (error) {
      if (isRequest && open.delete(message["id"]) && !away.signal.aborted) write(failure(message["id"], error));
    }
  }

  /** What PortOS says by itself, as that its tools have changed; a stream that ends is opened again. */
  function listen(): void {
    if (isListening) return;
    isListening = true;
    void (async () => {
      while (!away.signal.aborted) {
        try {
          await link.listen(away.signal);
        } catch (error) {
          if (isSessionLost(error))
            await greetAnew().catch(() => undefined); // it is tried again below
          else if (error instanceof AppError && error.code === "forbidden") return;
        }
        await pause(listenAgainMs, away.signal);
      }
    })();
  }

  const running = new Set<Promise<void>>();
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    const message = parsed(line);
    if (message === null) continue;
    const work = pass(message).finally(() => running.delete(work));
    running.add(work);
  }
  away.abort();
  await Promise.allSettled(running);
  await link.end();
}

function isSessionLost(error: unknown): boolean {
  return error instanceof AppError && error.code === "not_found";
}

function parsed(line: string): McpMessage | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as McpMessage) : null;
  } catch {
    return null; // no message: there is nobody to tell
  }
}

function protocolOf({ result }: McpMessage): string | null {
  if (typeof result !== "object" || result === null || !("protocolVersion" in result)) return null;
  return typeof result.protocolVersion === "string" ? result.protocolVersion : null;
}

function failure(id: unknown, error: unknown): McpMessage {
  const known = error instanceof AppError ? error : new AppError("internal", "It failed", { cause: error });
  const message = known.hint === undefined ? known.message : `${known.message}. ${known.hint}`;
  return { jsonrpc: "2.0", id, error: { code: -32_000, message } };
}
