import type { Provider } from "../../../contract/features/providers.ts";
import type { Candidate } from "./beliefs.ts";

type Offered = Pick<Provider, "id" | "type" | "isEnabled" | "models">;

/** Whom work may be given to: each provider that is on, with its models of tiers, else with its first. */
export function candidatesOf(providers: readonly Offered[]): Candidate[] {
  return providers.flatMap((provider): Candidate[] => {
    const { id: providerId, type, isEnabled, models } = provider;
    if (!isEnabled) return [];
    const tiered = models.filter(({ tier }) => tier !== null);
    if (tiered.length > 0) return tiered.map(({ id }) => ({ providerId, model: id }));
    const first = models[0]?.id ?? null;
    return first === null && type === "api" ? [] : [{ providerId, model: first }];
  });
}
