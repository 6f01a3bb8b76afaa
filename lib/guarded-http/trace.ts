import { looksLikeSecret, redact, redactedMark } from "../redact.ts";
import type { Refusal } from "./guard.ts";

/** One address a call went to, or would have gone to; filled in while it goes on. */
export interface TraceHop {
  method: string;
  /** Without what looks like a secret, and without a fragment. */
  url: string;
  /** What the host's name was answered with; empty when it was refused before anybody was asked. */
  addresses: readonly string[];
  /** The one that was dialled; `null` when no connection came about. */
  address: string | null;
  /** The connection was there already. */
  isReused: boolean;
  status: number | null;
  /** Bytes of the body that were sent. */
  sentBytes: number;
  /** Bytes of the body as they came, before they were unpacked. */
  receivedBytes: number;
  /** Bytes of the body after they were unpacked. */
  decodedBytes: number;
  /** From the first thing done for it, judging included, to the headers of the reply, in milliseconds. */
  headersMs: number | null;
  /** Why the guard refused it. */
  refusal: Refusal | null;
  /** Why it failed, in words. */
  failure: string | null;
}

/** Where a call went: one hop for the first address, and one for each redirect and each further try. */
export interface Trace {
  readonly hops: TraceHop[];
}

/** An empty one, to be given along with a call. */
export function createTrace(): Trace {
  return { hops: [] };
}

/** Begins a hop; one without a trace is kept for nobody. */
export function beginHop(trace: Trace | undefined, method: string, url: URL): TraceHop {
  const hop: TraceHop = {
    method,
    url: trace ? urlWithoutSecrets(url) : "",
    addresses: [],
    address: null,
    isReused: false,
    status: null,
    sentBytes: 0,
    receivedBytes: 0,
    decodedBytes: 0,
    headersMs: null,
    refusal: null,
    failure: null,
  };
  trace?.hops.push(hop);
  return hop;
}

/** Writes into the last hop why the call failed, unless it says so already. */
export function noteFailure(trace: Trace | undefined, error: Error): void {
  const hop = trace?.hops.at(-1);
  if (hop?.refusal === null) hop.failure ??= error.message;
}

/** Names in a query whose values open something, besides those that do so anywhere. */
const openingNames = /(?:^|[-_.])(?:sig|signature|code|credential|session|hash|hmac|nonce|assertion|jwt)$/i;

/** A URL as it may be kept and shown: values of the query that look like secrets are masked, the fragment and any user left out. */
export function urlWithoutSecrets(url: URL): string {
  const query = url.search
    .slice(1)
    .split("&")
    .map((part) => {
      const [name = ""] = part.split("=", 1);
      const value = part.slice(name.length + 1);
      return value !== "" && isSecret(decoded(name), decoded(value)) ? `${name}=${redactedMark}` : part;
    })
    .join("&");
  return redact(`${url.origin}${url.pathname}${query === "" ? "" : `?${query}`}`);
}

function isSecret(name: string, value: string): boolean {
  return openingNames.test(name) || looksLikeSecret(name.replaceAll(/[-.]/g, "_"), value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // not percent-encoded after all
  }
}
