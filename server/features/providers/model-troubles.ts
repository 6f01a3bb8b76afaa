import type { FailureKind, ModelTrouble, ProviderHealth } from "../../../contract/features/providers.ts";

/** What an attempt with one model came to. */
interface Outcome {
  failure: FailureKind;
  message: string | null;
  model: string | null;
}

/** Words of a limit that holds for the key or the account, whatever model is asked. */
const accountWords =
  /\b(?:your|the|this|per) (?:account|api[ -]?key|key|workspace|subscription)\b|\b(?:all|every) models?\b/i;
const perModelWords = /per[ -]?model|this model/i;

/** Whether an outcome is about the model that was asked alone, and others of the provider may still answer. */
export function isAboutModel({ failure, message, model }: Outcome): boolean {
  if (model === null) return false;
  const text = message ?? "";
  const namesModel = text.includes(model) || perModelWords.test(text);
  if (failure === "rate-limit") return namesModel || !accountWords.test(text);
  if (failure === "usage-limit") return namesModel; // quotas and credit are the account's
  return failure === "server-error" || failure === "missing-model";
}

/** Whether a limit is not over yet. */
export function isLimitOn({ backAt }: { backAt: string | null }, now: number): boolean {
  return backAt !== null && Date.parse(backAt) > now;
}

/** The limit a model has of its own now, or `null`. */
export function limitOfModel(
  { modelTroubles = [] }: Pick<ProviderHealth, "modelTroubles">,
  model: string | null,
  now: number,
): ModelTrouble | null {
  return modelTroubles.find((trouble) => trouble.model === model && isLimitOn(trouble, now)) ?? null;
}

/**
 * What the provider as a whole is when each of its models has a limit of its own: the one that ends first, or `null` when some
 * model may be asked.
 */
export function limitOfAllModels(
  models: readonly { id: string }[],
  health: Pick<ProviderHealth, "modelTroubles">,
  now: number,
): ModelTrouble | null {
  const limits = models.map(({ id }) => limitOfModel(health, id, now));
  const [first = null, ...others] = limits;
  return others.reduce((soonest, one) => {
    if (soonest === null || one === null) return null;
    return Date.parse(one.backAt ?? "") < Date.parse(soonest.backAt ?? "") ? one : soonest;
  }, first);
}

/** The health as shown: limited, too, when each of the models is. */
export function asLimitedByModels(
  models: readonly { id: string }[],
  health: ProviderHealth,
  now: number,
): ProviderHealth {
  const limit = health.state === "limited" ? null : limitOfAllModels(models, health, now);
  return limit === null ? health : { ...health, state: "limited", failure: limit.failure, backAt: limit.backAt };
}

/** What one that seemed down is once it spoke of one of its models. */
export function afterAnswer(health: ProviderHealth, failure: FailureKind, asOf: string): ProviderHealth {
  if (health.state !== "down" || failure === "server-error") return health;
  return { ...health, state: "up", failure: null, message: null, asOf };
}

/** The health with the troubles of one model replaced; `null`: it has none any more. */
export function withTrouble(
  health: ProviderHealth,
  model: string | null,
  trouble: ModelTrouble | null,
): ProviderHealth {
  const { modelTroubles = [], ...rest } = health;
  const others = modelTroubles.filter((one) => one.model !== model).slice(-499);
  const all = trouble === null ? others : [...others, trouble];
  return all.length === 0 ? rest : { ...rest, modelTroubles: all };
}

/** The same without limits that are over. */
export function withoutOldLimits(health: ProviderHealth, now: number): ProviderHealth {
  const { modelTroubles = [], ...rest } = health;
  const left = modelTroubles.filter((trouble) => trouble.backAt === null || isLimitOn(trouble, now));
  return left.length === 0 ? rest : { ...rest, modelTroubles: left };
}

/** One sentence about the models that have troubles, or `null`. */
export function troubleText(
  { modelTroubles = [] }: Pick<ProviderHealth, "modelTroubles">,
  timeText: (at: number) => string,
): string | null {
  const parts = modelTroubles.map(({ model, backAt, failure }) => {
    if (backAt !== null) return `${model} is limited until ${timeText(Date.parse(backAt))}`;
    return failure === "missing-model" ? `${model} is not offered` : `${model} failed when it was asked last`;
  });
  return parts.length === 0 ? null : parts.slice(0, 5).join("; ");
}
