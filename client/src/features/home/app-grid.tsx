import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconApps, IconPlus } from "../../ui/icons.gen.ts";

import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { useLiveApps, useLiveProcesses } from "../../lib/live-queries.ts";
import { appUsage } from "../../lib/live-reducers.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { AppCard } from "./app-card.tsx";
import { homeApps } from "./home-apps.ts";
import { appCpuSeries } from "./app-usage.ts";
import classes from "./home.module.css";

const maxCards = 12;
const metricsEveryMs = 60_000;

/** The apps of this machine as cards; more than a page of them is one link away. */
export function AppGrid() {
  const { data, error, isPending, refetch } = useLiveApps();
  const processes = useLiveProcesses().data?.processes;
  const metrics = useQuery({ ...callQuery("processes.metrics", { query: {} }), refetchInterval: metricsEveryMs });
  const apps = (data ?? []).filter((app) => !app.isArchived);
  const online = apps.filter((app) => app.status === "online").length;
  return (
    <Section
      title="Apps"
      aside={
        apps.length === 0 ? null : (
          <span className="dim">{`${String(online)} of ${formatCount(apps.length, "app")} online`}</span>
        )
      }
      actions={apps.length === 0 ? null : <Link to="/apps">All apps</Link>}
    >
      {isPending ? <LoadingState rows={2} rowHeight={148} label="Loading apps" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the apps" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data !== undefined && apps.length === 0 ? <NoApps /> : null}
      <ul role="list" className={classes["grid"]}>
        {homeApps(apps, maxCards).map((app) => (
          <li key={app.id}>
            <AppCard
              app={app}
              usage={processes === undefined ? app : appUsage(processes, app.id)}
              cpuSeries={appCpuSeries(metrics.data, app.id)}
            />
          </li>
        ))}
      </ul>
      {apps.length > maxCards ? (
        <p className={classes["more"]}>
          <Link to="/apps">{`Show ${String(apps.length - maxCards)} more`}</Link>
        </p>
      ) : null}
    </Section>
  );
}

function NoApps() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const addSample = (): Promise<boolean> =>
    withErrorToast("Could not add the sample app", async () => {
      const app = await call("apps.createSample");
      await client.invalidateQueries({ queryKey: callKey("apps.list") });
      await navigate({ to: "/apps/$appId", params: { appId: app.id } });
    });
  return (
    <EmptyState
      icon={IconApps}
      title="No apps yet"
      text="Add a project folder; PortOS finds out how it is started and keeps it running."
      action={
        <>
          <ActionLink to="/apps/import" variant="filled" leftSection={<IconPlus size={15} />}>
            Add a project
          </ActionLink>
          <Button onClick={() => void addSample()}>Try the sample app</Button>
        </>
      }
    />
  );
}
