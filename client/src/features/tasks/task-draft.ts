import type { Isolation } from "../../../../contract/features/isolation.ts";
import type { McpRights } from "../../../../contract/features/mcp.ts";
import type { Task, TaskChoice, TaskInput } from "../../../../contract/features/tasks.ts";

/** A task as it is being edited: every field as its control holds it. */
export interface TaskDraft {
  readonly title: string;
  readonly instructions: string;
  /** `null` for words of one's own alone. */
  readonly template: Task["template"];
  /** "" for none. */
  readonly appId: string;
  readonly type: string;
  readonly priority: Task["priority"];
  /** "best", "tier:heavy", "provider:<id>" or "model:<id>:<model>". */
  readonly choice: string;
  readonly mayFallBack: boolean;
  /** Who is asked in turn instead of the provider's own fallbacks; empty: those. */
  readonly fallbacks: readonly string[];
  /** "" for what fits the app. */
  readonly isolation: string;
  /** "" for the autonomy of the chief of staff. */
  readonly permissionMode: string;
  /** What its runs get of PortOS at most; `null`: what their provider may. */
  readonly tools: McpRights | null;
  /** As typed; empty is no limit. */
  readonly limits: Readonly<Record<Limit, string>>;
  readonly needsReview: boolean;
  readonly dependsOn: readonly string[];
  readonly attachments: Task["attachments"];
}

export type Limit = "costUsd" | "tokens" | "turns" | "minutes";
export const limitNames: readonly Limit[] = ["costUsd", "minutes", "tokens", "turns"];

/** What the form starts from. */
export function draftOf(task: Task): TaskDraft {
  return {
    title: task.title,
    instructions: task.instructions,
    template: task.template,
    appId: task.appId ?? "",
    type: task.type,
    priority: task.priority,
    choice: choiceText(task.choice),
    mayFallBack: task.choice.kind === "provider" ? task.choice.mayFallBack : true,
    fallbacks: task.choice.kind === "provider" ? (task.choice.fallbacks ?? []) : [],
    isolation: isolationText(task.isolation),
    permissionMode: task.permissionMode ?? "",
    tools: task.tools ?? null,
    limits: {
      costUsd: limitText(task.budget.costUsd),
      minutes: limitText(task.budget.minutes),
      tokens: limitText(task.budget.tokens),
      turns: limitText(task.budget.turns),
    },
    needsReview: task.needsReview,
    dependsOn: task.dependsOn,
    attachments: task.attachments,
  };
}

/** What is sent. */
export function inputOf(draft: TaskDraft): TaskInput {
  const limit = (name: Limit): number | null => (draft.limits[name].trim() === "" ? null : Number(draft.limits[name]));
  return {
    title: draft.title,
    instructions: draft.instructions,
    template: draft.template,
    appId: draft.appId === "" ? null : draft.appId,
    type: draft.type.trim(),
    priority: draft.priority,
    choice: choiceFrom(draft.choice, draft.mayFallBack, draft.fallbacks),
    isolation: isolationFrom(draft.isolation),
    permissionMode: draft.permissionMode === "" ? null : (draft.permissionMode as NonNullable<Task["permissionMode"]>),
    tools: draft.tools,
    budget: { costUsd: limit("costUsd"), minutes: limit("minutes"), tokens: limit("tokens"), turns: limit("turns") },
    needsReview: draft.needsReview,
    dependsOn: [...draft.dependsOn],
    attachments: [...draft.attachments],
  };
}

function limitText(limit: number | null): string {
  return limit === null ? "" : String(limit);
}

export function choiceText(choice: TaskChoice): string {
  if (choice.kind === "best") return "best";
  if (choice.kind === "tier") return `tier:${choice.tier}`;
  return choice.model === null ? `provider:${choice.providerId}` : `model:${choice.providerId}:${choice.model}`;
}

export function choiceFrom(text: string, mayFallBack: boolean, named: readonly string[] = []): TaskChoice {
  const [kind = "", id = "", ...rest] = text.split(":");
  if (kind === "tier" && (id === "light" || id === "medium" || id === "heavy")) return { kind, tier: id };
  const others = named.filter((one) => one !== id);
  const after = { mayFallBack, ...(mayFallBack && others.length > 0 ? { fallbacks: others } : {}) };
  if (kind === "provider") return { kind, providerId: id, model: null, ...after };
  if (kind === "model") return { kind: "provider", providerId: id, model: rest.join(":"), ...after };
  return { kind: "best" };
}

function isolationText(isolation: Isolation | null): string {
  if (isolation === null) return "";
  return isolation.kind === "sandbox" && !isolation.network ? "sandbox-offline" : isolation.kind;
}

function isolationFrom(text: string): Isolation | null {
  if (text === "none" || text === "worktree") return { kind: text };
  if (text === "sandbox" || text === "sandbox-offline") return { kind: "sandbox", network: text === "sandbox" };
  return null;
}
