import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import type { Metrics } from "../../../../contract/features/processes.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useLiveApps, useLiveProcesses } from "../../lib/live-queries.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { withSamples } from "./app-model.ts";

const metricsEveryMs = 30_000;
const appMetricsEveryMs = 5_000;

/** All apps with the newest samples, and what the list query says of itself. */
export function useApps() {
  const { data, error, isPending, dataUpdatedAt, refetch } = useLiveApps();
  const processes = useLiveProcesses().data?.processes;
  const apps = useMemo(() => data?.map((app) => withSamples(app, processes)), [data, processes]);
  return { apps, processes, error, isPending, dataUpdatedAt, refetch };
}

/** CPU and memory of the last hour of every process. */
export function useMetrics(): Metrics | undefined {
  return useQuery({ ...callQuery("processes.metrics", { query: {} }), refetchInterval: metricsEveryMs }).data;
}

/** The same for one app, asked for more often; linked processes are not named after their app. */
export function useAppMetrics(app: App): Metrics | undefined {
  const query = app.processes.some(({ run }) => run.kind === "linked") ? {} : { of: app.id };
  return useQuery({ ...callQuery("processes.metrics", { query }), refetchInterval: appMetricsEveryMs }).data;
}

/** Puts an app into the list every page shows, before its feed says so. */
export function useKeepApp(): (app: App) => void {
  const client = useQueryClient();
  return (app) => {
    client.setQueryData<App[]>(callKey("apps.list"), (list) =>
      list === undefined ? list : [...list.filter(({ id }) => id !== app.id), app],
    );
  };
}

/** Deletes an app and offers to bring it back as it was. */
export function removeApp({ id, name }: App): Promise<boolean> {
  return withErrorToast(`Could not delete ${name}`, async () => {
    const { undoUntil } = await call("apps.remove", { params: { id } });
    const leftMs = Math.max(5_000, Date.parse(undoUntil) - Date.now() - 1_000);
    undoToast(`Deleted ${name}`, () => call("apps.restore", { params: { id } }), Math.min(leftMs, 15_000));
  });
}

/** Moves an app into the archive or back. */
export function archiveApp({ id, name }: App, isArchived: boolean): Promise<boolean> {
  const save = (next: boolean): Promise<App> => call("apps.update", { params: { id }, body: { isArchived: next } });
  return withErrorToast(`Could not ${isArchived ? "archive" : "restore"} ${name}`, async () => {
    await save(isArchived);
    undoToast(isArchived ? `Archived ${name}` : `Took ${name} out of the archive`, () => save(!isArchived));
  });
}
