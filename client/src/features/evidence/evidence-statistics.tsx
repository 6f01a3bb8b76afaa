import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { EvidenceStatistics as Statistics } from "../../../../contract/features/evidence.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatBytes, formatDuration } from "../../lib/format.ts";
import { codeText } from "../../lib/gateway-words.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Facts } from "../../ui/facts.tsx";
import { IconChartBar } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./evidence.module.css";

type ConnectorRow = Statistics["connectors"][number];

/** How many calls went where, how they ended and how long they took. */
export function EvidenceStatistics({ from, to }: { from: string | undefined; to: string | undefined }) {
  const query = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const { data, error, isPending, refetch } = useQuery(callQuery("evidence.statistics", { query }));
  if (isPending) return <LoadingState rows={6} rowHeight={48} label="Counting" />;
  if (data === undefined)
    return <ErrorState title="Could not count the calls" error={error} onRetry={() => void refetch()} />;
  if (data.total.calls === 0)
    return <EmptyState icon={IconChartBar} title="Nothing to count" text="No call was made in this time." />;
  return <Counts statistics={data} />;
}

function Counts({ statistics: { total, connectors, days, callers, codes } }: { statistics: Statistics }) {
  return (
    <>
      <Section title="All calls" isCard>
        <Facts
          layout="tiles"
          items={[
            ["Calls", total.calls.toLocaleString("en")],
            ["Done", total.done.toLocaleString("en")],
            ["Refused", total.refused.toLocaleString("en")],
            ["Failed", total.failed.toLocaleString("en")],
            ...(total.unknown === 0 ? [] : ([["Not known", total.unknown.toLocaleString("en")]] as const)),
          ]}
        />
      </Section>
      <Section title="By connector">
        <DataTable
          label="Calls by connector"
          columns={columns}
          rows={connectors}
          rowKey={({ connector }) => connector}
        />
      </Section>
      <Section title="By day (UTC)">
        <Bars
          label="Calls by day"
          rows={days.map(({ day, calls, failed, refused }) => ({
            name: day,
            count: calls,
            note: [
              failed === 0 ? null : `${String(failed)} failed`,
              refused === 0 ? null : `${String(refused)} refused`,
            ]
              .filter((part) => part !== null)
              .join(", "),
          }))}
        />
      </Section>
      <div className={classes["pair"]}>
        <Section title="By caller">
          <Bars label="Calls by caller" rows={callers.map(({ caller, calls }) => ({ name: caller, count: calls }))} />
        </Section>
        <Section title="Why calls did not end well">
          {codes.length === 0 ? (
            <p className={classes["sub"]}>All of them did.</p>
          ) : (
            <Bars label="Reasons" rows={codes.map(({ code, calls }) => ({ name: codeText(code), count: calls }))} />
          )}
        </Section>
      </div>
    </>
  );
}

const columns: Column<ConnectorRow>[] = [
  {
    id: "connector",
    header: "Connector",
    isMain: true,
    cell: ({ connector }) => (
      <Link to="/connectors" search={{ tab: "evidence", connector }} className={classes["plain"]}>
        {connector}
      </Link>
    ),
  },
  { id: "calls", header: "Calls", align: "right", cell: ({ calls }) => calls.toLocaleString("en") },
  { id: "failed", header: "Failed", align: "right", cell: ({ failed }) => failed.toLocaleString("en") },
  { id: "refused", header: "Refused", align: "right", cell: ({ refused }) => refused.toLocaleString("en") },
  { id: "median", header: "Usually takes", align: "right", cell: ({ medianMs }) => duration(medianMs) },
  { id: "slow", header: "Slow ones take", align: "right", cell: ({ slowMs }) => duration(slowMs) },
  { id: "out", header: "Sent", align: "right", cell: ({ bytesOut }) => formatBytes(bytesOut) },
  { id: "in", header: "Received", align: "right", cell: ({ bytesIn }) => formatBytes(bytesIn) },
];

function duration(ms: number | null): string {
  return ms === null ? "–" : `≈ ${formatDuration(ms)}`;
}

interface Bar {
  name: string;
  count: number;
  note?: string;
}

/** Counts as words and figures, with bars beside them for the eye. */
function Bars({ label, rows }: { label: string; rows: readonly Bar[] }) {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <ul role="list" className={classes["bars"]} aria-label={label}>
      {rows.map(({ name, count, note = "" }) => (
        <li key={name} className={classes["bar"]}>
          <span className={classes["barName"]}>{name}</span>
          <span className={classes["track"]} aria-hidden="true">
            <span style={{ width: `${String((100 * count) / most)}%` }} />
          </span>
          <span className="tabular">{count.toLocaleString("en")}</span>
          {note === "" ? null : <span className={classes["sub"]}>{note}</span>}
        </li>
      ))}
    </ul>
  );
}
