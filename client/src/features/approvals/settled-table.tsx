import { useMemo } from "react";

import { approvalTitle } from "../../../../contract/approval-title.ts";
import type { Approval } from "../../../../contract/features/approvals.ts";
import { askerOf } from "../../lib/approval-text.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { approvalStatus, deciderText } from "./approval-words.ts";
import classes from "./approvals.module.css";

function columnsWith(onOpen: (approval: Approval) => void): Column<Approval>[] {
  return [
    {
      id: "what",
      header: "Question",
      isMain: true,
      cell: (approval) => (
        <button type="button" className={classes["open"]} onClick={() => onOpen(approval)}>
          {approvalTitle(approval)}
        </button>
      ),
    },
    {
      id: "asker",
      header: "Asked by",
      width: "200px",
      isWideOnly: true,
      cell: (approval) => <span className="dim">{askerOf(approval)}</span>,
    },
    {
      id: "state",
      header: "Outcome",
      width: "140px",
      isInline: true,
      cell: ({ state }) => <StatusBadge status={approvalStatus[state]} isCompact />,
    },
    {
      id: "who",
      header: "By",
      width: "220px",
      isInline: true,
      cell: (approval) => (
        <span className={deciderText(approval) === "–" ? "dim desktop-only" : "dim"}>{deciderText(approval)}</span>
      ),
    },
    {
      id: "when",
      header: "When",
      width: "110px",
      align: "right",
      isInline: true,
      cell: ({ decision, createdAt }) => <Time iso={decision?.at ?? createdAt} />,
    },
  ];
}

/** Settled questions as rows; each opens its details. */
export function SettledTable({ approvals }: { approvals: readonly Approval[] }) {
  const [, setSearch] = useSearchState();
  const open = useMemo(
    () => (approval: Approval) => {
      setSearch({ approval: approval.id }, { push: true });
    },
    [setSearch],
  );
  const columns = useMemo(() => columnsWith(open), [open]);
  return (
    <DataTable label="Settled questions" columns={columns} rows={approvals} rowKey={({ id }) => id} onRowClick={open} />
  );
}
