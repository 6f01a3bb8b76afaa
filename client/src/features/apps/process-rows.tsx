import { Link } from "@tanstack/react-router";
import { IconFileText } from "../../ui/icons.gen.ts";

import type { App, AppProcess } from "../../../../contract/features/apps.ts";
import { processLogSearch } from "../../lib/app-links.ts";
import { formatBytes, formatCount, formatPercent } from "../../lib/format.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { RunControls } from "../../ui/run-controls.tsx";
import { runText } from "./app-model.ts";
import links from "../../ui/app-links.module.css";
import classes from "./apps.module.css";

/** The processes of an app with their state, each with its own start, stop and logs. */
export function ProcessRows({ app, menuOf }: { app: App; menuOf?: (process: AppProcess) => MenuItem[] }) {
  if (app.processes.length === 0)
    return <p className={`dim ${classes["process"] ?? ""}`}>No process yet. Add one under Processes.</p>;
  return (
    <ul role="list" className={`${classes["rows"] ?? ""} ${classes["processes"] ?? ""}`}>
      {app.processes.map((process) => (
        <li key={process.name}>
          <ProcessRow app={app} process={process} items={menuOf?.(process)} />
        </li>
      ))}
    </ul>
  );
}

interface ProcessRowProps {
  app: App;
  process: AppProcess;
  items: MenuItem[] | undefined;
}

function ProcessRow({ app, process, items }: ProcessRowProps) {
  const { live, name, problem } = process;
  const isMeasured = live?.unmanagedSince === null;
  const isRunning =
    live !== null && (live.status === "online" || live.status === "launching" || live.status === "waiting");
  return (
    <div className={classes["process"]}>
      <div className={classes["names"]}>
        <span className={`mono ${classes["name"] ?? ""}`}>{name}</span>
        <span className={classes["command"]} title={runText(process)}>
          {runText(process)}
        </span>
      </div>
      <span className={classes["stack"]}>
        <StatusBadge status={live?.status ?? "stopped"} isCompact />
        <span className={classes["small"]}>
          {live?.onlineSince == null ? null : (
            <>
              up <Time iso={live.onlineSince} isAge />
            </>
          )}
          {live?.onlineSince != null && live.restarts > 0 ? " · " : null}
          {live !== null && live.restarts > 0 ? formatCount(live.restarts, "restart") : null}
        </span>
      </span>
      <span className={classes["figures"]} data-empty={!isRunning || undefined}>
        <span>{isRunning && isMeasured ? formatPercent(live.cpuPercent) : "–"}</span>
        <span>{isRunning && isMeasured ? formatBytes(live.memoryBytes) : "–"}</span>
      </span>
      <span className={classes["rowActions"]}>
        {live === null ? null : (
          <Link
            to="/logs"
            search={processLogSearch(live)}
            className={links["link"]}
            aria-label={`Logs of ${app.name} / ${name}`}
          >
            <IconFileText size={14} />
            Logs
          </Link>
        )}
        <RunControls app={app} process={name} isRunning={isRunning} />
        {items === undefined ? null : <ActionMenu label={`Change ${name}`} items={items} />}
      </span>
      {problem === null || app.processes.length === 1 ? null : (
        <p
          className={`${classes["problem"] ?? ""} ${classes["wideRow"] ?? ""}`}
          data-tone={live?.status === "errored" ? undefined : "warn"}
        >
          <span>{problem.message}</span>
          {problem.hint === undefined ? null : <span>{problem.hint}</span>}
        </p>
      )}
    </div>
  );
}
