import type { PromptList, PromptsEvent, PromptSummary } from "../../../contract/features/prompts.ts";
import { type StoredPrompt, versionOf } from "./prompt-folder.ts";
import type { PromptStore } from "./prompt-store.ts";
import { wholeTemplate } from "./prompt-values.ts";

/** All prompts as they are shown, each with what those it includes bring. */
export interface PromptCatalog {
  list(): PromptList;
  summaryOf(prompt: StoredPrompt): PromptSummary;
  /** To be called with what changed in the folder: tells what that means for every prompt. */
  changed(ids: readonly string[]): void;
}

/** A catalog of what the store holds. */
export function createPromptCatalog(store: PromptStore, publish: (event: PromptsEvent) => void): PromptCatalog {
  let told = new Map<string, string>();
  let toldProblems = JSON.stringify(store.problems());

  function summaryOf(prompt: StoredPrompt): PromptSummary {
    const { id, input, facts, versions, problem } = prompt;
    const { variables, includes, issues } = wholeTemplate({ id, ...input, facts }, (other) => store.get(other));
    const last = versions.at(-1);
    return {
      id,
      title: input.title,
      description: input.description,
      variables,
      version: versionOf(prompt),
      updatedAt: last?.createdAt ?? new Date(0).toISOString(),
      updatedBy: last?.author ?? "",
      includes,
      issues,
      problem,
    };
  }

  function summaries(): PromptSummary[] {
    return store
      .all()
      .map(summaryOf)
      .toSorted((a, b) => a.title.localeCompare(b.title, "en") || a.id.localeCompare(b.id, "en"));
  }

  return {
    list: () => ({ prompts: summaries(), problems: store.problems() }),
    summaryOf,
    changed(ids) {
      const now = new Map<string, string>();
      for (const summary of summaries()) {
        const text = JSON.stringify(summary);
        now.set(summary.id, text);
        if (ids.includes(summary.id) || told.get(summary.id) !== text) publish({ kind: "changed", summary });
      }
      for (const id of ids) if (!now.has(id)) publish({ kind: "removed", id });
      told = now;
      const problems = JSON.stringify(store.problems());
      if (problems !== toldProblems) publish({ kind: "problems", problems: store.problems() });
      toldProblems = problems;
    },
  };
}
