import type { PromptInput, PromptVariable, PromptVariableType } from "../../../../contract/features/prompts.ts";

/** A prompt while it is edited: every variable has a key of its own, so that a row keeps its place while its name is typed. */
export interface PromptDraft {
  title: string;
  description: string;
  variables: DraftVariable[];
  body: string;
}

export interface DraftVariable extends PromptVariable {
  key: number;
}

/** What is being edited, and the version it was made from. */
export interface OpenDraft {
  basedOn: number;
  start: PromptInput;
  draft: PromptDraft;
}

/** Types in the order they are offered. */
export const variableTypes: { value: PromptVariableType; label: string }[] = [
  { value: "text", label: "Text" },
  { value: "long-text", label: "Long text" },
  { value: "number", label: "Number" },
  { value: "yes-no", label: "Yes or no" },
  { value: "choice", label: "Choice" },
  { value: "list", label: "List" },
];

let nextKey = 1;

/** A variable of that name to begin with. */
export function newVariable(name = ""): DraftVariable {
  return { key: nextKey++, name, type: "text", description: "", isRequired: true, default: null, choices: [] };
}

/** A draft that says the same as the stored prompt. */
export function draftOf(input: PromptInput): PromptDraft {
  return { ...input, variables: input.variables.map((variable) => ({ ...variable, key: nextKey++ })) };
}

/** The draft as it is saved. */
export function inputOf({ variables, ...draft }: PromptDraft): PromptInput {
  return { ...draft, variables: variables.map(({ key: _key, ...variable }) => variable) };
}

/** Whether saving would change anything. */
export function isChanged({ start, draft }: OpenDraft): boolean {
  return JSON.stringify(inputOf(draft)) !== JSON.stringify(inputOf(draftOf(start)));
}

/** A variable of another type: a default and choices of the old one mean nothing any more. */
export function withType(variable: DraftVariable, type: PromptVariableType): DraftVariable {
  return { ...variable, type, default: null, choices: type === "choice" ? variable.choices : [] };
}
