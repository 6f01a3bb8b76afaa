import { call } from "../../lib/api.ts";
import { formatCount } from "../../lib/format.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";

/** Brings PM2 and the panel up again; asks first when that ends terminals. */
export async function recoverPm2(): Promise<void> {
  await withErrorToast("Could not bring PM2 up again", async () => {
    const { sessionsEnded } = await call("processes.restartEffect", { params: { key: "portos-cos" } });
    if (sessionsEnded > 0) {
      const isConfirmed = await confirmDangerous({
        title: "Bring PM2 up again?",
        text: `${formatCount(sessionsEnded, "running terminal or command", "running terminals and commands")} will end.`,
        confirmLabel: "Bring it up",
        cancelLabel: "Leave it as it is",
      });
      if (!isConfirmed) return;
    }
    await call("processes.recover", { body: { isEndingSessions: sessionsEnded > 0 } });
    toast({
      kind: "info",
      text: "Bringing PM2 up again",
      detail: "This page reconnects by itself in a few seconds.",
    });
  });
}
