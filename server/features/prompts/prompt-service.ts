import type {
  PromptInput,
  PromptIssue,
  PromptUse,
  PromptVersion,
  PromptView,
} from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import { BrokenFile } from "./broken-file.ts";
import type { PromptCatalog } from "./prompt-catalog.ts";
import { type StoredPrompt, versionOf } from "./prompt-folder.ts";
import { missing, type PromptStore } from "./prompt-store.ts";
import { wholeTemplate } from "./prompt-values.ts";
import { slugOf } from "./slug.ts";
import { readTemplate } from "./template.ts";

/** Finds where a prompt is used; added by what uses prompts. */
export interface UseFinder {
  /** "automations", for saying that it could not be asked. */
  readonly what: string;
  find(promptId: string): Promise<FoundUse[]> | FoundUse[];
}

export interface FoundUse {
  use: PromptUse;
  /** It cannot go on without the prompt; what was made from one can. */
  needsIt: boolean;
}

export interface PromptService {
  view(id: string): Promise<PromptView>;
  create(input: PromptInput, by: { id?: string | undefined; author: string; message: string }): Promise<PromptView>;
  save(id: string, input: PromptInput, by: { basedOn: number; author: string; message: string }): Promise<PromptView>;
  /** Answers with what cannot be used without it. */
  remove(id: string): Promise<{ id: string; name: string; includedBy: string[]; usedBy: string[] }>;
  restore(id: string): Promise<PromptView>;
  versions(id: string): Promise<PromptVersion[]>;
  version(id: string, number: number): Promise<{ version: PromptVersion; input: PromptInput; source: string }>;
  restoreVersion(id: string, number: number, author: string): Promise<PromptView>;
  uses(id: string): Promise<{ uses: PromptUse[]; unknown: string[] }>;
}

interface Dependencies {
  store: PromptStore;
  catalog: PromptCatalog;
  finders: readonly UseFinder[];
}

/** Prompts as the user handles them. */
export function createPromptService({ store, catalog, finders }: Dependencies): PromptService {
  function viewOf(prompt: StoredPrompt): PromptView {
    return { summary: catalog.summaryOf(prompt), input: prompt.input, source: prompt.text };
  }

  async function existing(id: string): Promise<StoredPrompt> {
    const prompt = await store.refresh(id);
    if (prompt === null) throw missing();
    return prompt;
  }

  function includedBy(id: string): StoredPrompt[] {
    return store.all().filter(({ facts }) => facts.includes.includes(id));
  }

  async function found(id: string): Promise<{ uses: FoundUse[]; unknown: string[] }> {
    const results = await Promise.allSettled(finders.map(async (finder) => finder.find(id)));
    return {
      uses: results.flatMap((result) => (result.status === "fulfilled" ? result.value : [])),
      unknown: results.flatMap((result, index) => (result.status === "rejected" ? (finders[index]?.what ?? []) : [])),
    };
  }

  /** Loops and what cannot be read are refused; a prompt that is included and not there yet may come later. */
  async function check(id: string | null, input: PromptInput): Promise<void> {
    const facts = await readTemplate(input.body);
    const { issues } = wholeTemplate({ id, ...input, facts }, (other) => store.get(other));
    const refused = issues.filter(({ rule }) => rule === "syntax" || rule === "loop");
    if (refused.length > 0) throw refusal(refused);
  }

  async function versionList(id: string): Promise<readonly PromptVersion[]> {
    return (await existing(id)).versions;
  }

  return {
    view: async (id) => viewOf(await existing(id)),
    async create(input, { id: wanted, author, message }) {
      const id = wanted ?? (await store.freeId(slugOf(input.title)));
      await check(id, input);
      const files = await import("./prompt-file.ts");
      const made = await store.write(
        id,
        (current) => {
          if (current === null) return formatted(files, null, { id, input });
          throw new AppError("conflict", `There is a prompt ${id} already`, {
            issues: [{ path: "body.id", message: "is taken" }],
          });
        },
        { author, message },
      );
      return viewOf(made);
    },
    async save(id, input, { basedOn, author, message }) {
      await check(id, input);
      const files = await import("./prompt-file.ts");
      const saved = await store.write(
        id,
        (current) => {
          if (current === null) throw missing();
          const latest = versionOf(current);
          if (latest !== basedOn)
            throw new AppError("conflict", `This prompt was changed meanwhile: version ${latest} is newer than yours`, {
              hint: `You edited version ${basedOn}. Load the newer one, or save yours over it; no version is lost.`,
            });
          return formatted(files, current, { id, input });
        },
        { author, message },
      );
      return viewOf(saved);
    },
    async remove(id) {
      const { input } = await store.remove(id);
      const { uses } = await found(id);
      const usedBy = uses.filter(({ needsIt }) => needsIt).map(({ use }) => use.name);
      return { id, name: input.title, includedBy: includedBy(id).map((other) => other.input.title), usedBy };
    },
    restore: async (id) => viewOf(await store.restore(id)),
    versions: async (id) => (await versionList(id)).toReversed(),
    async version(id, number) {
      const version = (await versionList(id)).find((entry) => entry.number === number);
      if (!version) throw new AppError("not_found", `There is no version ${number} of this prompt`);
      const { text, input } = await store.readVersion(id, number);
      return { version, input, source: text };
    },
    async restoreVersion(id, number, author) {
      await existing(id);
      const { text, input } = await store.readVersion(id, number);
      await check(id, input);
      const message = `Version ${number} brought back`;
      return viewOf(await store.write(id, () => text, { author, message, replacesBroken: true }));
    },
    async uses(id) {
      await existing(id);
      const prompts = includedBy(id).map((other): PromptUse => ({
        kind: "prompt",
        name: other.input.title,
        link: `/prompts/${other.id}`,
        version: null,
        at: null,
      }));
      const { uses, unknown } = await found(id);
      return { uses: [...prompts, ...uses.map(({ use }) => use)], unknown };
    },
  };
}

function refusal(issues: readonly PromptIssue[]): AppError {
  return new AppError("invalid_request", issues.map(({ message }) => message).join("; "), {
    issues: issues.map(({ message }) => ({ path: "body.input.body", message })),
  });
}

/** The file with another content; what only its author can change is told. */
function formatted(
  { formatPromptFile }: typeof import("./prompt-file.ts"),
  current: StoredPrompt | null,
  { id, input }: { id: string; input: PromptInput },
): string {
  try {
    return formatPromptFile(current && { text: current.text, id }, input);
  } catch (error) {
    if (error instanceof BrokenFile) throw new AppError("conflict", error.message);
    throw error;
  }
}
