import { Link, type LinkProps } from "@tanstack/react-router";
import { useMemo } from "react";

import type { HistoryEntry } from "../../../../contract/features/history.ts";
import { formatDuration } from "../../lib/format.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { outcomeStatus } from "./history-filters.ts";
import { subjectLabel, subjectPage, type KnownSubjects } from "./subject-page.ts";
import classes from "./history-page.module.css";

interface EntryTableProps {
  entries: readonly HistoryEntry[];
  known: KnownSubjects;
  onOpen: (entry: HistoryEntry) => void;
}

function columnsWith({ known, onOpen }: Omit<EntryTableProps, "entries">): Column<HistoryEntry>[] {
  return [
    {
      id: "action",
      header: "Action",
      isMain: true,
      cell: (entry) => (
        <button type="button" className={classes["open"]} onClick={() => onOpen(entry)}>
          {entry.summary}
        </button>
      ),
    },
    {
      id: "subject",
      isInline: true,
      header: "Subject",
      cell: (entry) => <Subject entry={entry} page={subjectPage(entry, known)} />,
    },
    {
      id: "outcome",
      isInline: true,
      header: "Outcome",
      width: "130px",
      cell: (entry) => <StatusBadge status={outcomeStatus[entry.outcome]} isCompact />,
    },
    {
      id: "who",
      header: "Who",
      width: "180px",
      isWideOnly: true,
      cell: (entry) => <span className="dim">{entry.caller.name}</span>,
    },
    {
      id: "took",
      header: "Took",
      width: "90px",
      align: "right",
      isWideOnly: true,
      cell: (entry) => <span className="dim">{formatDuration(entry.durationMs)}</span>,
    },
    {
      id: "when",
      isInline: true,
      header: "When",
      width: "120px",
      align: "right",
      cell: (entry) => <Time iso={entry.at} />,
    },
  ];
}

function Subject({ entry, page }: { entry: HistoryEntry; page: string | null }) {
  const label = subjectLabel(entry);
  if (label === null) return <span className="dim">–</span>;
  // A name is prose, an id is machine text.
  const look = `${classes["subject"] ?? ""} ${entry.subjectName === null ? "mono" : ""}`;
  return page === null ? (
    <span className={look}>{label}</span>
  ) : (
    <Link {...({ href: page } as LinkProps)} className={`${look} touch-wide`}>
      {label}
    </Link>
  );
}

/** Entries of the history as rows; each opens its details. */
export function EntryTable({ entries, known, onOpen }: EntryTableProps) {
  const columns = useMemo(() => columnsWith({ known, onOpen }), [known, onOpen]);
  return (
    <DataTable label="User actions" columns={columns} rows={entries} rowKey={(entry) => entry.id} onRowClick={onOpen} />
  );
}
