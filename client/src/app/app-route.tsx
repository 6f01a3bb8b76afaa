import { lazy, Suspense, type ReactNode } from "react";

import type { App } from "../../../contract/features/apps.ts";
import { AppPage } from "../features/apps/app-page.tsx";
import { IncidentList } from "../features/incidents/incident-list.tsx";
import { useUnsettledIncidents } from "../features/incidents/use-incidents.ts";
import { LogTail } from "../features/logs/log-tail.tsx";
import { AppRuns } from "../features/runs/app-runs.tsx";
import { LoadingState } from "../ui/loading-state.tsx";
import { Section } from "../ui/section.tsx";

/** The page of an app with what other features bring; a feature does not import a feature, so they meet here. */
export function AppRoute() {
  const active = useUnsettledIncidents().data?.active ?? [];
  return (
    <AppPage
      lastLines={lastLinesOf}
      others={(appId) => [
        { id: "runs", label: "Runs", content: <AppRuns appId={appId} /> },
        { id: "worktrees", label: "Agents", content: <AgentsSetup appId={appId} /> },
        {
          id: "incidents",
          label: "Incidents",
          count: active.filter(({ process }) => process.appId === appId).length,
          content: <IncidentList appId={appId} />,
        },
      ]}
    />
  );
}

const LazySetup = lazy(async () => {
  const module = await import("../features/worktrees/worktree-setup.tsx");
  return { default: module.WorktreeSetup };
});

function AgentsSetup({ appId }: { appId: string }) {
  return (
    <Suspense fallback={<LoadingState rows={4} rowHeight={56} label="Loading" />}>
      <LazySetup appId={appId} />
    </Suspense>
  );
}

function lastLinesOf(app: App): ReactNode {
  return <LastLines app={app} />;
}

/** The last lines of the process that needs a look most: one that has crashed, else the first that has ever run. */
function LastLines({ app }: { app: App }) {
  const started = app.processes.flatMap(({ live }) => (live === null ? [] : [live]));
  const chosen = started.find(({ status }) => status === "errored") ?? started[0];
  if (!chosen) return null;
  return (
    <Section title="Last lines">
      <LogTail key={`${chosen.home}/${chosen.name}`} processName={chosen.name} home={chosen.home} />
    </Section>
  );
}
