import { isOpenState } from "../../../../contract/run-transcript.ts";
import type { FailureKind, Tier } from "../../../../contract/features/providers.ts";
import type { ToolKind, Usage } from "../../../../contract/features/run-events.ts";
import type { PermissionMode, Run } from "../../../../contract/features/runs.ts";
import { formatDuration, formatCost, formatTokens } from "../../lib/format.ts";
import { permissionModes } from "../../lib/permission-modes.ts";

export function permissionLabel(mode: PermissionMode): string {
  return permissionModes.find(({ value }) => value === mode)?.label ?? mode;
}

export const tierLabels: Record<Tier, string> = { light: "Light", medium: "Medium", heavy: "Heavy" };

const failures: Record<FailureKind, string> = {
  transport: "could not be reached",
  timeout: "took too long",
  "rate-limit": "asked to slow down",
  "usage-limit": "usage limit reached",
  "server-error": "failed on its side",
  "missing-model": "model not available",
  "not-installed": "not installed",
  "not-logged-in": "not logged in",
  "bad-reply": "answer not understood",
  crashed: "ended unexpectedly",
  "bad-request": "request refused",
  refused: "refused",
  budget: "budget reached",
  cancelled: "stopped",
};

/** Why an attempt ended, in a few words. */
export function failureWords(failure: FailureKind): string {
  return failures[failure];
}

export const toolWords: Record<ToolKind, string> = {
  read: "Read",
  edit: "Edit",
  delete: "Delete",
  move: "Move",
  search: "Search",
  execute: "Command",
  think: "Thought",
  fetch: "Fetch",
  other: "Tool",
};

/** All tokens of a usage, in and out. */
export function allTokens({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens;
}

/** "13.5k tokens · $0.034"; nothing of what was not used or never told. */
export function figuresOf(usage: Usage): string[] {
  const tokens = allTokens(usage);
  return [
    ...(tokens === 0 ? [] : [`${formatTokens(tokens)} tokens`]),
    ...(usage.costUsd === null || (usage.costUsd === 0 && tokens === 0) ? [] : [formatCost(usage.costUsd)]),
    ...(usage.isEstimated === true && tokens > 0 ? ["estimated"] : []),
  ];
}

/** "12.3k in · 1.2k out · $0.034"; empty when nothing was used. */
export function usageWords(usage: Usage): string {
  if (figuresOf(usage).length === 0) return "";
  const parts = [`${formatTokens(usage.inputTokens)} in`, `${formatTokens(usage.outputTokens)} out`];
  if (usage.costUsd !== null) parts.push(formatCost(usage.costUsd));
  if (usage.isEstimated === true) parts.push("estimated");
  return parts.join(" · ");
}

/** How long something took, or has taken so far. */
export function tookWords(from: string, to: string | null, nowMs: number): string {
  return formatDuration((to === null ? nowMs : Date.parse(to)) - Date.parse(from));
}

/** Who answered a run, from first to last, each once in a row: "Anthropic → OpenAI". */
export function providerPath(run: Pick<Run, "attempts">): string[] {
  const names = run.attempts.map(({ providerName }) => providerName);
  return names.filter((name, index) => name !== names[index - 1]);
}

/** Whose column this is when runs are compared: who was asked first, and who has answered in its stead. */
export function columnName({ attempts }: Pick<Run, "attempts">, index: number): string {
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (first === undefined || last === undefined) return `Run ${String(index + 1)}`;
  const answers = last.model === null ? last.providerName : `${last.providerName} · ${last.model}`;
  return first.providerId === last.providerId ? answers : `${first.providerName} → ${answers}`;
}

/** Whether a run could go on but for its worktree, which is there no more. */
export function isCutOff(
  { state, worktree, canContinue }: Pick<Run, "state" | "worktree" | "canContinue">,
  isWorktreeGone: boolean,
): boolean {
  return worktree !== null && isWorktreeGone && canContinue && !isOpenState(state);
}
