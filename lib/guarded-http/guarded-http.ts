import type { Readable } from "node:stream";

import { AppError } from "../app-error.ts";
import type { Guard } from "./guard.ts";
import { type HttpMethod, networkReason, openRequest } from "./open-request.ts";

export interface GuardedRequest {
  url: string;
  method: HttpMethod;
  guard: Guard;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Time for everything: connecting, redirects and the last byte, in milliseconds. */
  timeoutMs: number;
  /** Most decoded bytes of the body; more are cut off. */
  maxBytes: number;
  /** Most redirects to follow; 0 by default, then a redirect is the reply. */
  maxRedirects?: number;
  signal?: AbortSignal;
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
 * reply. Throws `forbidden` when the guard refuses, `timeout` after `timeoutMs`, `upstream_failed` when nothing answers.
 */
export async function guardedRequest(request: GuardedRequest): Promise<GuardedReply> {
  const limit = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit;
  const { headers = {}, body, maxRedirects = 0, maxBytes } = request;
  try {
    const reply = await openRequest({ ...request, headers, body, maxRedirects, signal });
    const { bytes, isCut } = await readCapped(reply.stream, maxBytes, signal);
    return { status: reply.status, headers: reply.headers, body: bytes, isCut, url: reply.url };
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (limit.aborted)
      throw new AppError("timeout", `No complete answer within ${request.timeoutMs} ms`, { cause: error });
    if (request.signal?.aborted === true)
      throw new AppError("upstream_failed", "The request was cancelled", { cause: error });
    throw new AppError("upstream_failed", `No answer: ${networkReason(error)}`, { cause: error });
  }
}

async function readCapped(stream: Readable, maxBytes: number, signal: AbortSignal) {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => {
    stream.destroy(new Error("aborted"));
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, maxBytes - size));
      size += chunk.length;
      if (size > maxBytes) break; // leaving the loop destroys the stream
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return { bytes: Buffer.concat(chunks), isCut: size > maxBytes };
}
