import type { GatewayCode } from "../../../contract/features/connectors.ts";
import type { ErrorCode } from "../../../contract/errors.ts";
import { AppError, type AppErrorOptions } from "../../../lib/app-error.ts";

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
  refused_by_guard: "forbidden",
  too_large: "too_large",
  timeout: "timeout",
  cancelled: "upstream_failed",
  upstream_failed: "upstream_failed",
  reply_invalid: "upstream_failed",
};

/** A call that did not end well; `hint` says what to do about it. */
export class GatewayError extends AppError {
  readonly gatewayCode: GatewayCode;
  /** Its record; `null` until it has one. */
  evidenceId: string | null = null;

  constructor(gatewayCode: GatewayCode, message: string, options: AppErrorOptions & { hint: string }) {
    super(errorCodeOf[gatewayCode], message, options);
    this.gatewayCode = gatewayCode;
  }
}
