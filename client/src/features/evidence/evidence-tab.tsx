import { Button, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import type { EvidenceFilter } from "../../../../contract/features/evidence.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconListSearch, IconRefresh } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { ChainCheckButton, ChainProof, useChainCheck } from "./chain-check.tsx";
import { EvidenceDetails } from "./evidence-details.tsx";
import { EvidenceFilters } from "./evidence-filters.tsx";
import { EvidenceStatistics } from "./evidence-statistics.tsx";
import { EvidenceTable } from "./evidence-table.tsx";
import { addressNames, filterOf } from "./evidence-words.ts";
import { KeepAndExport } from "./keep-and-export.tsx";
import classes from "./evidence.module.css";

const pageSize = 50;
/** Calls within this time are looked for together. */
const togetherMs = 500;

/** Every call to the outside and what became of it. `?call=<id>` opens one, `?view=statistics` counts them. */
export function EvidenceTab({ tabs }: { tabs: readonly PageTab[] }) {
  const [search, setSearch] = useSearchState();
  const [openedMs, setOpenedMs] = useState(() => Date.now());
  const filter = filterOf(search, openedMs);
  const check = useChainCheck();
  const isCounted = search["view"] === "statistics";
  return (
    <Page
      title="Connectors"
      layout="wide"
      tabs={tabs}
      actions={
        <div className={classes["actions"]}>
          <KeepAndExport filter={filter} />
          <ChainCheckButton check={check} />
        </div>
      }
    >
      <ChainProof check={check} />
      <SegmentedControl
        aria-label="How calls are shown"
        className={classes["view"] ?? ""}
        data={[
          { value: "calls", label: "Calls" },
          { value: "statistics", label: "Statistics" },
        ]}
        value={isCounted ? "statistics" : "calls"}
        onChange={(value) => {
          setSearch({ view: value === "statistics" ? value : null });
        }}
      />
      <EvidenceFilters isTimeOnly={isCounted} />
      {isCounted ? (
        <EvidenceStatistics from={filter.from} to={filter.to} />
      ) : (
        <Calls
          key={filter.text ?? ""}
          filter={filter}
          onRenew={() => {
            setOpenedMs(Date.now());
          }}
        />
      )}
      <EvidenceDetails
        id={search["call"] ?? null}
        onClose={() => {
          setSearch({ call: null });
        }}
      />
    </Page>
  );
}

function useEvidence(filter: EvidenceFilter) {
  const query = { ...filter, limit: pageSize };
  return useInfiniteQuery({
    queryKey: callKey("evidence.list", query),
    queryFn: ({ pageParam, signal }) =>
      call("evidence.list", { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

/**
 * What is read does not move: new calls are offered, not put in. Only once a call has ended is there anything to ask; and a text
 * is not looked for twice.
 */
function useNews(filter: EvidenceFilter, newestShown: number, isEnabled: boolean) {
  const { data, refetch } = useQuery({
    ...callQuery("evidence.list", { query: { ...filter, limit: 1 } }),
    enabled: false,
  });
  const isAsking = useRef(false);
  const look = (): void => {
    // A text may have to be looked for in many rows; and many calls may end at once.
    if (!isEnabled || filter.text !== undefined || isAsking.current) return;
    isAsking.current = true;
    setTimeout(() => {
      isAsking.current = false;
      void refetch();
    }, togetherMs);
  };
  useFeed("evidence", { onSnapshot: look, onEvent: look });
  return { hasNew: (data?.items[0]?.n ?? 0) > newestShown, underWay: data?.underWay.length };
}

/** A text is looked for piece by piece, until there is a page of calls, all are looked at, or somebody stops it. */
function useWholeSearch(list: ReturnType<typeof useEvidence>, isSearch: boolean) {
  const [isStopped, setStopped] = useState(false);
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = list;
  const found = data?.pages.reduce((all, { items }) => all + items.length, 0) ?? 0;
  const [wanted, setWanted] = useState(pageSize);
  const isGoingOn = isSearch && !isStopped && !isError && hasNextPage && found < wanted;
  useEffect(() => {
    if (isGoingOn && !isFetching) void fetchNextPage();
  }, [isGoingOn, isFetching, fetchNextPage]);
  return {
    isSearching: isSearch && (list.isPending || isGoingOn),
    rows: data?.pages.reduce((all, { searched }) => all + searched.rows, 0) ?? 0,
    to: data?.pages.at(-1)?.searched.to ?? null,
    stop() {
      setStopped(true);
    },
    goOn() {
      setStopped(false);
      setWanted(found + pageSize);
      void fetchNextPage();
    },
  };
}

/** That it is still looked for, and how far. */
function Searching({ rows, to, stop }: Pick<ReturnType<typeof useWholeSearch>, "rows" | "to" | "stop">) {
  return (
    <>
      <span>
        Searching…
        {rows === 0 ? null : ` ${rows.toLocaleString("en")} rows`}
        {to === null ? null : (
          <>
            , back to <Time iso={to} />
          </>
        )}
      </span>
      <Button onClick={stop}>Stop</Button>
    </>
  );
}

function Calls({ filter, onRenew }: { filter: EvidenceFilter; onRenew: () => void }) {
  const [, setSearch] = useSearchState();
  const list = useEvidence(filter);
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const news = useNews(filter, rows[0]?.n ?? 0, list.data !== undefined);
  const underWay = news.underWay ?? list.data?.pages[0]?.underWay.length ?? 0;
  const search = useWholeSearch(list, filter.text !== undefined);
  const isFiltered = Object.keys(filter).length > 0;
  const clear = (): void => {
    setSearch(Object.fromEntries(addressNames.map((name) => [name, null])));
  };
  return (
    <>
      <div className={classes["news"]} role="status">
        <AgeNote updatedAt={list.dataUpdatedAt} isStale={list.isError} />
        {underWay === 0 ? null : <span className="dim">{formatCount(underWay, "call")} under way</span>}
        {search.isSearching ? <Searching {...search} /> : null}
        {news.hasNew ? (
          <Button
            leftSection={<IconRefresh size={14} />}
            onClick={() => {
              onRenew();
              void list.refetch();
            }}
          >
            Show new calls
          </Button>
        ) : null}
      </div>
      {list.isPending || (search.isSearching && rows.length === 0) ? (
        <LoadingState rows={8} rowHeight={40} label={search.isSearching ? "Searching the calls" : "Loading calls"} />
      ) : null}
      {list.data === undefined && list.error !== null ? (
        <ErrorState title="Could not load the evidence" error={list.error} onRetry={() => void list.refetch()} />
      ) : null}
      {list.data !== undefined && rows.length === 0 && !list.hasNextPage ? (
        <EmptyState
          icon={IconListSearch}
          title={isFiltered ? "Nothing matches" : "No call has left yet"}
          text={
            isFiltered
              ? "No call fits these filters. Old ones may have been removed after the time set in Settings."
              : "Each call to the outside gets a record: who wanted it, every step of its way, where it went and what came back."
          }
          action={isFiltered ? <Button onClick={clear}>Clear the filters</Button> : undefined}
        />
      ) : null}
      {rows.length === 0 ? null : (
        <EvidenceTable
          rows={rows}
          onOpen={(id) => {
            setSearch({ call: id }, { push: true });
          }}
        />
      )}
      {list.hasNextPage && rows.length === 0 && !search.isSearching ? (
        <Notice tone="info">
          Nothing among the newest {formatCount(search.rows, "row")}
          {search.to === null ? null : (
            <>
              , back to <Time iso={search.to} />
            </>
          )}
          .
        </Notice>
      ) : null}
      {list.hasNextPage && !search.isSearching ? (
        <div className={classes["more"]}>
          <Button onClick={search.goOn} loading={list.isFetchingNextPage}>
            {rows.length === 0 ? "Search further" : "Show older"}
          </Button>
        </div>
      ) : null}
    </>
  );
}
