import type { CircuitBreaker } from "../../../lib/circuit-breaker.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { AgentPool } from "../../../lib/guarded-http/agent-pool.ts";
import { CallFailure } from "../../../lib/guarded-http/call-failure.ts";
import type { Guard } from "../../../lib/guarded-http/guard.ts";
import { guardedRequest, type GuardedReply } from "../../../lib/guarded-http/guarded-http.ts";
import type { HttpMethod } from "../../../lib/guarded-http/open-request.ts";
import type { Trace } from "../../../lib/guarded-http/trace.ts";
import { adviseRepeat, targetVerdict } from "../../../lib/guarded-http/repeat-advice.ts";
import { redact } from "../../../lib/redact.ts";
import { usualRetries, withRetries, type Outcome, type RetryPolicy } from "../../../lib/retry.ts";
import { rateLimitReset, retryAfterTime } from "../../../lib/retry-after.ts";
import { lastOrigin, type CallTrace } from "./call-trace.ts";
import { cleanLine } from "./clean-input.ts";
import { headersToSend, bodyToSend, urlToCall } from "./connector-request.ts";
import type { ConnectorHttp, ConnectorReply, ConnectorRequest } from "./define-connector.ts";
import { GatewayError } from "./gateway-error.ts";
import { toGatewayError } from "./to-gateway-error.ts";

/** What the requests of one call have in common. */
export interface ConnectorHttpOptions {
  guard: Guard;
  /** For requests that must not lead inside. */
  outsideGuard: Guard;
  /** Of each request. */
  caps: { maxRequestBytes: number; maxReplyBytes: number };
  clock: Clock;
  /** When the call's time is up, on the monotonic clock. */
  deadline: number;
  signal: AbortSignal;
  breaker: CircuitBreaker;
  trace: CallTrace;
  /** The operation only reads or says that it can be repeated, whatever the methods of its requests. */
  isRepeatable: boolean;
  note(code: string, reason: string): void;
  retries?: RetryPolicy;
  /** From 0 up to 1. */
  random?: () => number;
  /** Where connections are kept; those of this process when left out. */
  pool?: AgentPool;
}

const usualRedirects = 5;
/** Of what the other side says about a failure. */
const maxSaid = 300;

/**
 * The way to the network for one call: every request is judged by the guard, capped, traced, kept from targets that fail
 * again and again, and repeated where that does no harm. Throws `GatewayError`s.
 */
export function createConnectorHttp(options: ConnectorHttpOptions): ConnectorHttp {
  const request = async (wanted: ConnectorRequest): Promise<ConnectorReply> => {
    try {
      return await requestWithRetries(wanted, options);
    } catch (error) {
      throw toGatewayError(error);
    }
  };
  return {
    request,
    async expectOk(wanted) {
      const reply = await request(wanted);
      if (reply.status >= 400) throw statusError(reply, options.clock.now());
      return reply;
    },
  };
}

/** What cannot be changed by its tries. */
interface Prepared {
  url: URL;
  method: HttpMethod;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
  maxRedirects: number;
  maxBytes: number;
  guard: Guard;
  onReceived: ConnectorRequest["onReceived"];
}

async function requestWithRetries(wanted: ConnectorRequest, options: ConnectorHttpOptions): Promise<ConnectorReply> {
  const { clock, caps, signal, note, random, isRepeatable } = options;
  const prepared: Prepared = {
    url: urlToCall(wanted),
    method: wanted.method ?? "GET",
    headers: headersToSend(wanted),
    body: bodyToSend(wanted),
    maxRedirects: wanted.maxRedirects ?? usualRedirects,
    maxBytes: Math.min(wanted.maxBytes ?? Infinity, caps.maxReplyBytes),
    guard: wanted.isOutsideOnly === true ? options.outsideGuard : options.guard,
    onReceived: wanted.onReceived?.bind(wanted),
  };
  const retries = options.retries ?? usualRetries;
  const deadline = Math.min(options.deadline, clock.monotonic() + (wanted.timeoutMs ?? Infinity));
  const isIdempotent = wanted.isIdempotent ?? (isRepeatable ? true : undefined);
  const { value } = await withRetries({
    run: () => sendThroughBreaker(prepared, { ...options, deadline }),
    advise: (outcome) => adviseRepeat(outcome, { method: prepared.method, isIdempotent, now: clock.now() }),
    policy: { ...retries, maxAttempts: Math.min(retries.maxAttempts, wanted.maxTries ?? Infinity) },
    clock,
    deadline,
    signal,
    onPause: ({ attempt, pauseMs, reason }) => {
      note("retry", `Try ${attempt} was in vain (${reason}); the next one came after ${pauseMs} ms`);
    },
    ...(random === undefined ? {} : { random }),
  }).catch((error: unknown) => {
    throw withLimit(error, wanted, caps.maxReplyBytes);
  });
  if (value.isCut)
    throw new GatewayError("too_large", `The reply is larger than ${prepared.maxBytes} bytes`, {
      hint: hintOfLimit(wanted, caps.maxReplyBytes),
      isFinal: true,
      answered: value.status,
    });
  return toReply(value);
}

