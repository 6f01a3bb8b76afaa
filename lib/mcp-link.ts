import { request as httpRequest, type IncomingMessage } from "node:http";

import { AppError } from "./app-error.ts";

/** One message of JSON-RPC, either way. */
export type McpMessage = Record<string, unknown>;

export interface McpLinkOptions {
  /** Of this machine: the token is sent along. */
  url: string;
  token: string;
  /** Told of each message that comes. */
  onMessage(message: McpMessage): void;
}

/** A connection to an MCP server over HTTP. Messages go through as they are: nothing of them is read but what the transport needs. */
export interface McpLink {
  /**
   * Sends one message; resolves when all that answers it has come. Throws `not_found` when the session is gone, `forbidden` when the
   * token does not count, `unavailable` when nobody is there and nothing was sent, `upstream_failed` for everything else.
   */
  send(message: McpMessage, signal?: AbortSignal): Promise<void>;
  /** Hears what the server says by itself, until that ends; throws like `send`. */
  listen(signal?: AbortSignal): Promise<void>;
  /** The version both speak, once that is known. */
  speak(protocolVersion: string): void;
  /** Forgets the session, so that the next greeting opens another. */
  reset(): void;
  /** Ends the session at the server, as far as it can be reached. */
  end(): Promise<void>;
}

/** Greater replies than this are none of ours. */
const mostLineCharacters = 64 * 1024 * 1024;
const endWithinMs = 1_000;

/** Throws `invalid_request` for an address that is not of this machine. */
export function createMcpLink({ url, token, onMessage }: McpLinkOptions): McpLink {
  const target = loopbackUrl(url);
  let session: string | null = null;
  let version: string | null = null;

  function ask(method: string, body: McpMessage | null, signal?: AbortSignal): Promise<IncomingMessage> {
    const text = body === null ? null : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        target,
        {
          method,
          ...(signal === undefined ? {} : { signal }),
          headers: {
            Accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
            Authorization: `Bearer ${token}`,
            ...(text === null ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
            ...(session === null ? {} : { "Mcp-Session-Id": session }),
            ...(version === null ? {} : { "MCP-Protocol-Version": version }),
          },
        },
        resolve,
      );
      sent.once("error", (error) => {
        reject(toAppError(error, url));
      });
      sent.end(text ?? undefined);
    });
  }

  async function take(response: IncomingMessage): Promise<void> {
    const { statusCode = 0, headers } = response;
    if (statusCode >= 400) throw refusal(statusCode, await wholeText(response));
    const given = headers["mcp-session-id"];
    if (typeof given === "string") session = given;
    if (headers["content-type"]?.startsWith("text/event-stream") === true) await readEvents(response, onMessage);
    else {
      const text = await wholeText(response);
      if (text.trim() !== "") onMessage(JSON.parse(text) as McpMessage);
    }
  }

  async function through(work: () => Promise<IncomingMessage>): Promise<void> {
    try {
      await take(await work());
    } catch (error) {
      throw toAppError(error, url);
    }
  }

  return {
    send: (message, signal) => through(() => ask("POST", message, signal)),
    listen: (signal) => through(() => ask("GET", null, signal)),
    speak(protocolVersion) {
      version = protocolVersion;
    },
    reset() {
      session = null;
      version = null;
    },
    async end() {
      if (session === null) return;
      const response = await ask("DELETE", null, AbortSignal.timeout(endWithinMs)).catch(() => null); // it is gone, too
      response?.resume();
      session = null;
    },
  };
}

function loopbackUrl(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : null;
  const isHere = target !== null && /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/.test(target.hostname);
  if (target?.protocol === "http:" && isHere) return target;
  throw new AppError("invalid_request", `${url} is not an address of this machine`, {
    hint: "It looks like http://127.0.0.1:5554/mcp.",
  });
}

/** Events as the stream has them: lines, of which only those with data count, until an empty one. */
async function readEvents(response: IncomingMessage, onMessage: (message: McpMessage) => void): Promise<void> {
  response.setEncoding("utf8");
  let rest = "";
  let data: string[] = [];
  for await (const chunk of response as AsyncIterable<string>) {
    rest += chunk;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    if (rest.length > mostLineCharacters) throw new AppError("too_large", "The server said more than can be taken");
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      if (line !== "" || data.length === 0) continue;
      const text = data.join("\n");
      data = [];
      if (text.trim() !== "") onMessage(JSON.parse(text) as McpMessage);
    }
  }
}

async function wholeText(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > mostLineCharacters) throw new AppError("too_large", "The server said more than can be taken");
  }
  return text;
}

function refusal(status: number, text: string): AppError {
  const said = messageIn(text) ?? `The server answered with ${String(status)}`;
  if (status === 404) return new AppError("not_found", said);
  if (status === 401 || status === 403) return new AppError("forbidden", said);
  return new AppError("upstream_failed", said);
}

function messageIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? error.message : null;
  } catch {
    return null; // no JSON: the status says enough
  }
}

function toAppError(error: unknown, url: string): AppError {
  if (error instanceof AppError) return error;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  if (code === "ECONNREFUSED")
    return new AppError("unavailable", `PortOS does not answer at ${url}`, {
      hint: "Start it: npm start.",
      cause: error,
    });
  return new AppError("upstream_failed", "The connection to PortOS was lost before the answer", { cause: error });
}
