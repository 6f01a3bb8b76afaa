import { useNavigate } from "@tanstack/react-router";
import { IconPlayerPause, IconPlayerPlay, IconPlus } from "../../ui/icons.gen.ts";
import { useEffect } from "react";

import { actionRegistry } from "../../lib/actions.ts";
import { useLiveAutomations } from "../../lib/live-queries.ts";
import { setPaused } from "./automation-calls.ts";

/** Registers what can be done with automations as a whole, on every page. */
export function useAutomationActions(): void {
  const navigate = useNavigate();
  const list = useLiveAutomations().data;
  const isPaused = list !== undefined && list.pausedAt !== null;
  const hasAny = list !== undefined && list.automations.length > 0;
  useEffect(
    () =>
      actionRegistry.register([
        {
          id: "automations.new",
          label: "New automation",
          group: "Automations",
          icon: IconPlus,
          run: () => navigate({ to: "/automations", search: { edit: "new" } }),
        },
        ...(hasAny || isPaused
          ? [
              {
                id: "automations.pause-all",
                label: isPaused ? "Resume all automations" : "Pause all automations",
                group: "Automations",
                icon: isPaused ? IconPlayerPlay : IconPlayerPause,
                run: () => setPaused(!isPaused),
              },
            ]
          : []),
      ]),
    [hasAny, isPaused, navigate],
  );
}
