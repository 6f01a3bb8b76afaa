import { useMemo } from "react";

import type { EvidenceView } from "../../../../contract/features/evidence.ts";
import { formatDuration } from "../../lib/format.ts";
import { codeText } from "../../lib/gateway-words.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { outcomeStatus } from "./evidence-words.ts";
import classes from "./evidence.module.css";

/** Calls, newest first. */
export function EvidenceTable({ rows, onOpen }: { rows: readonly EvidenceView[]; onOpen: (id: string) => void }) {
  const columns = useMemo(() => columnsWith(onOpen), [onOpen]);
  return (
    <DataTable
      label="Calls to the outside"
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      onRowClick={({ id }) => {
        onOpen(id);
      }}
    />
  );
}

function columnsWith(onOpen: (id: string) => void): Column<EvidenceView>[] {
  return [
    {
      id: "call",
      header: "Call",
      isMain: true,
      cell: ({ id, connector, operation, targets }) => (
        <span className={classes["call"]}>
          <button
            type="button"
            className={classes["open"]}
            onClick={() => {
              onOpen(id);
            }}
          >
            {connector} · {operation}
          </button>
          {targets.length === 0 ? null : <span className={classes["sub"]}>{targets.join(", ")}</span>}
        </span>
      ),
    },
    {
      id: "outcome",
      header: "Outcome",
      width: "240px",
      isUnlabelled: true,
      cell: ({ outcome, code, isDryRun }) => (
        <span className={classes["outcome"]}>
          <StatusBadge status={outcomeStatus[outcome]} isCompact />
          <span className={classes["sub"]}>
            {[isDryRun ? "dry run" : null, code === null ? null : codeText(code)]
              .filter((one) => one !== null)
              .join(", ")}
          </span>
        </span>
      ),
    },
    {
      id: "caller",
      header: "Caller",
      width: "190px",
      cell: ({ caller: { kind, name } }) => (
        <>
          {name} <span className={classes["kind"]}>{kind}</span>
        </>
      ),
    },
    {
      id: "took",
      header: "Took",
      width: "90px",
      align: "right",
      cell: ({ durationMs }) => formatDuration(durationMs),
    },
    { id: "at", header: "When", width: "150px", cell: ({ at }) => <Time iso={at} /> },
  ];
}
