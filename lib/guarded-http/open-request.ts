import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Readable } from "node:stream";

import type { AxiosInstance, AxiosResponse } from "axios";

import { AppError } from "../app-error.ts";
import type { Guard } from "./guard.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request as the guarded clients share it. */
export interface OpenRequest {
  url: string;
  method: HttpMethod;
  guard: Guard;
  headers: Record<string, string>;
  /** A stream is sent once: a redirect that asks for it again fails. */
  body: string | Uint8Array | Readable | undefined;
  /** Most redirects to follow; with 0 a redirect is the reply. */
  maxRedirects: number;
  signal: AbortSignal;
}

/** A reply whose body was not read yet; whoever gets it reads or destroys the stream. */
export interface OpenReply {
  status: number;
  statusText: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Decoded bytes. */
  stream: Readable;
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
 * Sends a request, following redirects as far as the guard allows, and resolves when the headers of the reply are there: no
 * proxy, no cookies, credentials dropped across origins. Throws `AppError`s, and the network's own errors as they are.
 */
export async function openRequest(request: OpenRequest): Promise<OpenReply> {
  const { guard, maxRedirects, signal } = request;
  let url = new URL(request.url);
  let { method, body } = request;
  let headers = callerHeaders(request.headers);
  for (let hops = 0; ; hops += 1) {
    const addresses = await judged(guard, url, signal);
    const reply = await send({ url, addresses, method, headers, body, signal });
    const location = reply.headers["location"];
    if (!redirectStatus.has(reply.status) || location === undefined || maxRedirects === 0) return reply;
    reply.stream.destroy();
    if (hops >= maxRedirects) throw new AppError("upstream_failed", `More than ${maxRedirects} redirects`);
    const next = redirectTarget(location, url);
    if (next.origin !== url.origin) headers = withoutCredentials(headers);
    if (reply.status === 303 || (reply.status <= 302 && method === "POST")) {
      method = method === "HEAD" ? "HEAD" : "GET";
      body = undefined;
      headers = withoutBodyHeaders(headers);
    }
    if (typeof body === "object" && !(body instanceof Uint8Array))
      throw new AppError("upstream_failed", "The reply is a redirect, and what was sent cannot be sent again");
    url = next;
  }
}

/** What went wrong on the network, in words; used by the guarded clients alone. */
export function networkReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known: Record<string, string> = {
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection was cut",
    EPIPE: "the connection was cut",
    ERR_STREAM_PREMATURE_CLOSE: "the connection was cut",
    ETIMEDOUT: "the machine does not answer",
    EHOSTUNREACH: "the machine cannot be reached",
    ENETUNREACH: "the network cannot be reached",
    HPE_HEADER_OVERFLOW: "its headers are too large",
  };
  return known[code] ?? (error instanceof Error && error.message !== "" ? error.message : code || String(error));
}

async function judged(guard: Guard, url: URL, signal: AbortSignal): Promise<readonly string[]> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new AppError("forbidden", `Only http and https may be called, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "")
    throw new AppError("forbidden", "An address must not carry a user name or password");
  const verdict = await unlessAborted(Promise.resolve(guard.judge(url)), signal);
  if (!verdict.ok && verdict.isUnreachable === true)
    throw new AppError("upstream_failed", `No answer: ${verdict.reason}`);
  if (!verdict.ok) throw new AppError("forbidden", `${url.origin} must not be called: ${verdict.reason}`);
  if (verdict.addresses.length === 0 || verdict.addresses.some((address) => isIP(address) === 0))
    throw new AppError("forbidden", `${url.origin} has no checked address`);
  return verdict.addresses;
}

/** A resolver cannot be stopped; its answer is simply no longer waited for. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      reject(new Error("aborted"));
    };
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", stop);
    });
  });
}

interface Hop {
  url: URL;
  addresses: readonly string[];
  method: HttpMethod;
  headers: Record<string, string>;
  body: OpenRequest["body"];
  signal: AbortSignal;
}

async function send({ url, addresses, method, headers, body, signal }: Hop): Promise<OpenReply> {
  // a literal is never looked up, so the host is what was judged; a name resolves to the judged addresses only
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_host, options, done) => {
    const [first] = entries;
    if (options.all === true) done(null, entries);
    else done(null, first?.address ?? "", first?.family);
  };
  const agentOptions = { lookup, keepAlive: false, maxHeaderSize: 16_384 };
  const response: AxiosResponse<Readable> = await (
    await client()
  ).request<Readable>({
    url: url.href,
    method,
    headers,
    ...(body === undefined ? {} : { data: body instanceof Uint8Array ? Buffer.from(body) : body }),
    httpAgent: new HttpAgent(agentOptions),
    httpsAgent: new HttpsAgent(agentOptions),
    signal,
  });
  return {
    status: response.status,
    statusText: response.statusText,
    headers: flatHeaders(response.headers),
    stream: response.data,
    url: url.href,
  };
}

let shared: AxiosInstance | undefined;

async function client(): Promise<AxiosInstance> {
  if (shared) return shared;
  const { default: axios } = await import("axios"); // only a process that calls out pays for it
  shared = axios.create({
    adapter: "http",
    proxy: false,
    maxRedirects: 0,
    maxBodyLength: Infinity,
    responseType: "stream",
    decompress: true,
    validateStatus: () => true,
    transformRequest: [(data: unknown) => data],
    headers: { common: { "User-Agent": "PortOS", Accept: "*/*" } },
  });
  return shared;
}

function callerHeaders(headers: Record<string, string>): Record<string, string> {
  const refused = Object.keys(headers).filter((name) => ownHeaders.has(name.toLowerCase()));
  if (refused.length > 0) throw new AppError("forbidden", `These headers cannot be set: ${refused.join(", ")}`);
  return { ...headers };
}

function redirectTarget(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) return new URL(location, from);
  throw new AppError("upstream_failed", "The reply is a redirect to something that is no address");
}

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  return withoutHeaders(headers, /authorization|cookie|token|secret|api-?key/i);
}

function withoutBodyHeaders(headers: Record<string, string>): Record<string, string> {
  return withoutHeaders(headers, /^content-/i);
}

function withoutHeaders(headers: Record<string, string>, dropped: RegExp): Record<string, string> {
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
