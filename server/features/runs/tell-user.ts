import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import type { PanelErrors } from "../notifications/panel-errors.ts";
import type { RunHooks } from "./run-hooks.ts";
import { endNotice, runKey, runLink } from "./run-notices.ts";

/** Ends go to the notification centre, failures to the `errors` channel, too. */
export function tellUser(
  hooks: RunHooks,
  notifications: Pick<NotificationService, "notify" | "settle">,
  errors: Pick<PanelErrors, "report">,
): void {
  hooks.onRunChanged(async (run) => {
    if (run.endProblem != null) await tellEndProblem(run, run.endProblem);
    else if (isOpenState(run.state)) await notifications.settle(runKey(run.id));
  });
  const toldProblems = new Map<string, string>();
  /** Once for each reason: on a full disk the notification itself may not be kept. */
  async function tellEndProblem({ id, title }: Run, message: string): Promise<void> {
    if (toldProblems.get(id) === message) return;
    toldProblems.set(id, message);
    errors.report({ source: `run ${title}`, message, hint: "Make room on the disk.", link: runLink(id) });
    const notice = { level: "error", title: `The end of ${title} cannot be written down`, needsYou: true } as const;
    await notifications.notify({ ...notice, message, link: runLink(id), key: runKey(id) });
  }
  hooks.onRunEnded(async (run) => {
    toldProblems.delete(run.id);
    // Also what was said before this server was started.
    await notifications.settle(runKey(run.id));
    const notice = endNotice(run);
    if (notice) await notifications.notify(notice);
  });
  hooks.onRunFailed(({ id, title, state, message }) => {
    errors.report({
      source: `run ${title}`,
      message: message ?? (state === "interrupted" ? "It was interrupted" : "It failed"),
      link: runLink(id),
    });
  });
  hooks.onRunRemoved(async ({ id }) => {
    await notifications.settle(runKey(id));
  });
}
