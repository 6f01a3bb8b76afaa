import type { GatewayCode } from "../../../contract/features/connectors.ts";
import type { OutsideCaller } from "../../../contract/features/evidence.ts";
import type { Gateway } from "../../connectors/framework/gateway.ts";
import type { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { DeliveryResult, OutboxStart } from "../../connectors/framework/outbox/deliverer.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";

/** Nothing is wrong with the message: it waits until it may go. */
const holding = new Set<GatewayCode>(["offline", "disabled", "not_configured", "rate_limited", "disk_full"]);
const final = new Set<GatewayCode>([
  "unknown_connector",
  "unknown_operation",
  "invalid_params",
  "refused_by_policy",
  "refused_by_guard",
  "too_large",
  "reply_invalid",
  "planning_phase",
]);

/** Until somebody may have turned something on. */
const lookAgainMs = 60_000;

/** What came back for a message. */
export interface DeliveryReply {
  idempotencyKey: string;
  caller: OutsideCaller;
  output: unknown;
  evidenceId: string;
}

/**
 * How the outbox sends: through the gateway, with the same walls as every call. Before a message counts as delivered, what came back
 * is given to `keep`.
 */
export function deliverThrough(
  gateway: Pick<Gateway, "deliver" | "holdOf">,
  keep: (reply: DeliveryReply) => Promise<void>,
): OutboxStart["deliver"] {
  return async ({ id, attempt, signal, ...message }) => {
    const hold = await gateway.holdOf(message);
    if (hold && mayWait(hold)) return held(hold);
    try {
      const { idempotencyKey, caller } = message;
      const delivery = {
        id,
        attempt,
        idempotencyKey,
        keep: (reply: { output: unknown; evidenceId: string }) => keep({ idempotencyKey, caller, ...reply }),
      };
      await gateway.deliver(message, delivery, signal);
      return { ok: true };
    } catch (error) {
      const failure = toGatewayError(error);
      return mayWait(failure) ? held(failure) : failed(failure);
    }
  };
}

/** Quiet hours end by themselves; what else the policy refuses does not. */
function mayWait({ gatewayCode, isFinal }: GatewayError): boolean {
  return holding.has(gatewayCode) || (gatewayCode === "refused_by_policy" && !isFinal);
}

function held({ message, askedMs }: GatewayError): DeliveryResult {
  return { ok: false, isHeld: true, reason: message, pauseMs: askedMs ?? lookAgainMs };
}

function failed({ gatewayCode, message, evidenceId, isFinal, askedMs }: GatewayError): DeliveryResult {
  return {
    ok: false,
    isFinal: isFinal || final.has(gatewayCode),
    failure: { code: gatewayCode, message, evidenceId },
    askedMs,
  };
}
