import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Readable } from "node:stream";

import type { AxiosInstance, AxiosResponse } from "axios";

import { AppError } from "../app-error.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What may be called. Each redirect is judged again, and the address given here is the one that is dialled. */
export interface Guard {
  /** The address to dial for `url`, or why it must not be called. */
  judge(url: URL): { ok: true; address: string } | { ok: false; reason: string };
}

export interface GuardedRequest {
  url: string;
  method: HttpMethod;
  guard: Guard;
  headers?: Record<string, string>;
  body?: string;
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

/** Headers that decide where a request goes or how it is framed; a caller never sets them. */
const ownHeaders = new Set([
  "host",
  "connection",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "proxy-authorization",
]);
const redirectStatus = new Set([301, 302, 303, 307, 308]);

/**
 * Sends one HTTP request through the guard: no proxy, no cookies, no decompression bombs, every redirect judged. Any status is a
 * reply. Throws `forbidden` when the guard refuses, `timeout` after `timeoutMs`, `upstream_failed` when nothing answers.
 */
export async function guardedRequest(request: GuardedRequest): Promise<GuardedReply> {
  const limit = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit;
  try {
    return await follow(request, signal);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (limit.aborted)
      throw new AppError("timeout", `No complete answer within ${request.timeoutMs} ms`, { cause: error });
    if (request.signal?.aborted === true)
      throw new AppError("upstream_failed", "The request was cancelled", { cause: error });
    throw new AppError("upstream_failed", `No answer: ${networkReason(error)}`, { cause: error });
  }
}

async function follow(request: GuardedRequest, signal: AbortSignal): Promise<GuardedReply> {
  const { guard, maxRedirects = 0 } = request;
  let url = new URL(request.url);
  let { method, body } = request;
  let headers = callerHeaders(request.headers ?? {});
  for (let hops = 0; ; hops += 1) {
    const address = judged(guard, url);
    const reply = await send({ url, address, method, headers, body, maxBytes: request.maxBytes, signal });
    const location = reply.headers["location"];
    if (!redirectStatus.has(reply.status) || location === undefined || maxRedirects === 0) return reply;
    if (hops >= maxRedirects) throw new AppError("upstream_failed", `More than ${maxRedirects} redirects`);
    const next = new URL(location, url);
    if (next.origin !== url.origin) headers = withoutCredentials(headers);
    if (reply.status === 303 || (reply.status <= 302 && method === "POST")) {
      method = method === "HEAD" ? "HEAD" : "GET";
      body = undefined;
    }
    url = next;
  }
}

function judged(guard: Guard, url: URL): string {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new AppError("forbidden", `Only http and https may be called, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "")
    throw new AppError("forbidden", "An address must not carry a user name or password");
  const verdict = guard.judge(url);
  if (!verdict.ok) throw new AppError("forbidden", `${url.origin} must not be called: ${verdict.reason}`);
  if (isIP(verdict.address) === 0) throw new AppError("forbidden", `${url.origin} has no checked address`);
  return verdict.address;
}

interface Hop {
  url: URL;
  address: string;
  method: HttpMethod;
  headers: Record<string, string>;
  body: string | undefined;
  maxBytes: number;
  signal: AbortSignal;
}

async function send({ url, address, method, headers, body, maxBytes, signal }: Hop): Promise<GuardedReply> {
  // a literal is never looked up, so the host is what was judged; a name resolves to the judged address only
  const lookup: LookupFunction = (_host, options, done) => {
    const family = isIP(address);
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const agentOptions = { lookup, keepAlive: false, maxHeaderSize: 16_384 };
  const response: AxiosResponse<Readable> = await (
    await client()
  ).request<Readable>({
    url: url.href,
    method,
    headers,
    ...(body === undefined ? {} : { data: body }),
    httpAgent: new HttpAgent(agentOptions),
    httpsAgent: new HttpsAgent(agentOptions),
    signal,
  });
  const { bytes, isCut } = await readCapped(response.data, maxBytes, signal);
  return { status: response.status, headers: flatHeaders(response.headers), body: bytes, isCut, url: url.href };
}

let shared: AxiosInstance | undefined;

async function client(): Promise<AxiosInstance> {
  if (shared) return shared;
  const { default: axios } = await import("axios"); // only a process that calls out pays for it
  shared = axios.create({
    adapter: "http",
    proxy: false,
    maxRedirects: 0,
    responseType: "stream",
    decompress: true,
    validateStatus: () => true,
    transformRequest: [(data: unknown) => data],
    headers: { common: { "User-Agent": "PortOS", Accept: "*/*" } },
  });
  return shared;
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

function callerHeaders(headers: Record<string, string>): Record<string, string> {
  const refused = Object.keys(headers).filter((name) => ownHeaders.has(name.toLowerCase()));
  if (refused.length > 0) throw new AppError("forbidden", `These headers cannot be set: ${refused.join(", ")}`);
  return { ...headers };
}

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const dropped = /^(?:authorization|cookie|x-api-key)$/i;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.test(name)));
}

function flatHeaders(headers: AxiosResponse["headers"]): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers as Record<string, unknown>)) {
    if (typeof value === "string") flat[name.toLowerCase()] = value;
    else if (Array.isArray(value)) flat[name.toLowerCase()] = value.join(", ");
  }
  return flat;
}

function networkReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known: Record<string, string> = {
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection was cut",
    EPIPE: "the connection was cut",
    HPE_HEADER_OVERFLOW: "its headers are too large",
  };
  return known[code] ?? (error instanceof Error ? error.message : String(error));
}
