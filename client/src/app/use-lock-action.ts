import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { actionRegistry } from "../lib/actions.ts";
import { call } from "../lib/api.ts";
import { callKey } from "../lib/call-query.ts";
import { useObservable } from "../lib/observable.ts";
import { pinOpenUntil } from "../lib/step-up.ts";
import { toast, withErrorToast } from "../lib/toasts.ts";
import { IconLock } from "../ui/icons.gen.ts";

/** Offers to ask for the PIN again, while it holds in this page. */
export function useLockAction(): void {
  const client = useQueryClient();
  const openUntil = useObservable(pinOpenUntil);
  useEffect(() => {
    if (openUntil === null) return undefined;
    const lock = async (): Promise<void> => {
      const isDone = await withErrorToast("Could not lock", async () => {
        client.setQueryData(callKey("access.get"), await call("access.lock"));
      });
      if (!isDone) return;
      pinOpenUntil.set(null);
      toast({ kind: "ok", text: "Locked: the PIN is asked for again" });
    };
    return actionRegistry.register([
      { id: "panel.lock", label: "Lock now", group: "Panel", icon: IconLock, keywords: ["pin"], run: lock },
    ]);
  }, [client, openUntil]);
}
