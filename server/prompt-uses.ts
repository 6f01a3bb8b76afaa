import type { PromptUse } from "../contract/features/prompts.ts";
import type { UseFinder } from "./features/prompts/prompt-service.ts";
import type { RunService } from "./features/runs/run-service.ts";

/** So many of the newest runs are looked through. */
const lookedThrough = 200;

/** Runs that were made from a prompt, newest first. */
export function usesInRuns(runs: Pick<RunService, "list">): UseFinder {
  return {
    what: "runs",
    async find(promptId) {
      const { items } = await runs.list({ limit: lookedThrough });
      return items.flatMap(({ id, title, prompt, createdAt }): PromptUse[] =>
        prompt?.id === promptId
          ? [{ kind: "run", name: title, link: `/agents/${id}`, version: prompt.version, at: createdAt }]
          : [],
      );
    },
  };
}
