import type { AgentKind, Provider, ProviderHealth, Tier } from "../../../contract/features/providers.ts";
import type { RunChoice } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { apiKeyHeaders } from "../../../lib/api-key-headers.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { plainEnvironment } from "../../sealed-variables.ts";
import { commandOf, type ProgramFinder } from "./agent-programs.ts";
import { modelFor, walkChain } from "./fallback-chain.ts";
import { limitOfAllModels, limitOfModel } from "./model-troubles.ts";
import type { ProviderRecord } from "./provider-record.ts";

export interface ResolveDependencies {
  find(id: string): ProviderRecord | null;
  healthOf(record: ProviderRecord): ProviderHealth;
  secrets: Pick<SecretBox, "open" | "describe">;
  programs: ProgramFinder;
  now(): number;
  /** A time of day as the user reads it. */
  timeText(at: number): string;
}

/** Hosts that answer nobody without a key. */
const keyHosts = new Set(["api.anthropic.com", "api.openai.com", "generativelanguage.googleapis.com", "openrouter.ai"]);
/** Agents whose stream of JSON is understood; others are run in a terminal. */
const streamingAgents: ReadonlySet<AgentKind> = new Set(["claude", "codex", "gemini", "opencode", "cursor", "qwen"]);

/** Why a provider would not be asked now, or `null`. */
export function skipReason(
  record: ProviderRecord,
  model: string | null,
  dependencies: ResolveDependencies,
): string | null {
  if (!record.isEnabled) return "off";
  const health = dependencies.healthOf(record);
  const own = limitOfModel(health, model, dependencies.now());
  if (own?.backAt != null) return `limited until ${dependencies.timeText(Date.parse(own.backAt))} (${own.model})`;
  const isOfModels = limitOfAllModels(record.models, health, dependencies.now()) !== null; // this model is none of them
  if (!isOfModels && (health.state === "limited" || health.state === "checking")) {
    const backAt = health.backAt === null ? null : Date.parse(health.backAt);
    if (backAt !== null && backAt > dependencies.now()) return `limited until ${dependencies.timeText(backAt)}`;
    if (backAt === null && health.state === "limited") return "limited";
  }
  if (record.type === "api" && model === null) return "without a model";
  return whatLacks(record, dependencies);
}

/** What a provider lacks before anybody can ask it, or `null`. */
export function whatLacks(record: ProviderRecord, dependencies: ResolveDependencies): string | null {
  if (record.type === "api") return lacksKey(record, dependencies) ? "without an API key" : null;
  const [program] = commandOf(record);
  if (program === undefined) return "without a command";
  return dependencies.programs.find(program) === null ? `not installed (${program} was not found)` : null;
}

function lacksKey(record: Extract<ProviderRecord, { type: "api" }>, { secrets }: ResolveDependencies): boolean {
  return keyHosts.has(new URL(record.baseUrl).hostname) && !secrets.describe(record.apiKey).isSet;
}

/** The tier a choice means: the named one, else the one of its model, else medium. */
export function tierOf(choice: Pick<RunChoice, "tier" | "model">, record: Pick<Provider, "models">): Tier {
  return choice.tier ?? record.models.find(({ id }) => id === choice.model)?.tier ?? "medium";
}

/**
 * Whom to ask, in order: the chosen provider, then its chain, without those that are off, limited or not ready. What was left
 * out stands in the reason of the next. Throws `invalid_request` when there is no such provider, `unavailable` saying why when
 * nobody is left, secrets that cannot be opened included.
 */
