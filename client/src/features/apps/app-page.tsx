import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { IconApps, IconCode, IconHistory, IconFileText, IconTerminal2 } from "../../ui/icons.gen.ts";
import type { ReactNode } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import { appLogSearch } from "../../lib/app-links.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { AppIcon } from "../../ui/app-icon.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page, usePageTab, type PageTab } from "../../ui/page.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { isAppRunning } from "../../lib/run-app.ts";
import { RunControls } from "../../ui/run-controls.tsx";
import { AppMenu } from "./app-menu.tsx";
import { AppLinks } from "../../ui/app-links.tsx";
import links from "../../ui/app-links.module.css";
import classes from "./apps.module.css";
import { EnvironmentTab } from "./environment-tab.tsx";
import { GitTab } from "./git-tab.tsx";
import { OverviewTab } from "./overview-tab.tsx";
import { ProcessesTab } from "./processes-tab.tsx";
import { SettingsTab } from "./settings-tab.tsx";
import { useApps } from "./use-apps.ts";

const parents = [{ label: "Apps", to: "/apps" }];

/** A tab another feature brings to the page of an app. */
export interface AppTab extends PageTab {
  readonly content: ReactNode;
}

interface AppPageProps {
  /** Further tabs of an app, after its processes. */
  others?: (appId: string) => readonly AppTab[];
  /** What its processes printed last, below them on the first tab. */
  lastLines?: (app: App) => ReactNode;
}

/** One app: how it is, its processes, environment, git and settings. */
export function AppPage({ others, lastLines }: AppPageProps) {
  const { appId }: { appId?: string } = useParams({ strict: false });
  const { apps, error, isPending, dataUpdatedAt, refetch } = useApps();
  const app = apps?.find(({ id }) => id === appId);
  if (app) {
    const aside = <AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />;
    return <KnownApp app={app} aside={aside} others={others?.(app.id) ?? []} lastLines={lastLines?.(app)} />;
  }
  return (
    <Page title={appId ?? "App"} parents={parents}>
      {isPending ? <LoadingState rows={5} rowHeight={72} label="Loading the app" /> : null}
      {apps === undefined && error !== null ? (
        <ErrorState title="Could not load the app" error={error} onRetry={() => void refetch()} />
      ) : null}
      {apps === undefined ? null : (
        <EmptyState
          icon={IconApps}
          title="There is no such app"
          text="It may have been deleted, here or on another device."
          action={<ActionLink to="/apps">All apps</ActionLink>}
        />
      )}
    </Page>
  );
}

interface KnownAppProps {
  app: App;
  aside: ReactNode;
  others: readonly AppTab[];
  lastLines: ReactNode;
}

function KnownApp({ app, aside, others, lastLines }: KnownAppProps) {
  const navigate = useNavigate();
  const tabs = [
    { id: "overview", label: "Overview" },
    { id: "processes", label: "Processes", count: app.processes.length },
    ...others,
    { id: "environment", label: "Environment" },
    { id: "git", label: "Git" },
    { id: "settings", label: "Settings" },
  ];
  const tab = usePageTab(tabs);
  // Of several processes the one in trouble says so in its row, where it can be dealt with.
  const isSaidByRow =
    (tab === "overview" || tab === "processes") &&
    app.processes.length > 1 &&
    app.processes.some(({ problem }) => problem?.message === app.problem?.message);
  return (
    <Page
      title={app.name}
      parents={parents}
      tabs={tabs}
      description={app.description === "" ? undefined : app.description}
      icon={<AppIcon app={app} size={28} />}
      aside={
        <>
          <StatusBadge status={app.status} />
          {app.isArchived ? <span className="dim">archived</span> : null}
          {aside}
        </>
      }
      actions={
        <>
          <RunControls app={app} isRunning={isAppRunning(app)} isLarge />
          <AppMenu app={app} onRemoved={() => void navigate({ to: "/apps" })} />
        </>
      }
    >
      {app.problem === null || isSaidByRow ? null : (
        <p className={classes["problem"]} role="status">
          <span>{app.problem.message}</span>
          {app.problem.hint === undefined ? null : <span>{app.problem.hint}</span>}
        </p>
      )}
      {tab === "overview" ? <OverviewTab app={app} shortcuts={<Shortcuts app={app} />} lastLines={lastLines} /> : null}
      {tab === "processes" ? <ProcessesTab app={app} /> : null}
      {others.find(({ id }) => id === tab)?.content}
      {tab === "environment" ? <EnvironmentTab app={app} /> : null}
      {tab === "git" ? <GitTab app={app} /> : null}
      {tab === "settings" ? <SettingsTab key={app.updatedAt} app={app} /> : null}
    </Page>
  );
}

function Shortcuts({ app }: { app: App }) {
  return (
    <div className={classes["chips"]}>
      <AppLinks app={app} max={6} />
      <Link to="/logs" search={appLogSearch(app)} className={links["link"]}>
        <IconFileText size={14} />
        Logs
      </Link>
      <Link to="/terminal" search={{ cwd: app.folder }} className={links["link"]}>
        <IconTerminal2 size={14} />
        Terminal here
      </Link>
      <a href={app.editorUrl} className={links["link"]}>
        <IconCode size={14} />
        Editor
      </a>
      <Link to="/history" search={{ subject: app.id }} className={links["link"]}>
        <IconHistory size={14} />
        History
      </Link>
    </div>
  );
}
