import type { Provider, ProviderHealth, ProviderModel, Tier } from "../../../../contract/features/providers.ts";
import type { Status } from "../../ui/status.ts";

export const tiers: readonly Tier[] = ["light", "medium", "heavy"];

/** "API", "Program", "Program (ACP)". */
export const typeWords: Record<Provider["type"], string> = { api: "API", cli: "Program", acp: "Program (ACP)" };

const statuses: Record<ProviderHealth["state"], Status> = {
  off: "off",
  unknown: "unknown",
  checking: "checking",
  up: "up",
  limited: "limited",
  down: "down",
};

/** How a provider is, in the words used everywhere. */
export function statusOf(health: ProviderHealth | undefined): Status {
  if (health === undefined) return "unknown";
  return health.state === "down" && health.failure === "not-installed" ? "not installed" : statuses[health.state];
}

/** Where a provider is reached: the host of an API, the command of a program. */
export function placeOf(provider: Provider): string {
  if (provider.type === "api") return new URL(provider.baseUrl).host;
  return provider.command.length === 0 ? provider.agent : provider.command.join(" ");
}

/** The models a provider uses by tier, in the order of tiers. */
export function modelsByTier(models: readonly ProviderModel[]): { tier: Tier; id: string }[] {
  return tiers.flatMap((tier) => models.filter((model) => model.tier === tier).map(({ id }) => ({ tier, id })));
}
