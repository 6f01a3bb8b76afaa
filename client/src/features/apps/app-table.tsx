import { Link, useNavigate } from "@tanstack/react-router";

import type { App } from "../../../../contract/features/apps.ts";
import type { Metrics } from "../../../../contract/features/processes.ts";
import { formatBytes, formatPercent } from "../../lib/format.ts";
import { AppIcon } from "../../ui/app-icon.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { isAppRunning, appSeries } from "../../lib/run-app.ts";
import { RunControls } from "../../ui/run-controls.tsx";
import { AppMenu } from "./app-menu.tsx";
import { AppLinks } from "../../ui/app-links.tsx";
import classes from "./apps.module.css";

interface AppTableProps {
  label: string;
  apps: readonly App[];
  metrics: Metrics | undefined;
}

/** Apps as rows; on a phone as cards. */
export function AppTable({ label, apps, metrics }: AppTableProps) {
  const navigate = useNavigate();
  return (
    <DataTable
      label={label}
      columns={columnsFor(metrics)}
      rows={apps}
      rowKey={({ id }) => id}
      onRowClick={({ id }) => void navigate({ to: "/apps/$appId", params: { appId: id } })}
    />
  );
}

function columnsFor(metrics: Metrics | undefined): Column<App>[] {
  return [
    { id: "name", header: "App", isMain: true, cell: (app) => <NameCell app={app} /> },
    { id: "status", header: "Status", width: "130px", isInline: true, cell: (app) => <StatusCell app={app} /> },
    {
      id: "cpu",
      header: "CPU",
      width: "76px",
      align: "right",
      isInline: true,
      cell: (app) => (isAppRunning(app) ? formatPercent(app.cpuPercent) : <Nothing />),
    },
    {
      id: "memory",
      header: "Memory",
      width: "86px",
      align: "right",
      isInline: true,
      cell: (app) => (isAppRunning(app) ? formatBytes(app.memoryBytes) : <Nothing />),
    },
    {
      id: "hour",
      header: "CPU, last hour",
      width: "120px",
      isWideOnly: true,
      cell: (app) => <CpuCell app={app} metrics={metrics} />,
    },
    {
      id: "restarts",
      header: "Restarts",
      width: "76px",
      align: "right",
      isWideOnly: true,
      cell: (app) => app.restarts,
    },
    {
      id: "uptime",
      header: "Up",
      width: "84px",
      align: "right",
      isWideOnly: true,
      cell: (app) => (app.onlineSince === null ? "–" : <Time iso={app.onlineSince} isAge />),
    },
    { id: "open", header: "Open", width: "110px", isInline: true, cell: (app) => <AppLinks app={app} max={1} /> },
    {
      id: "actions",
      header: "Actions",
      isActions: true,
      cell: (app) => (
        <span className={classes["rowActions"]}>
          <RunControls app={app} isRunning={isAppRunning(app)} />
          <AppMenu app={app} />
        </span>
      ),
    },
  ];
}

/** A dash keeps a column's place; a card has no columns. */
function Nothing() {
  return <span className="desktop-only">–</span>;
}

function NameCell({ app }: { app: App }) {
  return (
    <span className={classes["nameCell"]}>
      <AppIcon app={app} size={26} />
      <span className={classes["names"]}>
        <Link to="/apps/$appId" params={{ appId: app.id }} className={classes["name"]}>
          {app.name}
        </Link>
        <span className={classes["folder"]} title={app.folder}>
          <bdi>{app.folder}</bdi>
        </span>
      </span>
    </span>
  );
}

function StatusCell({ app }: { app: App }) {
  const count = app.processes.length;
  const isPartly = count > 1 && app.onlineCount > 0 && app.onlineCount < count;
  const badge = (
    <StatusBadge status={app.status} isCompact {...(app.problem === null ? {} : { title: app.problem.message })} />
  );
  return isPartly ? (
    <span className={classes["stack"]}>
      {badge}
      <span className={classes["small"]}>{`${String(app.onlineCount)} of ${String(count)} online`}</span>
    </span>
  ) : (
    badge
  );
}

function CpuCell({ app, metrics }: { app: App; metrics: Metrics | undefined }) {
  const values = appSeries(metrics, app, "cpuPercent");
  return values.some((value) => value !== null) ? (
    <Sparkline values={values} label={`CPU of ${app.name} in the last hour`} format={formatPercent} height={24} />
  ) : null;
}
