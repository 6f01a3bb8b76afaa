import { Button, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { useSearchState, type SearchState } from "../../lib/search-state.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconHistory } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import classes from "./approvals.module.css";
import { SettledTable } from "./settled-table.tsx";

const states = [
  { value: "allowed", label: "Allowed" },
  { value: "denied", label: "Denied" },
  { value: "expired", label: "Not answered" },
  { value: "withdrawn", label: "Withdrawn" },
] as const;

function useHistory(search: SearchState) {
  const state = states.find(({ value }) => value === search["outcome"])?.value;
  const query = {
    limit: 50,
    ...(state === undefined ? {} : { state }),
    ...(search["app"] === undefined ? {} : { app: search["app"] }),
    ...(search["rule"] === undefined ? {} : { rule: search["rule"] }),
    ...(search["text"] === undefined ? {} : { text: search["text"] }),
  };
  return useInfiniteQuery({
    queryKey: callKey("approvals.history", query),
    queryFn: ({ pageParam, signal }) =>
      call(
        "approvals.history",
        { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

const filters = ["outcome", "app", "rule", "text"] as const;

/** Every settled question, newest first, with filters kept in the address. */
export function ApprovalHistory() {
  const [search, setSearch] = useSearchState();
  const history = useHistory(search);
  const items = history.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = filters.some((name) => search[name] !== undefined);
  const clear = (): void => {
    setSearch(Object.fromEntries(filters.map((name) => [name, null])));
  };
  return (
    <>
      {history.data !== undefined && items.length === 0 && !isFiltered ? null : (
        <Filters search={search} onChange={setSearch} onClear={isFiltered ? clear : null} />
      )}
      {history.isPending ? <LoadingState rows={6} rowHeight={40} label="Loading the history" /> : null}
      {history.data === undefined && history.error !== null ? (
        <ErrorState title="Could not load the history" error={history.error} onRetry={() => void history.refetch()} />
      ) : null}
      {history.data !== undefined && items.length === 0 ? (
        <EmptyState
          icon={IconHistory}
          title={isFiltered ? "Nothing matches" : "Nothing was asked yet"}
          text={
            isFiltered
              ? "No question fits these filters."
              : "Each question of an agent, and of calls to the outside, is kept here with who answered it, on which device, and how far the answer reached."
          }
          {...(isFiltered ? { action: <Button onClick={clear}>Clear the filters</Button> } : {})}
        />
      ) : null}
      {items.length === 0 ? null : <SettledTable approvals={items} />}
      {history.hasNextPage ? (
        <div className={classes["all"]}>
          <Button onClick={() => void history.fetchNextPage()} loading={history.isFetchingNextPage}>
            Show older
          </Button>
        </div>
      ) : null}
    </>
  );
}

interface FiltersProps {
  search: SearchState;
  onChange: (patch: Record<string, string | null>) => void;
  onClear: (() => void) | null;
}

function Filters({ search, onChange, onClear }: FiltersProps) {
  const apps = useLiveApps().data ?? [];
  return (
    <Toolbar label="Filters">
      <SearchField
        label="Search the questions"
        placeholder="Search questions, runs, people"
        value={search["text"]}
        onChange={(text) => {
          onChange({ text });
        }}
      />
      <Select
        aria-label="Outcome"
        placeholder="Any outcome"
        clearable
        data={[...states]}
        value={search["outcome"] ?? null}
        onChange={(outcome) => {
          onChange({ outcome });
        }}
      />
      {apps.length === 0 ? null : (
        <Select
          aria-label="App"
          placeholder="All apps"
          clearable
          data={apps.map(({ id, name }) => ({ value: id, label: name }))}
          value={search["app"] ?? null}
          onChange={(app) => {
            onChange({ app });
          }}
        />
      )}
      {onClear === null ? null : (
        <Button variant="subtle" color="gray" onClick={onClear}>
          Clear
        </Button>
      )}
    </Toolbar>
  );
}