/** The one that was hit: raising another would change nothing. */
function hintOfLimit({ maxBytes = Infinity, maxBytesFrom }: ConnectorRequest, allowed: number): string {
  if (maxBytes >= allowed) return `Ask for less, or raise "Most bytes received" in the policy.`;
  return maxBytesFrom === undefined
    ? "Ask for less: the connector never takes more here."
    : `Ask for less, or raise ${maxBytesFrom}.`;
}

/** What ends a reply before it is here as a whole does not know whose limit it was. */
function withLimit(error: unknown, wanted: ConnectorRequest, allowed: number): unknown {
  if (!(error instanceof CallFailure) || error.reason !== "too_large" || error.hint !== undefined) return error;
  return new GatewayError("too_large", error.message, {
    hint: hintOfLimit(wanted, allowed),
    cause: error,
    isFinal: true,
  });
}

async function sendThroughBreaker(prepared: Prepared, options: ConnectorHttpOptions): Promise<GuardedReply> {
  const { breaker, trace: callTrace, clock } = options;
  const { origin } = prepared.url;
  const pass = breaker.admit(origin);
  if (!pass.ok) throw circuitError(pass.state, clock.now());
  const trace = callTrace.begin();
  const tell = (outcome: Outcome<GuardedReply>): void => {
    const verdict = targetVerdict(outcome);
    const last = trace.hops.length > 1 ? lastOrigin(trace) : origin;
    if (last !== null && last !== origin)
      pass.succeeded(); // it answered with a redirect; what came of that is another's
    else if (verdict === null) pass.dropped();
    else if (verdict.isGood) pass.succeeded();
    else pass.failed(verdict.reason);
  };
  try {
    const value = await sendGuarded(prepared, trace, options);
    tell({ ok: true, value });
    return value;
  } catch (error) {
    tell({ ok: false, error });
    throw error;
  } finally {
    prepared.onReceived?.(bytesOf(trace));
  }
}

/** What came of replies, in whichever form it is more. */
function bytesOf({ hops }: Trace): number {
  return hops.reduce((sum, { receivedBytes, decodedBytes }) => sum + Math.max(receivedBytes, decodedBytes), 0);
}

function sendGuarded(
  { url, method, headers, body, maxBytes, maxRedirects, guard }: Prepared,
  trace: ReturnType<CallTrace["begin"]>,
  { caps, clock, deadline, signal, pool }: ConnectorHttpOptions,
): Promise<GuardedReply> {
  const timeoutMs = Math.ceil(deadline - clock.monotonic());
  if (timeoutMs <= 0)
    throw new GatewayError("timeout", "The time for this call is up", {
      hint: "Try again later, or allow more time in the policy.",
    });
  return guardedRequest({
    url: url.href,
    method,
    headers,
    guard,
    timeoutMs,
    maxBytes,
    maxRequestBytes: caps.maxRequestBytes,
    maxRedirects,
    signal,
    trace,
    ...(body === undefined ? {} : { body }),
    ...(pool === undefined ? {} : { pool }),
  });
}

/** A target that failed again and again is left alone for a while. */
export function circuitError(
  { target, until, lastReason }: { target: string; until: string | null; lastReason: string | null },
  nowMs: number,
): GatewayError {
  const why = lastReason === null ? "" : ` (last: ${redact(lastReason)})`;
  return new GatewayError("circuit_open", `${target} has failed again and again${why} and is left alone for now`, {
    hint: until === null ? "Try again in a moment." : `Try again after ${until}.`,
    askedMs: until === null ? null : Math.max(0, Date.parse(until) - nowMs),
  });
}

const utf8 = new TextDecoder();

function toReply({ status, headers, body, url }: GuardedReply): ConnectorReply {
  const text = (): string => utf8.decode(body);
  return {
    status,
    headers,
    bytes: body,
    url,
    text,
    json() {
      try {
        return JSON.parse(text()) as unknown;
      } catch (error) {
        throw new GatewayError("upstream_failed", `${new URL(url).origin} answered with something that is no JSON`, {
          hint: "Check the address in the configuration; it may lead to a page for people.",
          cause: error,
          isFinal: true,
          answered: status,
        });
      }
    },
  };
}

function statusError(reply: ConnectorReply, nowMs: number): GatewayError {
  const { status, headers, url } = reply;
  const said = cleanLine(redact(reply.text().slice(0, 4 * maxSaid))).slice(0, maxSaid);
  const at = retryAfterTime(headers, nowMs) ?? (status === 429 ? rateLimitReset(headers, nowMs) : null);
  const words = said === "" ? "" : `: ${said}`;
  return new GatewayError("upstream_failed", `${new URL(url).origin} answered ${status}${words}`, {
    hint: hintOfStatus(status),
    isFinal: status < 500 && ![408, 409, 423, 425, 429].includes(status),
    askedMs: at === null ? null : Math.max(0, at - nowMs),
  });
}

function hintOfStatus(status: number): string {
  if (status === 401 || status === 403) return "Check the credentials in the configuration, and what they allow.";
  if (status === 404 || status === 410) return "Check the address and the names that were given.";
  if (status === 429) return "It asks for fewer calls; try again later.";
  if (status < 500) return "Check the arguments: the other side does not accept them.";
  return "The other side has a problem; try again later.";
}
