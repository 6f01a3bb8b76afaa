import { AppError } from "../app-error.ts";
import type { Refusal } from "./guard.ts";

/** Why a call came to nothing. */
export type FailureReason =
  /** The guard said no; nothing was sent. */
  | "refused"
  | "name_not_found"
  /** No connection came about. */
  | "connect"
  /** Its certificate or its TLS is not good. */
  | "tls"
  | "timeout"
  /** The connection ended in the middle. */
  | "cut"
  /** Whoever called gave up. */
  | "cancelled"
  /** What came is not HTTP, or nothing that can be unpacked. */
  | "protocol"
  | "redirect"
  /** What came is more than a cap allows. */
  | "too_large"
  /** What was to be sent is more than a cap allows. */
  | "request_too_large";

const codeOf = { refused: "forbidden", timeout: "timeout", request_too_large: "too_large" } as const;

/** Reasons that come before anything is sent. */
const unsent = new Set<FailureReason>(["refused", "name_not_found", "request_too_large"]);

export interface CallFailureOptions {
  cause?: unknown;
  hint?: string;
  refusal?: Refusal;
}

/** A call that came to nothing, with what retries and circuit breakers have to know about it. */
export class CallFailure extends AppError {
  readonly reason: FailureReason;
  /** What the guard said, when it was the guard. */
  readonly refusal: Refusal | null;
  /** Something of the request may have reached the other side; only who knows better says no. */
  isSent: boolean;

  constructor(reason: FailureReason, message: string, options: CallFailureOptions = {}) {
    const { refusal, ...rest } = options;
    super(Object.hasOwn(codeOf, reason) ? codeOf[reason as keyof typeof codeOf] : "upstream_failed", message, rest);
    this.reason = reason;
    this.refusal = refusal ?? null;
    this.isSent = !unsent.has(reason);
  }
}

const cut: [FailureReason, string] = ["cut", "the connection was cut"];
const known: Record<string, [FailureReason, string, string?]> = {
  ECONNREFUSED: ["connect", "nothing listens there"],
  ECONNRESET: cut,
  EPIPE: cut,
  ERR_STREAM_PREMATURE_CLOSE: cut,
  ETIMEDOUT: ["connect", "the machine does not answer"],
  EHOSTUNREACH: ["connect", "the machine cannot be reached"],
  ENETUNREACH: ["connect", "the network cannot be reached"],
  EADDRNOTAVAIL: ["connect", "the network cannot be reached"],
  HPE_HEADER_OVERFLOW: ["too_large", "its headers are too large"],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    "tls",
    "its certificate is signed by itself alone",
    "If it is the right machine, name its fingerprint or its authority's certificate in the configuration.",
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    "tls",
    "its certificate is signed by an authority this machine does not know",
    "If it is the right machine, name its authority's certificate in the configuration.",
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "tls",
    "its certificate is signed by an authority this machine does not know",
    "Its server may leave out a certificate in between, or its authority has to be named in the configuration.",
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["tls", "its certificate is signed by an authority this machine does not know"],
  CERT_HAS_EXPIRED: ["tls", "its certificate has expired", "Also check that the clock of this machine is right."],
  CERT_NOT_YET_VALID: [
    "tls",
    "its certificate is not valid yet",
    "Also check that the clock of this machine is right.",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ["tls", "its certificate belongs to another name"],
  EPROTO: ["tls", "it does not speak TLS there, or none that is safe"],
};

/** What went wrong on the network, as a failure in words; what is one already, within another error too, stays what it is. */
export function networkFailure(error: unknown): AppError {
  const own = ownWithin(error);
  if (own) return own;
  const code = codeWithin(error);
  const [reason, words, hint] = known[code] ?? unusual(code, error);
  return new CallFailure(reason, `No answer: ${words}`, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

function unusual(code: string, error: unknown): [FailureReason, string] {
  if (code.startsWith("HPE_")) return ["protocol", "what came is not HTTP"];
  if (/^(?:ERR_SSL|ERR_TLS|CERT_|UNABLE_TO)/.test(code)) return ["tls", `its TLS is not good (${code})`];
  return ["cut", error instanceof Error && error.message !== "" ? error.message : code || String(error)];
}

function ownWithin(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  return error instanceof Error && error.cause !== undefined ? ownWithin(error.cause) : null;
}

/** The code of an error, or that of the first try when several addresses were dialled in vain. */
function codeWithin(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string" && error.code !== "") return error.code;
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first === undefined ? codeWithin(error.cause) : codeWithin(first);
}
