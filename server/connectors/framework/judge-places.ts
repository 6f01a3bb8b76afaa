import { CallFailure } from "../../../lib/guarded-http/call-failure.ts";
import { judgeUrl } from "../../../lib/guarded-http/judge-url.ts";
import { parseTarget } from "../../../lib/guarded-http/target-address.ts";
import { beginHop } from "../../../lib/guarded-http/trace.ts";
import type { CallPath } from "./call-path.ts";
import type { GatewayDependencies } from "./gateway-request.ts";
import type { PreparedCall } from "./prepare-call.ts";
import { newGuard } from "./run-call.ts";

/**
 * What the guard would say of the places of a call that is not made, as far as their looks tell: scheme, port, ports of PortOS,
 * addresses. No name is asked for, so what it leads to is judged when it is called. Throws the first refusal when nothing is left
 * to call; where only some are refused, the call may do without them.
 */
export async function judgePlaces(
  call: PreparedCall,
  { ownPorts }: Pick<GatewayDependencies, "ownPorts">,
  path: CallPath,
): Promise<void> {
  const { operation, targets } = call;
  if (operation.callsNothing === true || targets.length === 0) return;
  const guard = newGuard(call, { ownPorts, resolve: withoutAsking });
  const signal = new AbortController().signal;
  const refusals: CallFailure[] = [];
  const names: string[] = [];
  for (const target of targets) {
    const address = parseTarget(target);
    if (address === null) continue; // the policy has refused it
    try {
      await judgeUrl(guard, address.url, {
        hop: beginHop(undefined, "GET", address.url),
        signal,
        shown: address.origin,
      });
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      if (error.reason === "refused") refusals.push(error);
      else names.push(address.url.hostname);
    }
  }
  await path.step("address", () => {
    const [first] = refusals;
    if (first !== undefined && refusals.length === targets.length) throw first;
    const later = `What ${[...new Set(names)].slice(0, 5).join(", ")} leads to is judged when it is called`;
    if (names.length > 0) return { value: undefined, code: "later", reason: later };
    return { value: undefined, reason: "The guard would let it be called" };
  });
  for (const { message } of refusals) path.note("address", "refused", message);
}

/** Every machine knows this name without asking anybody; any other has no answer here. */
function withoutAsking(name: string): Promise<string[]> {
  return Promise.resolve(/(?:^|\.)localhost$/.test(name) ? ["127.0.0.1"] : []);
}
