import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconChartBar } from "../../ui/icons.gen.ts";

import type { UsageGroup, UsageTotals } from "../../../../contract/features/usage.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatCount, formatSpent, formatTokens } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Facts } from "../../ui/facts.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { BudgetForm } from "./budget-form.tsx";
import classes from "./providers.module.css";
import { UsageChart } from "./usage-chart.tsx";

const ranges = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
];
const kinds = [
  { value: "providers", label: "Provider" },
  { value: "models", label: "Model" },
  { value: "sources", label: "Asked by" },
  { value: "apps", label: "App" },
  { value: "taskTypes", label: "Kind" },
] as const;

/** Tokens and cost over time and by what they were used for, and the budget of the day. */
export function UsageTab() {
  const [search, setSearch] = useSearchState();
  const days = ranges.find(({ value }) => value === search["days"])?.value ?? "30";
  const input = { query: { from: dayBefore(Number(days) - 1), to: dayBefore(0) } };
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    ...callQuery("usage.totals", input),
    placeholderData: (previous: UsageTotals | undefined) => previous,
    refetchInterval: 60_000,
  });
  return (
    <div className={classes["parts"]}>
      <Toolbar label="Range" aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}>
        <SegmentedControl
          aria-label="Days"
          data={ranges}
          value={days}
          onChange={(value) => {
            setSearch({ days: value === "30" ? null : value });
          }}
        />
      </Toolbar>
      {data === undefined && isPending ? <LoadingState rows={4} rowHeight={56} label="Loading usage" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the usage" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : data.total.attempts === 0 ? (
        <EmptyState
          icon={IconChartBar}
          title="Nothing was used"
          text="Each answer of a provider is counted here: its tokens, what they cost, and for whom."
          isCompact
        />
      ) : (
        <Totals totals={data} />
      )}
      <BudgetForm />
    </div>
  );
}

/** The day so many days ago, on the wall of this device. */
function dayBefore(days: number): string {
  return new Intl.DateTimeFormat("sv-SE").format(Date.now() - days * 86_400_000);
}

function Totals({ totals }: { totals: UsageTotals }) {
  const { total } = totals;
  return (
    <>
      <Section title={`Last ${formatCount(totals.days.length, "day")}`} isCard>
        <Facts
          layout="tiles"
          items={[
            ["Cost", <Figure key="cost" text={formatSpent(total)} note={unpricedNote(total.unpriced)} />],
            [
              "Tokens in",
              <Figure
                key="in"
                text={formatTokens(total.inputTokens)}
                note={`${formatTokens(total.cachedInputTokens)} from the cache`}
              />,
            ],
            ["Tokens out", <Figure key="out" text={formatTokens(total.outputTokens)} note="" />],
            [
              "Answers",
              <Figure
                key="answers"
                text={total.attempts.toLocaleString("en")}
                note={`${total.failures.toLocaleString("en")} failed`}
              />,
            ],
          ]}
        />
      </Section>
      <Section title="By day" isCard>
        <UsageChart days={totals.days} />
      </Section>
      <Breakdown totals={totals} />
    </>
  );
}

function Figure({ text, note }: { text: string; note: string }) {
  return (
    <>
      {text}
      <small>{note}</small>
    </>
  );
}

function unpricedNote(unpriced: number): string {
  return unpriced === 0 ? "" : `${formatCount(unpriced, "answer")} of unknown price`;
}

const columns: Column<UsageGroup>[] = [
  { id: "name", header: "Name", isMain: true, cell: ({ name }) => name },
  { id: "cost", header: "Cost", align: "right", cell: ({ sum }) => formatSpent(sum) },
  { id: "in", header: "Tokens in", align: "right", cell: ({ sum }) => formatTokens(sum.inputTokens) },
  { id: "out", header: "Tokens out", align: "right", cell: ({ sum }) => formatTokens(sum.outputTokens) },
  { id: "attempts", header: "Answers", align: "right", cell: ({ sum }) => sum.attempts },
  { id: "failures", header: "Failed", align: "right", cell: ({ sum }) => sum.failures },
];

function Breakdown({ totals }: { totals: UsageTotals }) {
  const [search, setSearch] = useSearchState();
  const kind = kinds.find(({ value }) => value === search["by"])?.value ?? "providers";
  return (
    <Section
      title="By"
      aside={
        <SegmentedControl
          aria-label="Broken down by"
          data={[...kinds]}
          value={kind}
          onChange={(value) => {
            setSearch({ by: value === "providers" ? null : value });
          }}
        />
      }
    >
      <DataTable label="Usage in parts" columns={columns} rows={totals[kind]} rowKey={({ key }) => key} />
    </Section>
  );
}
