import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { useLiveApps, useLiveIncidents, useLiveNotifications } from "../../lib/live-queries.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { AppGrid } from "./app-grid.tsx";
import { FirstSteps } from "./first-steps.tsx";
import classes from "./home.module.css";
import { MachineCard } from "./machine-card.tsx";
import { NeedsYou } from "./needs-you.tsx";
import { Upcoming } from "./upcoming.tsx";

const AgentsNow = lazy(() => import("./agents-now.tsx").then((module) => ({ default: module.AgentsNow })));

/** Is everything fine, and what needs me? */
export function HomePage() {
  return (
    <Page title="Home" isTitleHidden>
      <div className={classes["columns"]}>
        <div className={classes["main"]}>
          <Main />
        </div>
        <div className={classes["side"]}>
          <Side />
        </div>
      </div>
    </Page>
  );
}

/** Waits until all of it is known or has failed: what needs the user must not push the apps down under a finger. */
function Main() {
  const apps = useLiveApps();
  const notifications = useLiveNotifications();
  const incidents = useLiveIncidents();
  const problems = useQuery(callQuery("system.problems", undefined, { isKept: true }));
  if (apps.isPending || notifications.isPending || incidents.isPending || problems.isPending) {
    return <LoadingState rows={3} rowHeight={148} label="Loading" />;
  }
  return (
    <>
      <NeedsYou />
      <Agents />
      <AppGrid />
    </>
  );
}

/** Loaded when an agent works; it follows the runs by itself then. */
function Agents() {
  const query = { state: "running", limit: 50 } as const;
  const { data } = useQuery({ ...callQuery("runs.list", { query }), refetchInterval: 15_000 });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <AgentsNow known={data.items} />
    </Suspense>
  );
}

function Side() {
  const onboarding = useQuery(callQuery("onboarding.get", undefined, { isKept: true }));
  if (onboarding.isPending) return <LoadingState rows={3} rowHeight={200} label="Loading" />;
  return (
    <>
      <FirstSteps />
      <Upcoming />
      <MachineCard />
    </>
  );
}
