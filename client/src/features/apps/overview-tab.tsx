import type { ReactNode } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import { formatBytes, formatCount, formatPercent } from "../../lib/format.ts";
import { formatClock } from "../../lib/time.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { Section } from "../../ui/section.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { Time } from "../../ui/time.tsx";
import { appSeries, isAppRunning } from "../../lib/run-app.ts";
import classes from "./apps.module.css";
import { ProcessRows } from "./process-rows.tsx";
import { useAppMetrics } from "./use-apps.ts";

interface OverviewTabProps {
  app: App;
  shortcuts: ReactNode;
  lastLines: ReactNode;
}

/** How an app is: its last hour, its processes, where it lives. */
export function OverviewTab({ app, shortcuts, lastLines }: OverviewTabProps) {
  const metrics = useAppMetrics(app);
  const isMeasured = isAppRunning(app) && app.processes.some(({ live }) => live?.unmanagedSince === null);
  return (
    <div className={classes["columns"]}>
      <div>
        <div className={classes["charts"]}>
          <Chart
            title="CPU"
            label={`CPU of ${app.name} in the last hour`}
            now={isMeasured ? formatPercent(app.cpuPercent) : "–"}
            values={appSeries(metrics, app, "cpuPercent")}
            format={formatPercent}
            until={metrics?.until}
          />
          <Chart
            title="Memory"
            label={`Memory of ${app.name} in the last hour`}
            now={isMeasured ? formatBytes(app.memoryBytes) : "–"}
            values={appSeries(metrics, app, "memoryBytes")}
            format={formatBytes}
            until={metrics?.until}
          />
        </div>
        <Section
          title="Processes"
          aside={<span className="dim">{formatCount(app.processes.length, "process", "processes")}</span>}
          isCard
        >
          <ProcessRows app={app} />
        </Section>
        {lastLines}
      </div>
      <div>
        <Section title="Go to">{shortcuts}</Section>
        <Section title="About" isCard>
          <dl className={classes["facts"]}>
            <dt>Folder</dt>
            <dd>
              <CopyText text={app.folder} />
            </dd>
            <dt>Up since</dt>
            <dd>{app.onlineSince === null ? "–" : <Time iso={app.onlineSince} />}</dd>
            <dt>Restarts</dt>
            <dd className="tabular">{app.restarts}</dd>
            <dt>Id</dt>
            <dd className="mono">{app.id}</dd>
            <dt>Added</dt>
            <dd>
              <Time iso={app.createdAt} />
            </dd>
          </dl>
        </Section>
      </div>
    </div>
  );
}

interface ChartProps {
  title: string;
  label: string;
  now: string;
  values: readonly (number | null)[];
  format: (value: number) => string;
  until: string | undefined;
}

function Chart({ title, label, now, values, format, until }: ChartProps) {
  const known = values.filter((value) => value !== null);
  return (
    <figure className={classes["chart"]}>
      <figcaption className={classes["chartHead"]}>
        <span className={classes["chartTitle"]}>{title}, last hour</span>
        <span className={classes["chartValue"]}>{now}</span>
      </figcaption>
      {known.length === 0 ? (
        <p className="dim" style={{ height: 64, fontSize: 13 }}>
          Nothing measured yet.
        </p>
      ) : (
        <Sparkline values={values} label={label} format={format} height={64} />
      )}
      <div className={classes["axis"]}>
        <span>{until === undefined ? "" : formatClock(Date.parse(until) - 3_600_000)}</span>
        <span>{known.length === 0 ? "" : `highest ${format(Math.max(...known))}`}</span>
        <span>{until === undefined ? "" : formatClock(until)}</span>
      </div>
    </figure>
  );
}
