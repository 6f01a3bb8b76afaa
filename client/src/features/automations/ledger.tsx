import { Button, Select } from "@mantine/core";
import { IconListDetails } from "../../ui/icons.gen.ts";
import { useMemo } from "react";

import { type Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import type { AutomationView } from "../../../../contract/features/automations.ts";
import { formatDuration } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { occurrenceStatus } from "./step-words.ts";
import { eventInWords } from "./automation-words.ts";
import classes from "./automations.module.css";
import { useLedger } from "./use-ledger.ts";

const states = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
  "skipped",
  "missed",
] as const satisfies Occurrence["state"][];

interface LedgerProps {
  view: AutomationView;
  onOpen: (occurrenceId: string) => void;
}

/** Every time an automation was due, run or not. */
export function Ledger({ view, onOpen }: LedgerProps) {
  const [search, setSearch] = useSearchState();
  const state = states.find((known) => known === search["state"]);
  const ledger = useLedger(view.automation.id, state);
  const rows = ledger.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useMemo(() => columnsWith(onOpen), [onOpen]);
  return (
    <Section
      title="Ledger"
      actions={
        <Select
          className={classes["select"] ?? ""}
          aria-label="Outcome"
          placeholder="Any outcome"
          clearable
          data={[...states]}
          value={state ?? null}
          onChange={(value) => {
            setSearch({ state: value });
          }}
        />
      }
    >
      {ledger.isPending ? <LoadingState rows={5} label="Loading the ledger" /> : null}
      {ledger.data === undefined && ledger.error !== null ? (
        <ErrorState
          title="Could not load the ledger"
          error={ledger.error}
          onRetry={() => void ledger.refetch()}
          isCompact
        />
      ) : null}
      {ledger.data !== undefined && rows.length === 0 ? (
        <EmptyState
          icon={IconListDetails}
          title={state === undefined ? "It has not run yet" : `Nothing is ${state}`}
          text={
            state === undefined
              ? "Each run gets a row here: what started it, how it ended, and why it did not run when it should have."
              : "No run of it ended like that."
          }
          isCompact
        />
      ) : null}
      {rows.length === 0 ? null : (
        <DataTable
          label="Ledger"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          onRowClick={(row) => {
            onOpen(row.id);
          }}
        />
      )}
      {ledger.hasNextPage ? (
        <div className={classes["more"]}>
          <Button loading={ledger.isFetchingNextPage} onClick={() => void ledger.fetchNextPage()}>
            Show older
          </Button>
        </div>
      ) : null}
    </Section>
  );
}

function columnsWith(onOpen: LedgerProps["onOpen"]): Column<Occurrence>[] {
  return [
    {
      id: "due",
      header: "Due",
      isMain: true,
      width: "200px",
      cell: (row) => (
        <button
          type="button"
          className={classes["open"]}
          onClick={() => {
            onOpen(row.id);
          }}
        >
          {new Date(row.due).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" })}
        </button>
      ),
    },
    {
      id: "state",
      header: "Outcome",
      isInline: true,
      width: "130px",
      cell: (row) => <StatusBadge status={occurrenceStatus(row)} isCompact />,
    },
    { id: "reason", header: "Reason", cell: (row) => <span className="dim">{reasonOf(row)}</span> },
    {
      id: "late",
      header: "Late by",
      width: "90px",
      align: "right",
      isWideOnly: true,
      cell: (row) => <span className="dim">{row.lateMs === null ? "–" : formatDuration(row.lateMs)}</span>,
    },
    {
      id: "took",
      header: "Took",
      width: "90px",
      align: "right",
      isInline: true,
      cell: (row) => <span className="dim">{row.durationMs === null ? "–" : formatDuration(row.durationMs)}</span>,
    },
    {
      id: "when",
      header: "When",
      width: "110px",
      align: "right",
      isInline: true,
      cell: (row) => <Time iso={row.due} />,
    },
  ];
}

/** Why a row ended as it did, with who started it and how many times it stands for. */
export function reasonOf(row: Occurrence): string {
  const parts = [
    row.reason,
    row.trigger === "webhook" ? `started by the webhook ${row.who ?? ""}` : null,
    row.trigger === "event" ? `started by ${eventInWords(row.who) ?? "an event"}` : null,
    row.trigger === "manual" ? `started by hand${row.who === null ? "" : ` by ${row.who}`}` : null,
    row.count === 1
      ? null
      : row.count === null
        ? "stands for very many due times"
        : `stands for ${row.count.toLocaleString("en")} due times`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "–" : parts.join(" · ");
}
