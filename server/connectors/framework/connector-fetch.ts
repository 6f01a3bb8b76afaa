import { AppError } from "../../../lib/app-error.ts";
import type { BreakerPass } from "../../../lib/circuit-breaker.ts";
import { createGuardedFetch } from "../../../lib/guarded-http/guarded-fetch.ts";
import { targetVerdict } from "../../../lib/guarded-http/repeat-advice.ts";
import { circuitError, type ConnectorHttpOptions } from "./connector-http.ts";
import { GatewayError } from "./gateway-error.ts";
import { toGatewayError } from "./to-gateway-error.ts";

type Options = Pick<ConnectorHttpOptions, "guard" | "caps" | "clock" | "deadline" | "signal" | "breaker" | "trace">;

/**
 * A `fetch` for libraries that bring their own client: judged, capped and traced as requests are, its replies streamed. Nothing is
 * repeated, because the library does that or has reasons not to.
 */
export function createConnectorFetch(options: Options): typeof fetch {
  const { guard, caps, clock, deadline, signal, breaker, trace } = options;
  return async (input, init = {}) => {
    const { origin } = new URL(input instanceof Request ? input.url : input);
    const pass = breaker.admit(origin);
    if (!pass.ok) throw circuitError(pass.state, clock.now());
    try {
      const timeoutMs = Math.max(1, Math.ceil(deadline - clock.monotonic()));
      if (typeof init.body === "string" && Buffer.byteLength(init.body) > caps.maxRequestBytes)
        throw new GatewayError("too_large", `What is sent is larger than ${caps.maxRequestBytes} bytes`, {
          hint: "Send less, or raise the limit in the policy.",
          isFinal: true,
        });
      const guarded = createGuardedFetch(guard, { timeoutMs, maxBytes: caps.maxReplyBytes, trace: trace.begin() });
      const both = init.signal ? AbortSignal.any([signal, init.signal]) : signal;
      const response = await guarded(input, { ...init, signal: both });
      const { status } = response;
      tell(pass, targetVerdict({ ok: true, value: { status, headers: {} } }));
      return response;
    } catch (error) {
      const cause = error instanceof TypeError && error.cause instanceof AppError ? error.cause : error;
      tell(pass, targetVerdict({ ok: false, error: cause }));
      throw toGatewayError(cause);
    }
  };
}

function tell(pass: BreakerPass, verdict: ReturnType<typeof targetVerdict>): void {
  if (verdict === null) pass.dropped();
  else if (verdict.isGood) pass.succeeded();
  else pass.failed(verdict.reason);
}
