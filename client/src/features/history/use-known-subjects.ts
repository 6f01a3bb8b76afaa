import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { useLiveApps, useLiveAutomations } from "../../lib/live-queries.ts";
import type { KnownSubjects } from "./subject-page.ts";

/** What exists now of the things actions are about. */
export function useKnownSubjects(): KnownSubjects {
  const apps = useLiveApps().data;
  const automations = useLiveAutomations().data;
  const terminals = useQuery(callQuery("terminal.list", undefined, { isKept: true })).data;
  return useMemo(
    () => ({
      apps: new Set(apps?.map(({ id }) => id)),
      automations: new Set(automations?.automations.map(({ automation }) => automation.id)),
      terminal: new Set(terminals?.sessions.map(({ id }) => id)),
    }),
    [apps, automations, terminals],
  );
}
