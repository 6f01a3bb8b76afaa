import type { App } from "../../../../contract/features/apps.ts";
import type { PromptReference } from "../../../../contract/features/prompts.ts";
import type { Action } from "./automation-draft.ts";

export type RunAction = Extract<Action, { kind: "run" }>;

/** Starts from a prompt, or from the user's own words again: those typed before it was chosen. */
export function withReference(action: RunAction, reference: PromptReference | null, typed: string): RunAction {
  const prompt: RunAction["prompt"] =
    reference === null ? { kind: "text", text: typed } : { kind: "template", ...reference };
  return { ...action, prompt };
}

/** What was typed, as far as the action still has it. */
export function typedIn({ prompt }: RunAction): string | null {
  return prompt.kind === "text" ? prompt.text : null;
}

/** Where a run works, as its field has it: a folder, which goes before the app, an app, or nothing. */
export function placeValue({ folder, appId }: RunAction): string | null {
  return folder ?? appId ?? null;
}

/** The apps, and the folder that was given over the API; no id of an app looks like a path. */
export function placeOptions({ folder, appId }: RunAction, apps: readonly App[]): { value: string; label: string }[] {
  const options = apps.map(({ id, name }) => ({ value: id, label: name }));
  if (typeof folder !== "string") return options;
  const app = apps.find(({ id }) => id === appId)?.name ?? appId ?? null;
  return [{ value: folder, label: app === null ? folder : `${folder} (counted for ${app})` }, ...options];
}

/** Another app takes the place of the folder, which would win; without either it gets a folder of its own. */
export function withPlace(action: RunAction, value: string | null): RunAction {
  if (value === placeValue(action)) return action;
  const moved = { ...action, appId: value, folder: null };
  return value === null ? { ...moved, isolation: { kind: "none" } } : moved;
}
