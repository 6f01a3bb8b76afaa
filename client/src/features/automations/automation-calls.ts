import type { QueryClient } from "@tanstack/react-query";

import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import type { AutomationList, AutomationView } from "../../../../contract/features/automations.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { reduceAutomations } from "../../lib/live-reducers.ts";
import { errorToast, toast, undoToast, withErrorToast } from "../../lib/toasts.ts";

/** Puts a reply into the list at once; the feed says the same a moment later. */
export function showView(client: QueryClient, view: AutomationView): void {
  client.setQueryData<AutomationList>(callKey("automations.list"), (list) =>
    list === undefined ? list : reduceAutomations(list, { kind: "changed", view }),
  );
}

/** Turns an automation on or off. */
export async function setEnabled(client: QueryClient, view: AutomationView, isEnabled: boolean): Promise<void> {
  const { id, name } = view.automation;
  const before = view;
  showView(client, { ...view, automation: { ...view.automation, isEnabled } });
  try {
    const reply = await call(isEnabled ? "automations.enable" : "automations.disable", { params: { id } });
    showView(client, reply);
  } catch (error) {
    showView(client, before);
    errorToast(`Could not turn ${name} ${isEnabled ? "on" : "off"}`, error);
  }
}

/** Starts a run by hand; `open` shows it. */
export function runNow(view: AutomationView, open: (occurrenceId: string) => unknown): Promise<boolean> {
  const { id, name } = view.automation;
  return withErrorToast(`Could not run ${name}`, async () => {
    const run = await call("automations.run", { params: { id } });
    const text = run.reason === null ? `Running ${name}` : `Running ${name}. ${run.reason}`;
    toast({ kind: "info", text, action: { label: "Show", run: () => open(run.id) } });
  });
}

/** Something came in that had started it, and nothing came of that. */
export function canRunAgain({ state, eventId, messageId }: Occurrence): boolean {
  if (state === "queued" || state === "running" || state === "succeeded") return false;
  return eventId !== undefined || messageId !== undefined;
}

/** Starts another run with what had started this one; `open` shows it. */
export function runAgain({ id, name }: Occurrence, open: (occurrenceId: string) => unknown): Promise<boolean> {
  return withErrorToast(`Could not run ${name} again`, async () => {
    const run = await call("automations.runAgain", { params: { id } });
    open(run.id);
  });
}

/** Deletes at once and offers to take it back. */
export function removeAutomation(view: AutomationView): Promise<boolean> {
  const { id, name } = view.automation;
  return withErrorToast(`Could not delete ${name}`, async () => {
    await call("automations.remove", { params: { id } });
    undoToast(`Deleted ${name}`, () => call("automations.restore", { params: { id } }));
  });
}

/** Pauses or resumes all automations. */
export function setPaused(isPaused: boolean): Promise<boolean> {
  return withErrorToast(isPaused ? "Could not pause" : "Could not resume", async () => {
    await call(isPaused ? "automations.pauseAll" : "automations.resumeAll");
    if (isPaused) undoToast("Paused all automations", () => call("automations.resumeAll"));
  });
}
