import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import type { Repair, RepairSettingsView } from "../../../../contract/features/repairs.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useFeed } from "../../lib/use-feed.ts";

const newest = { query: { limit: 50 } };
const listKey = callKey("repairs.list", newest);
const settingsKey = callKey("repairs.settings");

interface RepairPage {
  items: Repair[];
  next: string | null;
}

/** The newest repairs, kept current by their feed. */
export function useLiveRepairs() {
  const client = useQueryClient();
  useFeed("repairs", {
    onSnapshot: useCallback(
      ({ repairs, settings }: { repairs: Repair[]; settings: RepairSettingsView }) => {
        client.setQueryData<RepairPage>(listKey, (page) => ({ items: repairs, next: page?.next ?? null }));
        client.setQueryData(settingsKey, settings);
      },
      [client],
    ),
    onEvent: (event) => {
      if (event.kind === "settings") client.setQueryData(settingsKey, event.settings);
      else {
        client.setQueryData<RepairPage>(
          listKey,
          (page) => page && { ...page, items: withRepair(page.items, event.repair) },
        );
        void client.invalidateQueries({ queryKey: callKey("repairs.outlook") });
      }
    },
  });
  return useQuery(callQuery("repairs.list", newest, { isKept: true }));
}

/** The repairs of one incident, newest first. */
export function useRepairsOf(incidentId: string): Repair[] {
  return (useLiveRepairs().data?.items ?? []).filter((repair) => repair.incidentId === incidentId);
}

/** What agents may do about crashes, and for which apps that rests. */
export function useRepairSettings() {
  return useQuery(callQuery("repairs.settings", undefined, { isKept: true }));
}

/** In its place, so that no row moves; a new one comes first. */
function withRepair(repairs: readonly Repair[], repair: Repair): Repair[] {
  return repairs.some(({ id }) => id === repair.id)
    ? repairs.map((one) => (one.id === repair.id ? repair : one))
    : [repair, ...repairs];
}
