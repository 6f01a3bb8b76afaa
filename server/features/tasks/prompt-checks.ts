import type { PromptReference } from "../../../contract/features/prompts.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { TaskBook } from "./task-book.ts";
import { isEnded } from "./task-rules.ts";

/** Prompts as tasks use them. */
export interface TaskPrompts {
  has(promptId: string): boolean;
  /** Why a prompt cannot be filled with these values, each below `path`. */
  issuesOf(reference: PromptReference, path: string): Promise<{ path: string; message: string }[]>;
  /** Told after any prompt was changed, added or removed. */
  onChange(listener: () => void): () => void;
}

/** Writes on every task that has not ended why its prompt cannot be used, and takes it back once it can. */
export interface PromptChecks {
  /** Tasks or prompts may have changed. */
  touch(): void;
  stop(): Promise<void>;
}

interface Options {
  book: Pick<TaskBook, "all" | "update">;
  prompts: TaskPrompts;
  logger: Logger;
  /** Told when prompts have changed, for whoever says which are missing. */
  onPromptsChanged(): void;
}

/** Looks at nothing before the first `touch()`. */
export function createPromptChecks({ book, prompts, logger, onPromptsChanged }: Options): PromptChecks {
  /** What was said of a reference, until a prompt changes. */
  let known = new WeakMap<PromptReference, string | null>();
  let running: Promise<void> | null = null;
  let isDirty = false;
  let isStopped = false;
  const unsubscribe = prompts.onChange(() => {
    known = new WeakMap();
    touch();
    onPromptsChanged();
  });

  function touch(): void {
    isDirty = true;
    if (isStopped || running) return;
    running = checkAll()
      .catch((error: unknown) => {
        logger.error("The prompts of tasks could not be checked", {}, error);
      })
      .finally(() => {
        running = null;
        if (isDirty) touch();
      });
  }

  async function problemOf(reference: PromptReference): Promise<string | null> {
    if (!prompts.has(reference.promptId)) return `There is no prompt ${reference.promptId}.`;
    const issues = await prompts.issuesOf(reference, "template");
    return issues.length === 0
      ? null
      : `Its prompt cannot be used: ${issues.map(({ message }) => message).join("; ")}.`;
  }

  async function problemAgain(reference: PromptReference): Promise<string | null> {
    const before = known.get(reference);
    if (before !== undefined) return before;
    const of = known;
    const problem = await problemOf(reference);
    of.set(reference, problem);
    return problem;
  }

  async function checkAll(): Promise<void> {
    isDirty = false;
    const found = new Map<PromptReference | null, string | null>([[null, null]]);
    let isDifferent = false;
    for (const { state, template, promptProblem } of book.all()) {
      if (isEnded(state)) continue;
      if (template !== null && !found.has(template)) found.set(template, await problemAgain(template));
      isDifferent ||= found.get(template) !== promptProblem;
    }
    if (!isDifferent) return;
    await book.update((file) => {
      const tasks = file.tasks.map((task) => {
        const problem = isEnded(task.state) ? undefined : found.get(task.template);
        return problem === undefined || problem === task.promptProblem ? task : { ...task, promptProblem: problem };
      });
      return { next: { ...file, tasks }, result: null };
    });
  }

  return {
    touch,
    async stop() {
      isStopped = true;
      unsubscribe();
      await running;
    },
  };
}
