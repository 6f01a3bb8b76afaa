import type { PromptIssue, PromptVariable } from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import { versionOf } from "./prompt-folder.ts";
import { missing, type PromptStore } from "./prompt-store.ts";
import { fillValues, type Template, wholeTemplate } from "./prompt-values.ts";
import { readTemplate, renderTemplate } from "./template.ts";

/** What a run would be given, with everything that speaks against it. */
export interface Preview {
  /** `null` when the template itself cannot be read. */
  text: string | null;
  issues: PromptIssue[];
  characters: number;
  estimatedTokens: number;
  variables: PromptVariable[];
}

/** What a run is given, and what it was made from. */
export interface RenderedPrompt {
  text: string;
  version: number;
  /** In order of first mention. */
  includes: { id: string; version: number }[];
}

export interface PromptRenderer {
  /** The text of a prompt with its values, and the versions used, its own and those of what it includes. Throws `invalid_request` naming every wrong value, or `conflict` when the prompt itself cannot be used. */
  render(id: string, version: number | null, values: Readonly<Record<string, unknown>>): Promise<RenderedPrompt>;
  /** As far as it goes: places whose value is missing are marked. */
  preview(source: PreviewSource, values: Readonly<Record<string, unknown>>): Promise<Preview>;
}

export type PreviewSource =
  | { kind: "stored"; id: string; version?: number | null | undefined }
  | { kind: "draft"; id: string | null; variables: PromptVariable[]; body: string };

const charactersPerToken = 4;

/** Tokens a text costs, roughly: one for every four characters. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

/** Renders what is stored as it is stored: an edit of a moment ago counts. */
export function createPromptRenderer(store: PromptStore): PromptRenderer {
  async function storedTemplate(id: string, version: number | null): Promise<{ template: Template; version: number }> {
    const prompt = await store.refresh(id);
    if (prompt === null) throw missing();
    const inForce = versionOf(prompt);
    if (version === null || version === inForce) {
      const { body, variables } = prompt.input;
      return { template: { id, body, variables, facts: prompt.facts }, version: inForce };
    }
    const { body, variables } = (await store.readVersion(id, version)).input;
    return { template: { id, body, variables, facts: await readTemplate(body) }, version };
  }

  /** Included prompts may have been edited a moment ago, too. */
  async function whole(template: Template): Promise<ReturnType<typeof wholeTemplate>> {
    const first = wholeTemplate(template, (id) => store.get(id));
    for (const id of [...first.includes, ...template.facts.includes]) await store.refresh(id);
    return wholeTemplate(template, (id) => store.get(id));
  }

  function versionInForce(id: string): { id: string; version: number }[] {
    const prompt = store.get(id);
    return prompt === null ? [] : [{ id, version: versionOf(prompt) }];
  }

  function renderWith(template: Template, values: ReadonlyMap<string, unknown>): Promise<string> {
    return renderTemplate(template.body, values, (id) => store.get(id)?.input.body);
  }

  return {
    async render(id, wantedVersion, given) {
      const { template, version } = await storedTemplate(id, wantedVersion);
      const { variables, issues, includes } = await whole(template);
      const [first] = issues;
      if (first)
        throw new AppError("conflict", `The prompt ${id} cannot be used: ${first.message}`, {
          hint: "Mend the prompt on its page.",
        });
      const filled = fillValues(variables, given);
      if (filled.issues.length > 0)
        throw new AppError("invalid_request", filled.issues.map(({ message }) => message).join("; "), {
          issues: filled.issues.map(({ name, message }) => ({ path: `body.prompt.values.${name ?? ""}`, message })),
        });
      const text = await renderWith(template, filled.values);
      if (text.trim() === "") throw new AppError("invalid_request", `With these values the prompt ${id} is empty`);
      return { text, version, includes: includes.flatMap(versionInForce) };
    },
    async preview(source, given) {
      const template =
        source.kind === "stored"
          ? (await storedTemplate(source.id, source.version ?? null)).template
          : { ...source, facts: await readTemplate(source.body) };
      const { variables, issues } = await whole(template);
      const filled = fillValues(variables, given);
      const all = [...issues, ...filled.issues];
      const nothing = { text: null, characters: 0, estimatedTokens: 0, variables };
      if (issues.some(({ rule }) => rule === "syntax" || rule === "loop")) return { ...nothing, issues: all };
      const marked = new Map(filled.values);
      for (const { rule, name } of all)
        if (name !== null && (rule === "missing" || rule === "wrong-type" || rule === "not-declared"))
          marked.set(name, markFor(name, variables));
      try {
        const text = await renderWith(template, marked);
        return { text, issues: all, characters: text.length, estimatedTokens: estimateTokens(text), variables };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { ...nothing, issues: [...all, { rule: "too-large", name: null, message: error.message }] };
      }
    },
  };
}

function markFor(name: string, variables: readonly PromptVariable[]): string | string[] {
  const mark = `‹${name}›`;
  return variables.find((variable) => variable.name === name)?.type === "list" ? [mark] : mark;
}
