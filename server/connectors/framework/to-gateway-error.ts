import type { GatewayCode } from "../../../contract/features/connectors.ts";
import type { ErrorCode } from "../../../contract/errors.ts";
import { AppError } from "../../../lib/app-error.ts";
import { CallFailure, type FailureReason } from "../../../lib/guarded-http/call-failure.ts";
import { redact } from "../../../lib/redact.ts";
import { GatewayError } from "./gateway-error.ts";

const codeOfFailure: Readonly<Record<FailureReason, GatewayCode>> = {
  refused: "refused_by_guard",
  name_not_found: "upstream_failed",
  connect: "upstream_failed",
  tls: "upstream_failed",
  timeout: "timeout",
  cut: "upstream_failed",
  cancelled: "cancelled",
  protocol: "upstream_failed",
  redirect: "upstream_failed",
  too_large: "too_large",
  request_too_large: "too_large",
};

const hintOf: Partial<Record<FailureReason, string>> = {
  refused: "Name this host and port among the places inside, in the policy, if it is meant to be called.",
  name_not_found: "Check the spelling of the address and whether this machine is online.",
  timeout: "Try again later, or allow more time in the policy.",
  cancelled: "Call again if it is still wanted.",
  too_large: 'Ask for less, or raise "Most bytes received" in the policy.',
  request_too_large: 'Send less, or raise "Most bytes sent" in the policy.',
};

/** No policy allows an address that is none, and none should be widened for it. */
function hintOfRefusal({ refusal }: CallFailure): string | undefined {
  const isWritten = refusal !== null && ["scheme", "credentials", "host", "other"].includes(refusal.code);
  return isWritten ? "Correct what is called, then call again." : undefined;
}

/** Failures another try does not change. */
const final = new Set<FailureReason>(["refused", "redirect", "too_large", "request_too_large"]);

/** Anything thrown on the way of a call as what the gateway says about it; secrets are out of its words, the cause stays. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof CallFailure) {
    const hint =
      error.refusal?.hint ?? error.hint ?? hintOfRefusal(error) ?? hintOf[error.reason] ?? "Try again later.";
    return new GatewayError(codeOfFailure[error.reason], redact(error.message), {
      hint,
      cause: error,
      isFinal: final.has(error.reason),
    });
  }
  const own = error instanceof Error && error.cause instanceof CallFailure ? error.cause : null;
  if (own) return toGatewayError(own);
  const words = redact(error instanceof Error ? error.message : String(error)).slice(0, 1_000);
  if (error instanceof AppError) {
    const isOurs = error.code === "invalid_request";
    const options = {
      hint: error.hint ?? hintOfOwn[error.code] ?? "Look at the record of this call.",
      cause: error,
      isFinal: isOurs,
    };
    return new GatewayError(codeOfApp(error), words, {
      ...options,
      ...(error.issues === undefined ? {} : { issues: error.issues }),
    });
  }
  return new GatewayError("upstream_failed", `The connector failed: ${words}`, {
    hint: "Look into the log of portos-server.",
    cause: error,
  });
}

/** What is our own is not told as a failure of the other side. */
const ownCodes: Partial<Record<ErrorCode, GatewayCode>> = {
  invalid_request: "invalid_params",
  forbidden: "refused_by_guard",
  timeout: "timeout",
  too_large: "too_large",
  rate_limited: "rate_limited",
  conflict: "conflict",
  disk_full: "disk_full",
  unavailable: "unavailable",
};

const hintOfOwn: Partial<Record<ErrorCode, string>> = {
  disk_full: "Make room on the disk, then call again.",
  unavailable: "Call again in a moment; PortOS may be starting or stopping.",
};

function codeOfApp({ code }: AppError): GatewayCode {
  return ownCodes[code] ?? "upstream_failed";
}
