import type { Tier } from "../../../contract/features/providers.ts";
import { isCostKnown } from "../../cost-known.ts";
import { walkChain } from "./fallback-chain.ts";
import type { ProviderRecord } from "./provider-record.ts";
import { engineOf, priceOf, type ResolveDependencies, whatLacks } from "./resolve-targets.ts";

/** How a provider stands for whoever gives out work. */
export interface ProviderStanding {
  id: string;
  name: string;
  isEnabled: boolean;
  models: readonly { id: string; tier: Tier | null }[];
  /** Programs choose a model themselves. */
  needsModel: boolean;
  /** What is missing before it can be asked: "without an API key"; `null`: nothing. */
  lacks: string | null;
  /** It was seen to be down, and when (milliseconds). */
  downSince: number | null;
  /** It is limited; until when, as far as known. */
  limit: { until: number | null } | null;
  /** Models that are limited by themselves, and until when (milliseconds). */
  modelLimits?: readonly { model: string; until: number }[];
  /** Who is asked when it cannot answer, in order. */
  fallbacks: readonly string[];
  /** Whether it will be known what an answer costs. */
  isCostKnown(model: string | null): boolean;
}

/** Where a provider stands now, as last seen; nobody is contacted. */
export function standingOf(record: ProviderRecord, resolving: ResolveDependencies): ProviderStanding {
  const { id, name, isEnabled, models, type } = record;
  const { state, asOf, backAt, modelTroubles = [] } = resolving.healthOf(record);
  return {
    id,
    name,
    isEnabled,
    models: models.map((model) => ({ id: model.id, tier: model.tier })),
    needsModel: type === "api",
    lacks: whatLacks(record, resolving),
    downSince: state === "down" && asOf !== null ? Date.parse(asOf) : null,
    limit: state === "limited" ? { until: backAt === null ? null : Date.parse(backAt) } : null,
    modelLimits: modelTroubles.flatMap((trouble) =>
      trouble.backAt === null ? [] : [{ model: trouble.model, until: Date.parse(trouble.backAt) }],
    ),
    fallbacks: walkChain(record, "medium", resolving.find)
      .records.slice(1)
      .map((next) => next.id),
    isCostKnown: (model) => isCostKnown({ ...howAsked(record), price: priceOf(record, model) }),
  };
}

function howAsked(record: ProviderRecord) {
  return record.type === "api"
    ? { engine: "api" as const, baseUrl: record.baseUrl }
    : { engine: engineOf(record), agent: record.agent };
}
