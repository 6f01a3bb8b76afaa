import { Checkbox } from "@mantine/core";
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

interface RunTableProps {
  runs: readonly Run[];
  /** Begins to choose runs to be compared, with this one. */
  onCompare: (id: string) => unknown;
  /** While runs are chosen: which are. A row then chooses its run instead of opening it. */
  choice?: RunChoice | null;
}

/** Which runs of a list are chosen. */
export interface RunChoice {
  readonly ids: readonly string[];
  /** No more can be chosen. */
  readonly isFull: boolean;
  readonly toggle: (id: string) => void;
}

/** Runs, one row each; on a phone one card each. */
export function RunTable({ runs, onCompare, choice = null }: RunTableProps) {
  const navigate = useNavigate();
  const apps = useLiveApps().data;
  const columns = useMemo(
    () =>
      columnsWith(apps ?? [], choice, {
        openNext: (runId, earlier) => navigate({ to: "/agents/$runId", params: { runId }, search: { earlier } }),
        compareGroup: (group) => navigate({ to: "/agents/compare", search: { group } }),
        compareWith: onCompare,
      }),
    [apps, choice, navigate, onCompare],
  );
  return (
    <DataTable
      label="Runs"
      columns={columns}
      rows={runs}
      rowKey={({ id }) => id}
      isRowSelected={({ id }) => choice?.ids.includes(id) === true}
      onRowClick={({ id }) => {
        if (choice === null) void navigate({ to: "/agents/$runId", params: { runId: id } });
        else choice.toggle(id);
      }}
    />
  );
}

interface RowLinks {
  /** Opens a run that was made of an earlier one. */
  openNext: (id: string, earlier: string) => unknown;
  compareGroup: (groupId: string) => unknown;
  compareWith: (id: string) => unknown;
}

function columnsWith(apps: readonly App[], choice: RunChoice | null, links: RowLinks): Column<Run>[] {
  const actions: Column<Run> = {
    id: "actions",
    header: "Actions",
    isActions: true,
    width: "48px",
    cell: (run) => <ActionMenu label={`Actions for ${run.title}`} items={menuOf(run, links)} />,
  };
  return [
    {
      id: "title",
      header: "Run",
      isMain: true,
      cell: (run) =>
        choice === null ? <Title run={run} apps={apps} /> : <ChoosableTitle run={run} apps={apps} choice={choice} />,
    },
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
    ...(choice === null ? [actions] : []),
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

interface TitleProps {
  run: Run;
  apps: readonly App[];
}

function Title({ run, apps }: TitleProps) {
  return (
    <span className={classes["title"]}>
      <Link to="/agents/$runId" params={{ runId: run.id }} className="truncate">
        {run.title}
      </Link>
      <Sub run={run} apps={apps} />
    </span>
  );
}

/** Where the run is chosen, not opened. */
function ChoosableTitle({ run, apps, choice }: TitleProps & { choice: RunChoice }) {
  const isChosen = choice.ids.includes(run.id);
  return (
    <Checkbox
      classNames={{ root: classes["choose"] ?? "", label: classes["chooseLabel"] ?? "" }}
      checked={isChosen}
      disabled={choice.isFull && !isChosen}
      label={
        <span className={classes["title"]}>
          <span className="truncate">{run.title}</span>
          <Sub run={run} apps={apps} />
        </span>
      }
      onChange={() => {
        choice.toggle(run.id);
      }}
    />
  );
}

function Sub({ run, apps }: TitleProps) {
  const app = apps.find(({ id }) => id === run.appId);
  return (
    <span className={`${classes["sub"] ?? ""} truncate`}>
      <ProviderPath attempts={run.attempts} />
      {app === undefined ? null : ` · ${app.name}`}
    </span>
  );
}

function menuOf(run: Run, { openNext, compareGroup, compareWith }: RowLinks): MenuItem[] {
  const { id, state, groupId, canContinue } = run;
  const isOpen = isOpenState(state);
  return [
    ...(isOpen ? [{ id: "stop", label: "Stop", icon: IconPlayerStop, run: () => stopRun(run) }] : []),
    ...(state === "interrupted" && canContinue
      ? [{ id: "resume", label: "Resume", icon: IconPlayerPlay, run: () => resumeRun(run) }]
      : []),
    ...(isOpen ? [] : [{ id: "again", label: "Run again", icon: IconRepeat, run: () => runAgain(run, openNext) }]),
    ...(groupId === null
      ? []
      : [{ id: "group", label: "Compare its group", icon: IconColumns3, run: () => compareGroup(groupId) }]),
    { id: "compare", label: "Compare with…", icon: IconColumns3, run: () => compareWith(id) },
    { id: "download", label: "Download as Markdown", icon: IconDownload, href: transcriptUrl(id) },
    ...(isOpen
      ? []
      : [{ id: "delete", label: "Delete", icon: IconTrash, isDangerous: true, run: () => removeRun(run) }]),
  ];
}
