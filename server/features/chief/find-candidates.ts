import type { Tier } from "../../../contract/features/providers.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import type { ProviderStanding } from "../providers/provider-standing.ts";
import type { Block, Candidate } from "./chief-facts.ts";

/** A provider as the chief of staff sees it. */
export type ProviderFacts = ProviderStanding;

/** What was decided about a task after its failures. */
export interface Course {
  /** Those that failed at it: others come first. */
  avoid: readonly string[];
  /** It was given to a bigger tier. */
  tier: Tier | null;
}

/** One that is down is tried again after this long: a run tells more than a probe. */
const tryDownAfterMs = 5 * 60_000;

interface Surroundings {
  providers: readonly ProviderFacts[];
  now: number;
  timeText(at: number): string;
  /** A budget of money holds for the task: only those whose price is known can keep it. */
  isCostLimited?: boolean;
}

/** Who can do a task now, the first choice first; nobody only with the reason why. */
export function findCandidates(
  task: Pick<Task, "choice">,
  course: Course,
  around: Surroundings,
): { candidates: Candidate[]; block: Block | null } {
  const wanted = affordable(wantedBy(task, course, around.providers), around);
  if (wanted.length === 0) return { candidates: [], block: nobody(task, around.providers) };
  const blocks: Block[] = [];
  const candidates: Candidate[] = [];
  for (const one of wanted) {
    const block = blockOf(one.provider, one.model, around);
    if (block === null) candidates.push(one.candidate);
    else blocks.push(block);
  }
  if (candidates.length === 0) return { candidates, block: firstToEnd(blocks) };
  const fresh = candidates.filter(({ providerId }) => !course.avoid.includes(providerId));
  const rest = candidates.filter(({ providerId }) => course.avoid.includes(providerId));
  return { candidates: [...fresh, ...(fresh.length > 0 ? [] : rest)], block: null };
}

/** When nobody's price is known, all of them: the start itself says whose is missing, and asks the user. */
function affordable(wanted: Wanted[], { isCostLimited = false }: Surroundings): Wanted[] {
  if (!isCostLimited) return wanted;
  const counted = wanted.filter(({ provider, model }) => provider.isCostKnown(model));
  return counted.length === 0 ? wanted : counted;
}

/** The next bigger tier a task could be given to, or `null` when there is none or the user has named the model. */
export function biggerTier(
  task: Pick<Task, "choice">,
  last: { tier: Tier | null },
  providers: readonly ProviderFacts[],
): Tier | null {
  const { choice } = task;
  if (choice.kind === "provider" && choice.model !== null) return null;
  const order: Tier[] = ["light", "medium", "heavy"];
  const from = order.indexOf(last.tier ?? (choice.kind === "tier" ? choice.tier : "medium"));
  const able = providers.filter(
    ({ id, isEnabled }) => isEnabled && (choice.kind !== "provider" || id === choice.providerId),
  );
  return (
    order.slice(from + 1).find((tier) => able.some(({ models }) => models.some((model) => model.tier === tier))) ?? null
  );
}

interface Wanted {
  provider: ProviderFacts;
  model: string | null;
  candidate: Candidate;
}

function wantedBy(
  { choice }: Pick<Task, "choice">,
  { tier: bigger }: Course,
  providers: readonly ProviderFacts[],
): Wanted[] {
  const on = providers.filter(({ isEnabled }) => isEnabled);
  if (choice.kind === "best") return on.flatMap((provider) => everyModel(provider, bigger));
  if (choice.kind === "tier") return on.flatMap((provider) => ofTier(provider, bigger ?? choice.tier));
  const named = providers.find(({ id }) => id === choice.providerId);
  if (!named) return [];
  const chain = fallbacksOf(choice, named).flatMap((id) => providers.find((one) => one.id === id) ?? []);
  const tier = bigger ?? named.models.find(({ id }) => id === choice.model)?.tier ?? "medium";
  const first =
    choice.model !== null && bigger === null
      ? [wantedModel(named, choice.model, tier, choice.mayFallBack)]
      : ofTier(named, tier, choice.mayFallBack);
  const others = choice.fallbacks === undefined || !choice.mayFallBack ? {} : { fallbacks: choice.fallbacks };
  const asked = first.map((one) => withChoice(one, others));
  return [
    ...asked,
    ...chain.flatMap((provider, index) => {
      const after = namesFallbacks(choice) ? afterFallback(chain.slice(index + 1)) : {};
      return ofTier(provider, tier).map((one) => withChoice(one, after));
    }),
  ];
}

type NamedChoice = Extract<Task["choice"], { kind: "provider" }>;

