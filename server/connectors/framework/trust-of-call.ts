import type { TrustTier } from "../../../contract/features/connectors.ts";
import type { PreparedCall } from "./prepare-call.ts";

/** How far what came back can be trusted, and why. */
export function trustOfCall({ operation }: Pick<PreparedCall, "operation">): { tier: TrustTier; reason: string } {
  if (operation.trust === undefined) return { tier: "external", reason: "It came from outside" };
  return { tier: operation.trust, reason: "So the operation declares" };
}
