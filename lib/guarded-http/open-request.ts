import { type AgentPool, sharedAgentPool } from "./agent-pool.ts";
import { CallFailure } from "./call-failure.ts";
import type { Guard } from "./guard.ts";
import { judgeUrl } from "./judge-url.ts";
import type { ReplyBody } from "./reply-body.ts";
import { isStream, type RequestBody } from "./request-body.ts";
import { nextRequest, redirectOf } from "./redirects.ts";
import { type Received, sendOnce } from "./send-once.ts";
import { beginHop, type Trace, type TraceHop } from "./trace.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request as the guarded clients share it. */
export interface OpenRequest {
  url: string;
  method: HttpMethod;
  guard: Guard;
  headers: Record<string, string>;
  /** A stream is sent once: a redirect that asks for it again fails. */
  body: RequestBody;
  /** Most bytes of the body that are sent; no limit when left out. */
  maxRequestBytes?: number | undefined;
  /** Most decoded bytes somebody will read; a packed body may be no longer either. */
  maxBytes: number;
  /** Most redirects to follow; with 0 a redirect is the reply. */
  maxRedirects: number;
  /** Time to the headers of each hop, connecting included, in milliseconds. */
  headersTimeoutMs?: number | undefined;
  signal: AbortSignal;
  /** Gets a hop for each address the call goes to. */
  trace?: Trace | undefined;
  /** Where connections are kept; those of this process when left out. */
  pool?: AgentPool | undefined;
}

/** A reply whose body was not read yet; whoever gets it reads or destroys the body. */
export interface OpenReply {
  status: number;
  statusText: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: ReplyBody;
  /** Address that answered, after redirects. */
  url: string;
  /** Instead of reading the body: a short one is let through, so that the connection can be used again. */
  discard(): void;
}

/** Headers that decide where a request goes or how it is framed; a caller never sets them. */
const ownHeaders = new Set([
  "host",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "te",
  "trailer",
  "content-length",
  "expect",
  "upgrade",
  "proxy-authorization",
  "proxy-connection",
]);

/**
 * Sends a request, following redirects as far as the guard allows, and resolves when the headers of the reply are there: no
 * proxy, no cookies, credentials dropped across origins, only judged addresses dialled. Rejects with `CallFailure`s, and with
 * the signal's reason.
 */
export async function openRequest(request: OpenRequest): Promise<OpenReply> {
  const { maxRedirects, trace } = request;
  checkHeaders(request.headers);
  let next = { url: new URL(request.url), method: request.method, headers: request.headers, body: request.body };
  for (let redirects = 0; ; redirects += 1) {
    const hop = beginHop(trace, next.method, next.url);
    const reply = await traced(hop, redirects > 0, () => openHop({ ...request, ...next, hop }));
    const location = maxRedirects === 0 ? null : redirectOf(reply);
    if (location === null) return { ...reply, url: next.url.href };
    reply.discard();
    if (redirects >= maxRedirects) throw new CallFailure("redirect", `More than ${maxRedirects} redirects`);
    next = nextRequest(next, reply.status, location);
  }
}

/** One address of a call, its redirects not followed. */
export interface HopRequest extends Omit<OpenRequest, "url"> {
  url: URL;
  hop: TraceHop;
}

async function openHop(request: HopRequest): Promise<Received> {
  const { guard, url, hop, signal, method, body, pool = sharedAgentPool } = request;
  const startedAt = performance.now();
  const { addresses, trust } = await judgeUrl(guard, url, { hop, signal }).catch(unsent);
  const isRepeatable = isIdempotentMethod(method) && (body === undefined || !isStream(body));
  const purpose = { origin: url.origin, isSecure: url.protocol === "https:", addresses, trust, isRepeatable };
  try {
    return await sendOnce(request, pool.agentFor(purpose), startedAt);
  } catch (error) {
    // The other side closed an idle connection in the moment it was used: nothing was done, and a new one is not idle.
    if (!isRepeatable || !hop.isReused || hop.status !== null || signal.aborted || !isCut(error)) throw error;
    pool.dropIdle(purpose);
    return sendOnce(request, pool.agentFor(purpose), startedAt);
  }
}

/** Whether doing it twice is the same as doing it once (RFC 9110, 9.2.2). */
export function isIdempotentMethod(method: string): boolean {
  return method !== "POST" && method !== "PATCH";
}

function unsent(error: unknown): never {
  if (error instanceof CallFailure) error.isSent = false;
  throw error;
}

function isCut(error: unknown): boolean {
  return error instanceof CallFailure && error.reason === "cut";
}

function checkHeaders(headers: Record<string, string>): void {
  const refused = Object.keys(headers).filter((name) => ownHeaders.has(name.toLowerCase()));
  if (refused.length > 0)
    throw new CallFailure("refused", `These headers cannot be set: ${refused.join(", ")}`, {
      refusal: { code: "other", reason: `the headers ${refused.join(", ")} cannot be set` },
    });
}

async function traced<T>(hop: TraceHop, isRedirected: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (hop.refusal === null) hop.failure ??= error instanceof Error ? error.message : String(error);
    // What a redirect leads to may have been asked in vain: the first address has done what it was asked for.
    if (isRedirected && error instanceof CallFailure) error.isSent = true;
    throw error;
  }
}
