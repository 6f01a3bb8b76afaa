import { Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Delivery } from "../../../../contract/features/outbox.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconSend } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { DeliveryDetails } from "./delivery-details.tsx";
import { countsText, deliveryColumns, type DeliveryActions } from "./delivery-columns.tsx";
import classes from "./outbox.module.css";

const pageSize = 50;

function useQueue(state: "dead" | null) {
  const query = { limit: pageSize };
  const id = state === "dead" ? "outbox.deadLetters" : "outbox.list";
  return useInfiniteQuery({
    queryKey: callKey(id, query),
    queryFn: ({ pageParam, signal }) =>
      call(id, { query: { ...query, ...(pageParam === null ? {} : { after: pageParam }) } }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

/** What waits to be delivered, and what was given up. `?delivery=<id>` opens one. */
export function QueueTab({ tabs }: { tabs: readonly PageTab[] }) {
  const [search, setSearch] = useSearchState();
  const dead = useQueue("dead");
  const queue = useQueue(null);
  const deadRows = dead.data?.pages.flatMap(({ items }) => items) ?? [];
  const rows = (queue.data?.pages.flatMap(({ items }) => items) ?? []).filter(({ state }) => state !== "dead");
  const first = queue.data?.pages[0];
  const error = queue.error ?? dead.error;
  const isEmpty = first !== undefined && rows.length === 0 && deadRows.length === 0 && dead.data !== undefined;
  const shown = [...deadRows, ...rows].find(({ id }) => id === search["delivery"]);
  const actions = useDeliveryActions();
  const renew = (): void => {
    void queue.refetch();
    void dead.refetch();
  };
  useFeed("outbox", { onSnapshot: renew, onEvent: renew });
  return (
    <Page
      title="Connectors"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={queue.dataUpdatedAt} isStale={queue.isError} />}
    >
      {queue.isPending ? <LoadingState rows={4} rowHeight={56} label="Loading the queue" /> : null}
      {first === undefined && error !== null ? (
        <ErrorState title="Could not load the queue" error={error} onRetry={() => void queue.refetch()} />
      ) : null}
      {first?.paused == null ? null : <Notice tone="warn">Nothing is sent at the moment: {first.paused}.</Notice>}
      {isEmpty ? (
        <EmptyState
          icon={IconSend}
          title="Nothing waits"
          text="What is called with “Deliver through the queue” waits here until it has arrived, also over a restart. What cannot be delivered stays until you retry or discard it."
        />
      ) : null}
      {deadRows.length === 0 ? null : (
        <Section title="Given up" aside={<span className="dim">{deadRows.length}</span>}>
          <Table label="Deliveries that were given up" rows={deadRows} actions={actions} />
          {dead.hasNextPage ? <More onMore={() => void dead.fetchNextPage()} /> : null}
        </Section>
      )}
      {rows.length === 0 || first === undefined ? null : (
        <Section title="Waiting" aside={<span className="dim">{countsText(first.counts)}</span>}>
          <Table label="Deliveries that wait" rows={rows} actions={actions} />
          {queue.hasNextPage ? <More onMore={() => void queue.fetchNextPage()} /> : null}
        </Section>
      )}
      <DeliveryDetails
        delivery={shown}
        onClose={() => {
          setSearch({ delivery: null });
        }}
      />
    </Page>
  );
}

function Table({ label, rows, actions }: { label: string; rows: readonly Delivery[]; actions: DeliveryActions }) {
  return <DataTable label={label} columns={deliveryColumns(actions)} rows={rows} rowKey={({ id }) => id} />;
}

function More({ onMore }: { onMore: () => void }) {
  return (
    <div className={classes["more"]}>
      <Button onClick={onMore}>Show more</Button>
    </div>
  );
}

function useDeliveryActions(): DeliveryActions {
  const client = useQueryClient();
  const [, setSearch] = useSearchState();
  const [busyId, setBusyId] = useState<string | null>(null);
  const run = async (id: string, text: string, work: () => Promise<unknown>): Promise<boolean> => {
    setBusyId(id);
    const isDone = await withErrorToast(text, work);
    setBusyId(null);
    for (const key of ["outbox.list", "outbox.deadLetters"] as const)
      void client.invalidateQueries({ queryKey: callKey(key) });
    return isDone;
  };
  return {
    busyId,
    open: ({ id }) => {
      setSearch({ delivery: id }, { push: true });
    },
    retry: async ({ id }) => {
      const isDone = await run(id, "It could not be tried again", () => call("outbox.retry", { params: { id } }));
      if (isDone) toast({ kind: "ok", text: "It is tried again now" });
    },
    discard: async ({ id, connector, operation }) => {
      const isSure = await confirmDangerous({
        title: `Discard ${connector} ${operation}?`,
        text: "It is not sent again; what an earlier try may have delivered cannot be taken back. Those behind it go on. What was tried stays in the evidence.",
        confirmLabel: "Discard",
      });
      if (isSure) await run(id, "It could not be discarded", () => call("outbox.discard", { params: { id } }));
    },
  };
}
