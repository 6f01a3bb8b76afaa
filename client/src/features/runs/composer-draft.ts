import type { Provider, ProviderHealth, Tier } from "../../../../contract/features/providers.ts";
import type { Isolation } from "../../../../contract/features/isolation.ts";
import type { McpRights } from "../../../../contract/features/mcp.ts";
import type { PermissionMode } from "../../../../contract/features/runs.ts";
import type { CallInput } from "../../lib/api.ts";
import type { SmallPicture } from "../../lib/shrink-picture.ts";
import { likelyProvider } from "../../lib/likely-provider.ts";
import { givenValues, type PromptValues } from "../../lib/prompt-values.ts";
import { tierLabels } from "./run-words.ts";

/** Whom to ask: "tier:heavy", "model:gpt-5", or "" for what the provider takes by itself. */
export type ModelChoice = string;

/** A run as it is being written; kept in this browser until it is started. */
export interface RunDraft {
  readonly text: string;
  /** The prompt it starts from; "" for a text of one's own. */
  readonly promptId: string;
  readonly values: PromptValues;
  /** By provider; those in it are asked, each in a run of its own. */
  readonly choices: Readonly<Record<string, ModelChoice>>;
  /** "" for none. */
  readonly appId: string;
  /** "" for the app's, or an empty one of the run's own. */
  readonly folder: string;
  readonly permissionMode: PermissionMode;
  /** `auto`: a worktree where the app's folder is a repository. */
  readonly isolation: IsolationChoice | "auto";
  /** Programs in a sandbox reach the network. */
  readonly hasNetwork: boolean;
  /** What it gets of PortOS at most; `null`: what its provider may. */
  readonly tools: McpRights | null;
  /** As typed; empty is no limit. */
  readonly limits: Readonly<Record<Limit, string>>;
  readonly mayFallBack: boolean;
  /** Who is asked in turn instead of the fallbacks of the providers themselves; empty: those. */
  readonly fallbacks: readonly string[];
  readonly answer: "text" | "json";
  /** JSON Schema as typed; empty: any JSON. */
  readonly schema: string;
}

/** Where the work happens: in the folder, in a worktree of it, in such a worktree and nowhere else. */
export type IsolationChoice = Isolation["kind"];

export type Limit = "costUsd" | "tokens" | "turns" | "minutes";

export const emptyDraft: RunDraft = {
  text: "",
  promptId: "",
  values: {},
  choices: {},
  appId: "",
  folder: "",
  permissionMode: "ask-writes",
  isolation: "auto",
  hasNetwork: true,
  tools: null,
  limits: { costUsd: "", tokens: "", turns: "", minutes: "" },
  mayFallBack: true,
  fallbacks: [],
  answer: "text",
  schema: "",
};

const tiers: readonly Tier[] = ["light", "medium", "heavy"];

/** What can be chosen of a provider: its tiers, then its models. */
export function modelOptions(provider: Provider): { value: ModelChoice; label: string }[] {
  const ofTier = tiers.flatMap((tier) => {
    const model = provider.models.find((one) => one.tier === tier);
    return model ? [{ value: `tier:${tier}`, label: `${tierLabels[tier]}: ${model.id}` }] : [];
  });
  const others = provider.models.flatMap(({ id, tier }) =>
    tier === null ? [{ value: `model:${id}`, label: id }] : [],
  );
  return [...ofTier, ...others];
}

/** What is chosen of a provider before anybody chose: its medium tier, else the first there is. */
export function defaultModel(provider: Provider): ModelChoice {
  const options = modelOptions(provider);
  return (options.find(({ value }) => value === "tier:medium") ?? options[0])?.value ?? "";
}

/** The draft without providers that cannot be asked any more. */
export function amongProviders(draft: RunDraft, enabled: readonly Provider[]): RunDraft {
  const isEnabled = (id: string): boolean => enabled.some((provider) => provider.id === id);
  return {
    ...draft,
    choices: Object.fromEntries(Object.entries(draft.choices).filter(([id]) => isEnabled(id))),
    fallbacks: draft.fallbacks.filter(isEnabled),
  };
}

/** The draft with providers that can be asked only; nobody chosen: the first that answers. */
export function withProviders(
  draft: RunDraft,
  enabled: readonly Provider[],
  health: readonly Pick<ProviderHealth, "id" | "state">[] = [],
): RunDraft {
  const kept = amongProviders(draft, enabled);
  const first = likelyProvider(enabled, health);
  if (Object.keys(kept.choices).length > 0 || !first) return kept;
  return { ...kept, choices: { [first.id]: defaultModel(first) } };
}

/** What is wrong with the schema as typed, as far as that can be seen here. */
export function schemaProblem({ answer, schema }: Pick<RunDraft, "answer" | "schema">): string | undefined {
  if (answer === "text" || schema.trim() === "") return undefined;
  try {
    const value: unknown = JSON.parse(schema);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "must be an object";
  } catch (error) {
    return error instanceof Error ? error.message : "is no JSON";
  }
}

/** The draft as the API takes it; `isolation` is what it comes down to. */
export function draftBody(
  draft: RunDraft,
  isolation: IsolationChoice,
  images: readonly SmallPicture[] = [],
): CallInput<"runs.create">["body"] {
  const limit = (name: Limit): number | null => (draft.limits[name].trim() === "" ? null : Number(draft.limits[name]));
  return {
    prompt:
      draft.promptId === ""
        ? { kind: "text", text: draft.text }
        : { kind: "template", promptId: draft.promptId, values: givenValues(draft.values) },
    choices: Object.entries(draft.choices).map(([providerId, choice]) => ({
      providerId,
      mayFallBack: draft.mayFallBack,
      ...fallbacksOf(draft, providerId),
      ...modelOf(choice),
    })),
    appId: draft.appId === "" ? null : draft.appId,
    folder: draft.folder.trim() === "" ? null : draft.folder.trim(),
    permissionMode: draft.permissionMode,
    isolation: isolation === "sandbox" ? { kind: isolation, network: draft.hasNetwork } : { kind: isolation },
    tools: draft.tools,
    budget: {
      costUsd: limit("costUsd"),
      tokens: limit("tokens"),
      turns: limit("turns"),
      minutes: limit("minutes"),
    },
    ...(images.length === 0 ? {} : { images: [...images] }),
    ...(draft.answer === "json" ? { answerFormat: { kind: "json", schema: schemaOf(draft.schema) } } : {}),
  };
}

type JsonFormat = Extract<NonNullable<CallInput<"runs.create">["body"]["answerFormat"]>, { kind: "json" }>;

function schemaOf(typed: string): NonNullable<JsonFormat["schema"]> | null {
  return typed.trim() === "" ? null : (JSON.parse(typed) as NonNullable<JsonFormat["schema"]>);
}

/** Nobody is asked twice: a provider that is chosen itself is no fallback of itself. */
function fallbacksOf({ mayFallBack, fallbacks }: RunDraft, providerId: string): { fallbacks?: string[] } {
  return mayFallBack && fallbacks.length > 0 ? { fallbacks: fallbacks.filter((id) => id !== providerId) } : {};
}

function modelOf(choice: ModelChoice): { tier: Tier } | { model: string } | Record<string, never> {
  const name = choice.slice(choice.indexOf(":") + 1);
  if (choice.startsWith("tier:")) return { tier: name as Tier };
  return choice.startsWith("model:") ? { model: name } : {};
}