/** Who comes after a named provider: those the task names, else its own. */
function fallbacksOf({ mayFallBack, fallbacks, providerId }: NamedChoice, named: ProviderFacts): readonly string[] {
  if (!mayFallBack) return [];
  return namesFallbacks({ fallbacks }) ? (fallbacks ?? []).filter((id) => id !== providerId) : named.fallbacks;
}

function namesFallbacks({ fallbacks }: Pick<NamedChoice, "fallbacks">): boolean {
  return fallbacks !== undefined && fallbacks.length > 0;
}

/** Whom a fallback the task names is followed by: by nobody else than the task names. */
function afterFallback(rest: readonly ProviderFacts[]): Pick<Candidate["choice"], "mayFallBack" | "fallbacks"> {
  return rest.length === 0 ? { mayFallBack: false } : { mayFallBack: true, fallbacks: rest.map(({ id }) => id) };
}

function withChoice(wanted: Wanted, more: Partial<Candidate["choice"]>): Wanted {
  const { candidate } = wanted;
  return { ...wanted, candidate: { ...candidate, choice: { ...candidate.choice, ...more } } };
}

/** Each of its models that is meant for a kind of work; of one without tiers, whatever it has. */
function everyModel(provider: ProviderFacts, only: Tier | null): Wanted[] {
  const tiered = provider.models.filter(({ tier }) => tier !== null && (only === null || tier === only));
  if (tiered.length > 0) return tiered.map(({ id, tier }) => wantedModel(provider, id, tier));
  return only === null || provider.models.every(({ tier }) => tier === null)
    ? [wantedModel(provider, provider.models[0]?.id ?? null, null)]
    : [];
}

function ofTier(provider: ProviderFacts, tier: Tier, mayFallBack = true): Wanted[] {
  const found = provider.models.find((model) => model.tier === tier) ?? provider.models[0];
  return [wantedModel(provider, found?.id ?? null, tier, mayFallBack)];
}

function wantedModel(provider: ProviderFacts, model: string | null, tier: Tier | null, mayFallBack = true): Wanted {
  const { id: providerId, name } = provider;
  const choice = { providerId, model, ...(tier === null ? {} : { tier }), mayFallBack };
  return { provider, model, candidate: { providerId, name, model, tier, choice } };
}

function blockOf(provider: ProviderFacts, model: string | null, { now, timeText }: Surroundings): Block | null {
  const { name, isEnabled, lacks, downSince, limit, needsModel } = provider;
  if (!isEnabled) return { code: "provider", text: `${name} is off.`, until: null };
  if (lacks !== null) return { code: "provider", text: `${name} is ${lacks}.`, until: null };
  if (needsModel && model === null) return { code: "provider", text: `${name} is without a model.`, until: null };
  if (limit !== null && (limit.until === null || limit.until > now)) {
    const until = limit.until === null ? "" : ` until ${timeText(limit.until)}`;
    return { code: "limit", text: `${name} is limited${until}.`, until: limit.until };
  }
  const own = provider.modelLimits?.find((one) => one.model === model && one.until > now);
  if (own !== undefined) {
    const text = `${name} is limited until ${timeText(own.until)} (${own.model}).`;
    return { code: "limit", text, until: own.until };
  }
  if (downSince !== null && downSince + tryDownAfterMs > now)
    return {
      code: "provider",
      text: `${name} did not answer; it is tried again at ${timeText(downSince + tryDownAfterMs)}.`,
      until: downSince + tryDownAfterMs,
    };
  return null;
}

/** Of several obstacles the one that is over first tells when to look again. */
function firstToEnd(blocks: readonly Block[]): Block {
  const timed = blocks.filter(({ until }) => until !== null);
  const [first] = timed.toSorted((one, other) => (one.until ?? 0) - (other.until ?? 0));
  const chosen = first ?? blocks[0];
  if (!chosen) return { code: "provider", text: "Nobody can be asked.", until: null };
  const text = [...new Set(blocks.map((block) => block.text))].slice(0, 3).join(" ");
  return { ...chosen, text };
}

function nobody({ choice }: Pick<Task, "choice">, providers: readonly ProviderFacts[]): Block {
  if (choice.kind === "provider")
    return { code: "provider", text: `There is no provider ${choice.providerId} any more.`, until: null };
  const text =
    providers.length === 0
      ? "No provider is set up: add one on the Providers page."
      : providers.some(({ isEnabled }) => isEnabled)
        ? "No provider has a model for this tier."
        : "Every provider is off: turn one on on the Providers page.";
  return { code: "provider", text, until: null };
}
