import type { GatewayCode } from "../../../contract/features/connectors.ts";
import type { EvidenceStep } from "../../../contract/features/evidence.ts";
import type { ErrorCode } from "../../../contract/errors.ts";
import { AppError, type AppErrorOptions } from "../../../lib/app-error.ts";
import { redact } from "../../../lib/redact.ts";

/** How each code of the gateway is answered over HTTP. */
export const errorCodeOf: Readonly<Record<GatewayCode, ErrorCode>> = {
  unknown_connector: "not_found",
  unknown_operation: "not_found",
  invalid_params: "invalid_request",
  disabled: "conflict",
  not_configured: "conflict",
  offline: "forbidden",
  planning_phase: "forbidden",
  refused_by_policy: "forbidden",
  approval_denied: "forbidden",
  approval_expired: "forbidden",
  rate_limited: "rate_limited",
  circuit_open: "unavailable",
  conflict: "conflict",
  disk_full: "disk_full",
  unavailable: "unavailable",
  refused_by_guard: "forbidden",
  too_large: "too_large",
  timeout: "timeout",
  cancelled: "conflict",
  upstream_failed: "upstream_failed",
  reply_invalid: "upstream_failed",
};

export interface GatewayErrorOptions extends AppErrorOptions {
  hint: string;
  /** No further try can help. */
  isFinal?: boolean;
  /** Pause the other side, or a limit, asks for, in milliseconds. */
  askedMs?: number | null;
  /** Status of a reply that came and cannot be used. */
  answered?: number | null;
  /** PortOS ends: whoever can go on after the next start does not take it for the end of the call. */
  isEnding?: boolean;
}

/** What cuts calls when PortOS ends. */
export function endingError(): GatewayError {
  return new GatewayError("cancelled", "PortOS is being stopped", {
    hint: "Call again after the next start if it is still wanted.",
    isEnding: true,
  });
}

/** A call that did not end well; `hint` says what to do about it. Its words may be those of the other side: secrets are taken out of them. */
export class GatewayError extends AppError {
  readonly gatewayCode: GatewayCode;
  readonly isFinal: boolean;
  readonly askedMs: number | null;
  readonly answered: number | null;
  readonly isEnding: boolean;
  /** Its record; `null` until it has one. */
  evidenceId: string | null = null;
  /** The way it went, as far as it came. */
  path: readonly EvidenceStep[] = [];

  constructor(gatewayCode: GatewayCode, message: string, options: GatewayErrorOptions) {
    const issues = options.issues?.map(({ path, message: words }) => ({ path, message: redact(words) }));
    const clean = { ...options, hint: redact(options.hint), ...(issues === undefined ? {} : { issues }) };
    super(errorCodeOf[gatewayCode], redact(message), clean);
    this.gatewayCode = gatewayCode;
    this.isFinal = options.isFinal ?? false;
    this.askedMs = options.askedMs ?? null;
    this.answered = options.answered ?? null;
    this.isEnding = options.isEnding ?? false;
  }

  override get details(): { reason: GatewayCode; evidenceId: string | null } {
    return { reason: this.gatewayCode, evidenceId: this.evidenceId };
  }
}
