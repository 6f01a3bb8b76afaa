import type { QueryClient } from "@tanstack/react-query";

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
    toast({ kind: "info", text: `Running ${name}`, action: { label: "Show", run: () => open(run.id) } });
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
