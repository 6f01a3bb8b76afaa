import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconApps, IconPlus } from "../../ui/icons.gen.ts";

import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { useLiveApps, useLiveProcesses } from "../../lib/live-queries.ts";
import { appUsage } from "../../lib/live-reducers.ts";
import { actionsOf, useActions } from "../../lib/actions.ts";
import { appSeries } from "../../lib/run-app.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AppCard, AppCards } from "../../ui/app-card.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { homeApps } from "./home-apps.ts";
import classes from "./home.module.css";

const maxCards = 12;
const metricsEveryMs = 60_000;

/** The apps of this machine as cards; more than a page of them is one link away. */
export function AppGrid() {
  const { data, error, isPending, refetch } = useLiveApps();
  const processes = useLiveProcesses().data?.processes;
  const actions = useActions();
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
      {apps.length === 0 ? null : (
        <AppCards label="Apps" apps={homeApps(apps, maxCards)}>
          {(app) => (
            <AppCard
              app={processes === undefined ? app : { ...app, ...appUsage(processes, app.id) }}
              cpuSeries={appSeries(metrics.data, app, "cpuPercent")}
              menu={<ActionMenu label={`Actions for ${app.name}`} items={actionsOf(actions, `app:${app.id}`)} />}
            />
          )}
        </AppCards>
      )}
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
