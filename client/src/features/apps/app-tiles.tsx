import { Link } from "@tanstack/react-router";

import type { App } from "../../../../contract/features/apps.ts";
import type { Metrics } from "../../../../contract/features/processes.ts";
import { formatBytes, formatPercent } from "../../lib/format.ts";
import { AppIcon } from "../../ui/app-icon.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { AppMenu, isAppRunning, RunControls } from "./app-controls.tsx";
import { AppLinks } from "./app-links.tsx";
import { appSeries } from "./app-model.ts";
import classes from "./apps.module.css";

/** Apps as tiles. */
export function AppTiles({
  label,
  apps,
  metrics,
}: {
  label: string;
  apps: readonly App[];
  metrics: Metrics | undefined;
}) {
  return (
    <ul role="list" aria-label={label} className={classes["grid"]}>
      {apps.map((app) => (
        <li key={app.id}>
          <AppTile app={app} metrics={metrics} />
        </li>
      ))}
    </ul>
  );
}

function AppTile({ app, metrics }: { app: App; metrics: Metrics | undefined }) {
  const isRunning = isAppRunning(app);
  const values = appSeries(metrics, app, "cpuPercent");
  return (
    <article className={classes["tile"]} aria-label={app.name}>
      <div className={classes["tileHead"]}>
        <AppIcon app={app} size={32} />
        <div className={classes["names"]}>
          <Link to="/apps/$appId" params={{ appId: app.id }} className={classes["name"]}>
            {app.name}
          </Link>
          <StatusBadge
            status={app.status}
            isCompact
            {...(app.problem === null ? {} : { title: app.problem.message })}
          />
        </div>
        <AppMenu app={app} />
      </div>
      <div className={classes["tileFigures"]}>
        <span>
          <b>CPU</b>
          {isRunning ? formatPercent(app.cpuPercent) : "–"}
        </span>
        <span>
          <b>Memory</b>
          {isRunning ? formatBytes(app.memoryBytes) : "–"}
        </span>
        {values.some((value) => value !== null) ? (
          <Sparkline values={values} label={`CPU of ${app.name} in the last hour`} format={formatPercent} height={26} />
        ) : null}
      </div>
      <div className={classes["tileFoot"]}>
        <AppLinks app={app} />
        <RunControls app={app} isRunning={isRunning} />
      </div>
    </article>
  );
}
