import type { ProviderHealth } from "../../../contract/features/providers.ts";

type Health = Pick<ProviderHealth, "id" | "state">;

const order: readonly Health["state"][] = ["up", "unknown", "checking", "limited", "down", "off"];

/** Of several providers the one to offer first: the first that answers, else the one most likely to. */
export function likelyProvider<P extends { id: string }>(
  providers: readonly P[],
  health: readonly Health[],
): P | undefined {
  const rank = ({ id }: P): number => order.indexOf(health.find((one) => one.id === id)?.state ?? "unknown");
  return providers.toSorted((one, other) => rank(one) - rank(other))[0];
}
