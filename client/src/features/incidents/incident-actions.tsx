import { Button } from "@mantine/core";
import { IconRefresh, IconX } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { Incident } from "../../../../contract/internal/autofixer.ts";
import { call } from "../../lib/api.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";

/** What can be done about an unsettled incident where it stands. */
export function IncidentActions({ incident }: { incident: Incident }) {
  const [busy, setBusy] = useState<"retry" | "dismiss" | null>(null);
  const { id, process } = incident;
  const run = async (what: "retry" | "dismiss"): Promise<void> => {
    setBusy(what);
    if (what === "retry") await retry(incident);
    else {
      const isDone = await withErrorToast("Could not dismiss the incident", () =>
        call("incidents.dismiss", { params: { id } }),
      );
      if (isDone) toast({ kind: "ok", text: `Dismissed the incident of ${process.name}. It stays in the list.` });
    }
    setBusy(null);
  };
  return (
    <>
      <Button
        leftSection={<IconRefresh size={14} />}
        loading={busy === "retry"}
        aria-label={`Restart now: ${process.name}`}
        onClick={() => void run("retry")}
      >
        Restart now
      </Button>
      <Button
        variant="subtle"
        color="gray"
        leftSection={<IconX size={14} />}
        loading={busy === "dismiss"}
        aria-label={`Dismiss the incident of ${process.name}`}
        onClick={() => void run("dismiss")}
      >
        Dismiss
      </Button>
    </>
  );
}

async function retry({ id, process }: Incident): Promise<void> {
  if (process.name === "portos-cos") {
    const isConfirmed = await confirmDangerous({
      title: "Restart portos-cos?",
      text: "Terminals and commands that are open end with it.",
      confirmLabel: "Restart",
      cancelLabel: "Leave it",
    });
    if (!isConfirmed) return;
  }
  const isDone = await withErrorToast(`Could not restart ${process.name}`, () =>
    call("incidents.retry", { params: { id } }),
  );
  if (isDone) toast({ kind: "ok", text: `Restarted ${process.name}` });
}
