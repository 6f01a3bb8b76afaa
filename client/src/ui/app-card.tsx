import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { App } from "../../../contract/features/apps.ts";
import { formatBytes, formatPercent } from "../lib/format.ts";
import { isAppRunning } from "../lib/run-app.ts";
import { AppIcon } from "./app-icon.tsx";
import { AppLinks } from "./app-links.tsx";
import { RunControls } from "./run-controls.tsx";
import { Sparkline } from "./sparkline.tsx";
import { StatusBadge } from "./status-badge.tsx";
import classes from "./app-card.module.css";

interface AppCardProps {
  app: App;
  /** CPU of the last hour. */
  cpuSeries: readonly (number | null)[];
  menu: ReactNode;
}

/** One app: how it is, what it uses, and the actions one needs most. */
export function AppCard({ app, cpuSeries, menu }: AppCardProps) {
  const isRunning = isAppRunning(app);
  return (
    <article className={classes["card"]} aria-label={app.name}>
      <div className={classes["head"]}>
        <AppIcon app={app} size={32} />
        <div className={classes["names"]}>
          <Link to="/apps/$appId" params={{ appId: app.id }} className={classes["name"]} title={app.name}>
            {app.name}
          </Link>
          <StatusBadge
            status={app.status}
            isCompact
            {...(app.problem === null ? {} : { title: app.problem.message })}
          />
        </div>
        {menu}
      </div>
      <div className={classes["usage"]}>
        <Figure name="CPU" value={isRunning ? formatPercent(app.cpuPercent) : "–"} />
        <Figure name="Memory" value={isRunning ? formatBytes(app.memoryBytes) : "–"} />
        {cpuSeries.some((value) => value !== null) ? (
          <Sparkline
            values={cpuSeries}
            label={`CPU of ${app.name} in the last hour`}
            format={formatPercent}
            height={26}
          />
        ) : null}
      </div>
      <div className={classes["foot"]}>
        <AppLinks app={app} isRow />
        <RunControls app={app} isRunning={isRunning} />
      </div>
    </article>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <span className={classes["figure"]}>
      <span>{name}</span>
      {value}
    </span>
  );
}

/** Cards side by side, as many as fit. */
export function AppCards({
  apps,
  label,
  children,
}: {
  apps: readonly App[];
  label: string;
  children: (app: App) => ReactNode;
}) {
  return (
    <ul role="list" aria-label={label} className={classes["cards"]}>
      {apps.map((app) => (
        <li key={app.id}>{children(app)}</li>
      ))}
    </ul>
  );
}
