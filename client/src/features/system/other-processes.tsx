import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import type { Process, ProcessSnapshot } from "../../../../contract/features/processes.ts";
import { call } from "../../lib/api.ts";
import { formatBytes, formatPercent } from "../../lib/format.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from "../../ui/icons.gen.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { restartProcess } from "./restart-process.ts";

function menuOf(process: Process): MenuItem[] {
  const { key, name, status } = process;
  const isRunning = status === "online" || status === "launching" || status === "waiting";
  const start = (): Promise<boolean> =>
    withErrorToast(`Could not start ${name}`, () => call("processes.start", { params: { key } }));
  const stop = async (): Promise<void> => {
    const isDone = await withErrorToast(`Could not stop ${name}`, () => call("processes.stop", { params: { key } }));
    if (isDone) undoToast(`Stopped ${name}`, () => call("processes.start", { params: { key } }));
  };
  return isRunning
    ? [
        { id: "restart", label: "Restart", icon: IconRefresh, run: () => restartProcess(process) },
        { id: "stop", label: "Stop", icon: IconPlayerStop, run: stop },
      ]
    : [{ id: "start", label: "Start", icon: IconPlayerPlay, run: start }];
}

function Owner({ process: { owner, home }, names }: { process: Process; names: ReadonlyMap<string, string> }) {
  if (owner.kind !== "app") return <span className="dim">{home === "user" ? "your own PM2" : "other"}</span>;
  const name = names.get(owner.appId);
  if (name === undefined) return <span className="dim">{owner.appId}</span>;
  return (
    <Link to="/apps/$appId" params={{ appId: owner.appId }} className="touch-wide">
      {name}
    </Link>
  );
}

const columnsWith = (names: ReadonlyMap<string, string>): Column<Process>[] => [
  { id: "name", header: "Name", isMain: true, cell: (process) => <span className="mono">{process.name}</span> },
  {
    id: "owner",
    isInline: true,
    header: "Belongs to",
    cell: (process) => <Owner process={process} names={names} />,
  },
  {
    id: "status",
    isInline: true,
    header: "Status",
    width: "130px",
    cell: (process) => <StatusBadge status={process.status} isCompact />,
  },
  {
    id: "cpu",
    isInline: true,
    header: "CPU",
    width: "80px",
    align: "right",
    cell: (process) => formatPercent(process.cpuPercent),
  },
  {
    id: "memory",
    isInline: true,
    header: "Memory",
    width: "90px",
    align: "right",
    cell: (process) => formatBytes(process.memoryBytes),
  },
  {
    id: "restarts",
    header: "Restarts",
    width: "80px",
    align: "right",
    isWideOnly: true,
    cell: (process) => process.restarts,
  },
  {
    id: "actions",
    header: "Actions",
    isActions: true,
    cell: (process) => <ActionMenu label={`Actions for ${process.name}`} items={menuOf(process)} />,
  },
];

/** What else runs under PM2: processes of apps and those of the user's own PM2. */
export function OtherProcesses({ snapshot }: { snapshot: ProcessSnapshot }) {
  const rows = useMemo(() => snapshot.processes.filter(({ owner }) => owner.kind !== "portos"), [snapshot]);
  const apps = useLiveApps().data;
  const columns = useMemo(() => columnsWith(new Map(apps?.map(({ id, name }) => [id, name]))), [apps]);
  const userHome = snapshot.homes.find((home) => home.home === "user");
  return (
    <Section
      title="Everything else under PM2"
      aside={userHome?.isUp === false ? <span className="dim">Your own PM2 daemon is not running.</span> : null}
    >
      {rows.length === 0 ? (
        <p className="dim">No other processes. Apps you start appear here, and so do those of your own PM2.</p>
      ) : (
        <DataTable label="Other processes" columns={columns} rows={rows} rowKey={(process) => process.key} />
      )}
    </Section>
  );
}
