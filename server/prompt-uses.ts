import type { AutomationAction } from "../contract/features/automation-actions.ts";
import type { Automation } from "../contract/features/automations.ts";
import type { PromptReference } from "../contract/features/prompts.ts";
import type { Task } from "../contract/features/tasks.ts";
import { redact } from "../lib/redact.ts";
import type { FoundUse, UseFinder } from "./features/prompts/prompt-service.ts";
import type { RunService } from "./features/runs/run-service.ts";

/** So many of the newest runs are looked through. */
const lookedThrough = 200;

/** Runs that were made from a prompt, also by including it, newest first. */
export function usesInRuns(runs: Pick<RunService, "list">): UseFinder {
  return {
    what: "runs",
    async find(promptId) {
      const { items } = await runs.list({ limit: lookedThrough });
      return items.flatMap(({ id, title, prompt, createdAt }): FoundUse[] => {
        const own = prompt === null ? [] : [prompt, ...(prompt.includes ?? [])];
        const version = own.find((one) => one.id === promptId)?.version;
        if (version === undefined) return [];
        return [{ use: { kind: "run", name: title, link: `/agents/${id}`, version, at: createdAt }, needsIt: false }];
      });
    },
  };
}

/** Tasks that name a prompt; one that has ended can do without it. */
export function usesInTasks(tasks: {
  list(): readonly Pick<Task, "id" | "title" | "template" | "updatedAt" | "endedAt">[];
}): UseFinder {
  return {
    what: "tasks",
    find: (promptId) =>
      tasks.list().flatMap(({ id, title, template, updatedAt, endedAt }): FoundUse[] =>
        template?.promptId === promptId
          ? [
              {
                use: {
                  kind: "task",
                  name: redact(title),
                  link: `/agents/tasks/${id}`,
                  version: template.version,
                  at: updatedAt,
                },
                needsIt: endedAt === null,
              },
            ]
          : [],
      ),
  };
}

/** Automations whose tasks or runs are made from a prompt. */
export function usesInAutomations(automations: {
  list(): { automations: readonly { automation: Pick<Automation, "id" | "name" | "action" | "updatedAt"> }[] };
}): UseFinder {
  return {
    what: "automations",
    find: (promptId) =>
      automations.list().automations.flatMap(({ automation: { id, name, action, updatedAt } }): FoundUse[] => {
        const template = templateOf(action);
        if (template?.promptId !== promptId) return [];
        const version = template.version ?? null;
        return [
          { use: { kind: "automation", name, link: `/automations/${id}`, version, at: updatedAt }, needsIt: true },
        ];
      }),
  };
}

/** The prompt an automation fills when it is due; `null` for none. */
function templateOf(
  action: AutomationAction,
): (Pick<PromptReference, "promptId"> & { version?: number | null | undefined }) | null {
  if (action.kind === "task") return action.template;
  return action.kind === "run" && action.prompt.kind === "template" ? action.prompt : null;
}
