import type { Process } from "../../../../contract/features/processes.ts";
import { call } from "../../lib/api.ts";
import { formatCount } from "../../lib/format.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";

/** Restarts a process; asks first when that ends terminals, says so when the panel itself goes away for a moment. */
export async function restartProcess(process: Process): Promise<void> {
  const { key, name } = process;
  await withErrorToast(`Could not restart ${name}`, async () => {
    const effect = await call("processes.restartEffect", { params: { key } });
    if (effect.sessionsEnded > 0) {
      const isConfirmed = await confirmDangerous({
        title: `Restart ${name}?`,
        text:
          effect.message ??
          `${formatCount(effect.sessionsEnded, "terminal or command", "terminals and commands")} will end.`,
        confirmLabel: "Restart",
        cancelLabel: "Leave it running",
      });
      if (!isConfirmed) return;
    }
    await call("processes.restart", { params: { key } });
    toast({
      kind: "info",
      text: `Restarting ${name}`,
      ...(effect.isPanelAway ? { detail: "This page reconnects by itself in a few seconds." } : {}),
    });
  });
}
