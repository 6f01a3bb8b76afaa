import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import type { Run } from "../../../../contract/features/runs.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { formatCost, formatTokens } from "../../lib/format.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import {
  IconColumns3,
  IconDownload,
  IconPlayerPlay,
  IconPlayerStop,
  IconRepeat,
  IconTrash,
} from "../../ui/icons.gen.ts";
import { runStatus } from "../../ui/status.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./agents-page.module.css";
import { removeRun, resumeRun, runAgain, stopRun, transcriptUrl } from "./run-calls.ts";
import { ProviderPath } from "./run-facts.tsx";
import { allTokens } from "./run-words.ts";

/** Runs, one row each; on a phone one card each. */
export function RunTable({ runs }: { runs: readonly Run[] }) {
  const navigate = useNavigate();
  const apps = useLiveApps().data;
  const columns = useMemo(
    () =>
      columnsWith(apps ?? [], {
        open: (runId) => navigate({ to: "/agents/$runId", params: { runId } }),
        compare: (group) => navigate({ to: "/agents/compare", search: { group } }),
      }),
    [apps, navigate],
  );
  return (
    <DataTable
      label="Runs"
      columns={columns}
      rows={runs}
      rowKey={({ id }) => id}
      onRowClick={({ id }) => void navigate({ to: "/agents/$runId", params: { runId: id } })}
    />
  );
}

interface RowLinks {
  open: (id: string) => unknown;
  compare: (groupId: string) => unknown;
}

function columnsWith(apps: readonly App[], links: RowLinks): Column<Run>[] {
  return [
    { id: "title", header: "Run", isMain: true, cell: (run) => <Title run={run} apps={apps} /> },
    {
      id: "state",
      header: "State",
      isInline: true,
      width: "150px",
      cell: ({ state, message }) => (
        <StatusBadge status={runStatus(state)} isCompact {...(message === null ? {} : { title: message })} />
      ),
    },
    { id: "age", header: "Asked", isInline: true, width: "120px", cell: ({ createdAt }) => <Time iso={createdAt} /> },
    {
      id: "tokens",
      header: "Tokens",
      align: "right",
      width: "90px",
      isInline: true,
      cell: ({ usage }) => <Figure text={tokensOf(usage)} unit=" tokens" />,
    },
    {
      id: "cost",
      header: "Cost",
      align: "right",
      width: "90px",
      isInline: true,
      cell: ({ usage }) => (
        <Figure text={usage.costUsd === null || usage.costUsd === 0 ? null : formatCost(usage.costUsd)} />
      ),
    },
    {
      id: "actions",
      header: "Actions",
      isActions: true,
      width: "48px",
      cell: (run) => <ActionMenu label={`Actions for ${run.title}`} items={menuOf(run, links)} />,
    },
  ];
}

function tokensOf(usage: Run["usage"]): string | null {
  const tokens = allTokens(usage);
  return tokens === 0 ? null : formatTokens(tokens);
}

/** A number of a column; on a phone, where no heading stands above it, with its unit, and none for nothing. */
function Figure({ text, unit = "" }: { text: string | null; unit?: string }) {
  if (text === null) return <span className="dim desktop-only">–</span>;
  return (
    <span className="tabular">
      {text}
      <span className="phone-only">{unit}</span>
    </span>
  );
}

function Title({ run, apps }: { run: Run; apps: readonly App[] }) {
  const app = apps.find(({ id }) => id === run.appId);
  return (
    <span className={classes["title"]}>
      <Link to="/agents/$runId" params={{ runId: run.id }} className="truncate">
        {run.title}
      </Link>
      <span className={`${classes["sub"] ?? ""} truncate`}>
        <ProviderPath attempts={run.attempts} />
        {app === undefined ? null : ` · ${app.name}`}
      </span>
    </span>
  );
}

function menuOf(run: Run, { open, compare }: RowLinks): MenuItem[] {
  const { id, state, groupId, canContinue } = run;
  const isOpen = isOpenState(state);
  return [
    ...(isOpen ? [{ id: "stop", label: "Stop", icon: IconPlayerStop, run: () => stopRun(run) }] : []),
    ...(state === "interrupted" && canContinue
      ? [{ id: "resume", label: "Resume", icon: IconPlayerPlay, run: () => resumeRun(run) }]
      : []),
    ...(isOpen ? [] : [{ id: "again", label: "Run again", icon: IconRepeat, run: () => runAgain(run, open) }]),
    ...(groupId === null ? [] : [{ id: "compare", label: "Compare", icon: IconColumns3, run: () => compare(groupId) }]),
    { id: "download", label: "Download as Markdown", icon: IconDownload, href: transcriptUrl(id) },
    ...(isOpen
      ? []
      : [{ id: "delete", label: "Delete", icon: IconTrash, isDangerous: true, run: () => removeRun(run) }]),
  ];
}
