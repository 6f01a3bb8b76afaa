import type { Provider, ProviderInput } from "../../../../contract/features/providers.ts";
import { toVariableInputs } from "../../ui/variables-editor.tsx";

export type Draft = ProviderInput;
export type ApiDraft = Extract<Draft, { type: "api" }>;
export type ProgramDraft = Exclude<Draft, { type: "api" }>;
export type Model = Draft["models"][number];

/** What the user decided about a provider, without what the server adds; secrets stay what they are. */
export function draftOf(provider: Provider): Draft {
  const { name, models, fallbackProvider, tierFallbacks, timeoutMs, tools = null } = provider;
  const common = { name, models, fallbackProvider, tierFallbacks, timeoutMs, tools };
  if (provider.type === "api")
    return { type: "api", ...common, dialect: provider.dialect, baseUrl: provider.baseUrl, apiKey: null };
  const { type, agent, command, environment } = provider;
  return { type, ...common, agent, command, environment: toVariableInputs(environment) };
}

/** A draft as it is sent: models that were left empty are left out. */
export function inputOf(draft: Draft): Draft {
  return { ...draft, models: draft.models.filter(({ id }) => id.trim() !== "") };
}

/** Gives a model a tier; another model that had it loses it. */
export function withTier(models: readonly Model[], index: number, tier: Model["tier"]): Model[] {
  return models.map((model, place) => {
    if (place === index) return { ...model, tier };
    return tier !== null && model.tier === tier ? { ...model, tier: null } : model;
  });
}

/** Splits a command line at spaces; what stands in quotes stays together. No shell reads it. */
export function splitCommand(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** The reverse, for the field. */
export function joinCommand(command: readonly string[]): string {
  return command.map((part) => (part === "" || /\s/.test(part) ? `"${part}"` : part)).join(" ");
}

/** Field errors by their place in the draft, whichever of the two calls they come from. */
export function draftErrors(errors: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(errors).map(([path, message]) => [path.replace(/^input\./, ""), message]));
}
