import { z } from "zod";

import { AppError } from "../../../lib/app-error.ts";
import { configuredOriginGuard } from "../../../lib/guarded-http/configured-origin-guard.ts";
import { createGuardedFetch } from "../../../lib/guarded-http/guarded-fetch.ts";
import { guardedRequest } from "../../../lib/guarded-http/guarded-http.ts";
import { readNdjson } from "./read-ndjson.ts";
import { ServerTrouble } from "./model-server.ts";

const maxReplyBytes = 16 * 1_048_576;
/** A download of days tells its progress several times a second. */
const maxStreamBytes = 4 * 1_024 * 1_048_576;
const maxStreamMs = 7 * 86_400_000;

export interface ServerAddress {
  baseUrl: string;
  token: string | null;
}

interface CallOptions {
  body?: unknown;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface JsonReply {
  status: number;
  /** `null` when it was no JSON. */
  json: unknown;
}

/** Calls to one configured server, through the guard, and to nothing else. */
export interface ServerHttp {
  readonly baseUrl: string;
  /** Any status is a reply, except those that ask for a token. Throws `ServerTrouble`. */
  json(method: "GET" | "POST" | "DELETE", path: string, options: CallOptions): Promise<JsonReply>;
  /** Lines of JSON as they come; `silenceMs` is how long nothing may be heard. */
  lines(path: string, body: unknown, options: { silenceMs: number; signal: AbortSignal }): AsyncGenerator;
}

/** Opens nothing yet. `ownPorts` are never called. */
export function createServerHttp({ baseUrl, token }: ServerAddress, ownPorts: readonly number[]): ServerHttp {
  const address = new URL(baseUrl).origin;
  const guard = configuredOriginGuard({ address, ownPorts });
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...authorization, accept: "application/json", "content-type": "application/json" };

  function checkStatus(status: number): void {
    if (status === 401 || status === 403)
      throw new ServerTrouble("locked", `${address} wants ${token === null ? "a token" : "another token"}`);
  }

  return {
    baseUrl: address,
    async json(method, path, { body, timeoutMs, signal }) {
      try {
        const reply = await guardedRequest({
          url: address + path,
          method,
          guard,
          headers,
          timeoutMs,
          maxBytes: maxReplyBytes,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(signal ? { signal } : {}),
        });
        checkStatus(reply.status);
        if (reply.isCut) throw new ServerTrouble("failed", `The reply of ${address} is larger than 16 MiB`);
        return { status: reply.status, json: parseJson(new TextDecoder().decode(reply.body)) };
      } catch (error) {
        throw toTrouble(error, address);
      }
    },
    async *lines(path, body, { silenceMs, signal }) {
      const send = createGuardedFetch(guard, {
        timeoutMs: maxStreamMs,
        silenceMs,
        maxBytes: maxStreamBytes,
        maxRedirects: 0,
      });
      try {
        const reply = await send(address + path, { method: "POST", headers, body: JSON.stringify(body), signal });
        checkStatus(reply.status);
        if (!reply.ok) throw refusal(reply.status, parseJson(await reply.text()));
        if (reply.body === null) throw new ServerTrouble("failed", `${address} answered with nothing`);
        yield* readNdjson(reply.body);
      } catch (error) {
        signal.throwIfAborted();
        throw toTrouble(error instanceof TypeError ? error.cause : error, address);
      }
    },
  };
}

const errorSchema = z.object({
  error: z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]),
});

/** What a server said when it refused, as an error for the user. */
export function refusal(status: number, json: unknown): AppError {
  const said = errorSchema.safeParse(json);
  const text = said.success ? said.data.error : `it answered ${status} without saying why`;
  if (status === 404) return new AppError("not_found", `The server says: ${text}`);
  if (status === 400) return new AppError("invalid_request", `The server says: ${text}`);
  return new AppError("upstream_failed", `The server says: ${text}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null; // the caller's schema says what that means
  }
}

/** Network failures become a state of the server; what the server itself said stays what it is. */
function toTrouble(error: unknown, address: string): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === "timeout")
    return new ServerTrouble("failed", `${address} does not answer: ${error.message}`, { cause: error });
  if (error.code === "forbidden") return new ServerTrouble("failed", error.message, { cause: error });
  if (error.code === "upstream_failed" && error.message.startsWith("No answer"))
    return new ServerTrouble("absent", `Nothing answers at ${address}`, { cause: error });
  return error;
}
