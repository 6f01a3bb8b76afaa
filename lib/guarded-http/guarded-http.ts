import type { AgentPool } from "./agent-pool.ts";
import { type CallWatch, createCallWatch } from "./call-watch.ts";
import type { Guard } from "./guard.ts";
import { type HttpMethod, openRequest } from "./open-request.ts";
import type { ReplyBody } from "./reply-body.ts";
import { noteFailure, type Trace } from "./trace.ts";

export interface GuardedRequest {
  url: string;
  method: HttpMethod;
  guard: Guard;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Time for everything: connecting, redirects and the last byte, in milliseconds. */
  timeoutMs: number;
  /** Time to the headers of each hop, connecting included, in milliseconds; `timeoutMs` when left out. */
  headersTimeoutMs?: number;
  /** Longest silence within the body, in milliseconds; `timeoutMs` when left out. */
  silenceMs?: number;
  /** Most decoded bytes of the body; more are cut off. */
  maxBytes: number;
  /** Most bytes of the body that is sent; no limit when left out. */
  maxRequestBytes?: number;
  /** Most redirects to follow; 0 by default, then a redirect is the reply. */
  maxRedirects?: number;
  signal?: AbortSignal;
  /** Gets a hop for each address the call goes to, the refused one included. */
  trace?: Trace;
  /** Where connections are kept; those of this process when left out. */
  pool?: AgentPool;
}

export interface GuardedReply {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** The body was longer than `maxBytes`. */
  isCut: boolean;
  /** Address that answered, after redirects. */
  url: string;
}

/**
 * Sends one HTTP request through the guard: no proxy, no cookies, no decompression bombs, every redirect judged. Any status is a
 * reply. Throws `CallFailure`s: `forbidden` when the guard refuses, `timeout` when time is up, `too_large` beyond a cap,
 * `upstream_failed` when nothing answers.
 */
export async function guardedRequest(request: GuardedRequest): Promise<GuardedReply> {
  const { headers = {}, body, maxRedirects = 0, maxBytes, timeoutMs, silenceMs } = request;
  const watch = createCallWatch(request.signal, { timeoutMs, silenceMs });
  try {
    const reply = await openRequest({ ...request, headers, body, maxRedirects, signal: watch.signal });
    const { bytes, isCut } = await readCapped(reply.body, maxBytes, watch);
    return { status: reply.status, headers: reply.headers, body: bytes, isCut, url: reply.url };
  } catch (error) {
    const failure = watch.errorOf(error);
    noteFailure(request.trace, failure);
    throw failure;
  } finally {
    watch.stop();
  }
}

async function readCapped(body: ReplyBody, maxBytes: number, { signal, wait }: CallWatch) {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => {
    body.destroy(new Error("aborted"));
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    wait(true);
    await body.takeAll((chunk) => {
      wait(true);
      chunks.push(chunk.subarray(0, maxBytes - size));
      size += chunk.length;
      return size <= maxBytes;
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return {
    bytes: chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks),
    isCut: size > maxBytes,
  };
}
