import { Button } from "@mantine/core";
import { IconRefresh } from "../../ui/icons.gen.ts";

import type { Process } from "../../../../contract/features/processes.ts";
import type { ProcessName } from "../../../../contract/ports.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { formatBytes, formatCount, formatPercent } from "../../lib/format.ts";
import { Notice } from "../../ui/notice.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { restartProcess } from "./restart-process.ts";
import classes from "./system.module.css";

const purposes: Record<ProcessName, string> = {
  "portos-server": "API, settings, automations, live data",
  "portos-ui": "Serves these pages",
  "portos-browser": "Keeps one Chrome with its profile",
  "portos-cos": "Terminals and long-running commands",
  "portos-autofixer": "Watches for crashes, brings apps back",
  "portos-autofixer-ui": "Emergency page when the server is down",
};

interface OwnProcessProps {
  name: ProcessName;
  /** `null` when PM2 does not know it. */
  process: Process | null;
  cpuSeries: readonly (number | null)[];
}

/** One of the six processes, as it really is. */
export function OwnProcess({ name, process, cpuSeries }: OwnProcessProps) {
  const isRunning = process?.status === "online";
  const isMeasured = isRunning && process.unmanagedSince === null;
  const problem = problemText(process);
  return (
    <div className={classes["process"]}>
      <div className={classes["names"]}>
        <p className={classes["name"]}>{name}</p>
        <p className={classes["purpose"]}>{purposes[name]}</p>
      </div>
      <div className={classes["state"]}>
        <StatusBadge status={process?.status ?? "unknown"} isCompact />
        <span className={classes["since"]}>
          {process?.onlineSince != null && isRunning ? (
            <>
              up <Time iso={process.onlineSince} isAge />
            </>
          ) : null}
          {process !== null && process.restarts > 0
            ? `${isRunning ? " · " : ""}${formatCount(process.restarts, "restart")}`
            : null}
        </span>
      </div>
      <div className={classes["figures"]}>
        <span>{isMeasured ? formatPercent(process.cpuPercent) : "–"}</span>
        <span>{isMeasured ? formatBytes(process.memoryBytes) : "–"}</span>
      </div>
      <div className={`${classes["spark"] ?? ""} desktop-only`}>
        {cpuSeries.some((value) => value !== null) ? (
          <Sparkline values={cpuSeries} label={`CPU of ${name} in the last hour`} format={formatPercent} height={24} />
        ) : null}
      </div>
      <Button
        disabled={process === null || process.unmanagedSince !== null}
        leftSection={<IconRefresh size={14} />}
        aria-label={`Restart ${name}`}
        onClick={() => {
          if (process !== null) void restartProcess(process);
        }}
      >
        Restart
      </Button>
      {problem === null ? null : (
        <div className={classes["problem"]}>
          <Notice tone="warn">{problem}</Notice>
        </div>
      )}
    </div>
  );
}

function problemText(process: Process | null): string | null {
  if (process === null) return "PM2 does not know this process. Run npm start in the project folder.";
  // That PM2 is gone is said once, above.
  if (process.problem === null || process.unmanagedSince !== null) return null;
  return sentences(process.problem.message, process.problem.hint);
}
