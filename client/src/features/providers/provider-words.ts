import type {
  ModelPrice,
  Provider,
  ProviderHealth,
  ProviderModel,
  Tier,
} from "../../../../contract/features/providers.ts";
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
  return health === undefined ? "unknown" : statuses[health.state];
}

/** Where a provider is reached: the host of an API, the command of a program. */
export function placeOf(provider: Provider): string {
  if (provider.type === "api") return new URL(provider.baseUrl).host;
  return provider.command.length === 0 ? provider.agent : provider.command.join(" ");
}

/** "$3 in, $15 out" for a million tokens. */
export function priceText(price: ModelPrice | null): string {
  return price === null ? "not known" : `$${String(price.input)} in, $${String(price.output)} out`;
}

/** The model a provider uses for each tier, as "light small · heavy large". */
export function tiersText(models: readonly ProviderModel[]): string {
  return tiers
    .flatMap((tier) => {
      const found = models.find((model) => model.tier === tier);
      return found === undefined ? [] : [`${tier} ${found.id}`];
    })
    .join(" · ");
}

/** "$0.0042", "$12.30": small amounts keep two figures that say something. */
export function costText(costUsd: number): string {
  if (costUsd === 0) return "$0";
  if (costUsd < 0.0001) return "< $0.0001";
  return costUsd < 0.1 ? `$${Number(costUsd.toPrecision(2)).toString()}` : `$${costUsd.toFixed(2)}`;
}

/** "950", "12.3 k", "4.5 M". */
export function tokensText(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  if (tokens < 1_000_000) return `${(tokens / 1_000).toFixed(tokens < 10_000 ? 1 : 0)} k`;
  return `${(tokens / 1_000_000).toFixed(tokens < 10_000_000 ? 2 : 1)} M`;
}
