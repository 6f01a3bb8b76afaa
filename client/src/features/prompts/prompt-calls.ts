import type { QueryClient } from "@tanstack/react-query";

import type {
  PromptImportOutcome,
  PromptInput,
  PromptSummary,
  PromptView,
} from "../../../../contract/features/prompts.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { firstOf, formatCount } from "../../lib/format.ts";
import { toast, undoToast, withErrorToast } from "../../lib/toasts.ts";

/** Puts a reply where the editor reads it; the list follows by its feed. */
export function showView(client: QueryClient, view: PromptView): void {
  const { id } = view.summary;
  client.setQueryData(callKey("prompts.get", { params: { id } }), view);
  void client.invalidateQueries({ queryKey: callKey("prompts.versions", { params: { id } }) });
}

/** What is told of a deleted prompt: who can no longer be used, the first of them by name. */
export function deletedText(title: string, without: readonly string[]): string {
  return `Deleted ${title}${without.length === 0 ? "" : `. ${firstOf(without).join(", ")} cannot be used without it`}`;
}

/** Deletes at once and offers to take it back. */
export function removePrompt({ id, title }: Pick<PromptSummary, "id" | "title">): Promise<boolean> {
  return withErrorToast(`Could not delete ${title}`, async () => {
    const { includedBy, usedBy } = await call("prompts.remove", { params: { id } });
    undoToast(deletedText(title, [...includedBy, ...usedBy]), () => call("prompts.restore", { params: { id } }));
  });
}

/** Makes an old version the new one; undoing is a version, too. */
export function restoreVersion(client: QueryClient, id: string, version: number, before: number): Promise<boolean> {
  return withErrorToast(`Could not bring version ${String(version)} back`, async () => {
    showView(client, await call("prompts.restoreVersion", { params: { id, version } }));
    undoToast(`Version ${String(version)} is in force again`, async () => {
      showView(client, await call("prompts.restoreVersion", { params: { id, version: before } }));
    });
  });
}

/** Stores a ready-made prompt. */
export function takeExample(
  example: { id: string; input: PromptInput },
  open: (id: string) => unknown,
): Promise<boolean> {
  return withErrorToast(`Could not add ${example.input.title}`, async () => {
    const { summary } = await call("prompts.create", { body: { input: example.input, message: "Ready-made" } });
    await open(summary.id);
  });
}

/** What happened to the files, in one sentence. */
export function sayImported(results: readonly PromptImportOutcome[]): void {
  const count = (outcome: PromptImportOutcome["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  const broken = results.filter(({ outcome }) => outcome === "broken");
  const parts = [
    [count("added"), "added"],
    [count("replaced"), "replaced"],
    [count("same"), "here already"],
    [count("skipped"), "left out"],
  ] as const;
  const told = parts.flatMap(([number, word]) => (number === 0 ? [] : [`${String(number)} ${word}`]));
  if (told.length > 0) toast({ kind: "ok", text: `Prompts: ${told.join(", ")}` });
  if (broken.length > 0)
    toast({
      kind: "bad",
      text: `${formatCount(broken.length, "file is", "files are")} no prompt`,
      detail: firstOf(broken.map(({ id, message }) => `${id}: ${message ?? ""}`)).join("\n"),
    });
}
