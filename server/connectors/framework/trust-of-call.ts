import type { TrustTier } from "../../../contract/features/connectors.ts";
import type { GatewayDependencies } from "./gateway-request.ts";
import type { PreparedCall } from "./prepare-call.ts";

/** How far what came back can be trusted, and why: what the operation declares, as the user's lists of domains change it. */
export function trustOfCall(
  { operation, targets }: Pick<PreparedCall, "operation" | "targets">,
  repliedFrom: readonly string[],
  { trust }: Pick<GatewayDependencies, "trust">,
): { tier: TrustTier; reason: string } {
  const own = operation.trust ?? "external";
  const { tier, rule } = trust().of(repliedFrom.length > 0 ? repliedFrom : targets, own);
  if (rule !== null) return { tier, reason: `The list of domains says so: ${rule}` };
  return { tier, reason: operation.trust === undefined ? "It came from outside" : "So the operation declares" };
}