export async function resolveTargets(choice: RunChoice, dependencies: ResolveDependencies): Promise<RunTarget[]> {
  const start = dependencies.find(choice.providerId);
  if (start === null) {
    const message = `must be a provider that exists, not ${choice.providerId}`;
    throw new AppError("invalid_request", `providerId: ${message}`, { issues: [{ path: "providerId", message }] });
  }
  const tier = tierOf(choice, start);
  const records = whoIsAsked(start, tier, choice, dependencies.find);
  const targets: RunTarget[] = [];
  const left: { text: string; error: AppError | null }[] = [];
  let before: string | null = null;
  for (const record of records) {
    if (typeof record === "string") {
      left.push({ text: `${record} does not exist`, error: null });
      before = left.at(-1)?.text ?? null;
      continue;
    }
    const model = record === start && choice.model != null ? choice.model : modelFor(record, tier);
    const skip = skipReason(record, model, dependencies);
    if (skip !== null) {
      left.push({ text: `${record.name} is ${skip}`, error: null });
      before = left.at(-1)?.text ?? null;
      continue;
    }
    const reason: string = before ?? "First choice";
    try {
      targets.push(await targetOf(record, model, reason, dependencies));
      before = `Fallback of ${record.name}`;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      left.push({ text: `${record.name}: ${error.message}`, error });
      before = left.at(-1)?.text ?? null;
    }
  }
  if (targets.length === 0) throw nobodyLeft(left);
  return targets;
}

/** The provider and its fallbacks: those of the choice where it names some, else its own. One that is gone is its id. */
function whoIsAsked(
  start: ProviderRecord,
  tier: Tier,
  { mayFallBack, fallbacks }: Pick<RunChoice, "mayFallBack" | "fallbacks">,
  find: ResolveDependencies["find"],
): (ProviderRecord | string)[] {
  if (!mayFallBack) return [start];
  if (fallbacks == null || fallbacks.length === 0) return walkChain(start, tier, find).records;
  const named = new Set(fallbacks.filter((id) => id !== start.id));
  return [start, ...[...named].map((id) => find(id) ?? id)];
}

function nobodyLeft(left: readonly { text: string; error: AppError | null }[]): AppError {
  const hints: [RegExp, string][] = [
    [/ is off$/, "Turn it on on the Providers page."],
    [/ is without /, "Complete it on the Providers page."],
    [/ is limited/, "Wait, choose another provider, or give it a fallback."],
    [/ is not installed/, "Install it, or choose another provider."],
  ];
  const [first] = left;
  const hint = first?.error?.hint ?? hints.find(([pattern]) => pattern.test(first?.text ?? ""))?.[1];
  const message = left.map(({ text }) => text).join("; ");
  return new AppError("unavailable", `Nobody can be asked: ${message}`, hint === undefined ? {} : { hint });
}

/** How a program is talked to. */
export function engineOf({
  type,
  agent,
}: Pick<Exclude<ProviderRecord, { type: "api" }>, "type" | "agent">): "acp" | "headless" | "terminal" {
  if (type === "acp") return "acp";
  return streamingAgents.has(agent) ? "headless" : "terminal";
}

/** What a model costs, as far as the user has said. */
export function priceOf({ models }: Pick<ProviderRecord, "models">, model: string | null): RunTarget["price"] {
  return models.find(({ id }) => id === model)?.price ?? null;
}

async function targetOf(
  record: ProviderRecord,
  model: string | null,
  reason: string,
  { secrets, programs }: ResolveDependencies,
): Promise<RunTarget> {
  const basis = {
    providerId: record.id,
    providerName: record.name,
    providerType: record.type,
    model,
    reason,
    timeoutMs: record.timeoutMs,
    price: priceOf(record, model),
  };
  if (record.type === "api") {
    const hasKey = record.apiKey !== null && record.apiKey !== "";
    const apiKey = hasKey ? await secrets.open(record.apiKey ?? "") : null;
    apiKeyHeaders(record.dialect, apiKey); // one that cannot be sent is told before anybody is asked
    return { ...basis, engine: "api", dialect: record.dialect, baseUrl: record.baseUrl, apiKey };
  }
  const [program = "", ...fixed] = commandOf(record);
  const path = programs.find(program);
  if (path === null) throw new AppError("unavailable", `${program} was not found`);
  const engine = engineOf(record);
  const environment = await plainEnvironment(record.environment, secrets);
  return { ...basis, engine, agent: record.agent, command: [path, ...fixed], environment };
}
