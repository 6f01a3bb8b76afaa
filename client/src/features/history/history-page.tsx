import { Button, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconHistory, IconX } from "../../ui/icons.gen.ts";

import type { HistoryEntry } from "../../../../contract/features/history.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useSearchState, type SearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { EntryDetails } from "./entry-details.tsx";
import { EntryTable } from "./entry-table.tsx";
import { historyFeatures, outcomes } from "./history-filters.ts";
import { useKnownSubjects } from "./use-known-subjects.ts";
import classes from "./history-page.module.css";

const pageSize = 50;

function useHistory(search: SearchState) {
  const query = {
    limit: pageSize,
    ...(search["feature"] === undefined ? {} : { feature: search["feature"] }),
    ...(outcomes.some((outcome) => outcome.value === search["outcome"])
      ? { outcome: search["outcome"] as HistoryEntry["outcome"] }
      : {}),
    ...(search["subject"] === undefined ? {} : { subject: search["subject"] }),
    ...(search["text"] === undefined ? {} : { text: search["text"] }),
  };
  return useInfiniteQuery({
    queryKey: callKey("history.list", query),
    queryFn: ({ pageParam, signal }) =>
      call("history.list", { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    meta: { isKept: Object.keys(query).length === 1 },
  });
}

/** Every action a person took here and what became of it, refused ones included. */
export function HistoryPage() {
  const [search, setSearch] = useSearchState();
  const history = useHistory(search);
  const entries = history.data?.pages.flatMap((page) => page.items) ?? [];
  const known = useKnownSubjects();
  const subject = search["subject"];
  const isFiltered = ["feature", "outcome", "subject", "text"].some((name) => search[name] !== undefined);
  const clear = (): void => {
    setSearch({ feature: null, outcome: null, subject: null, text: null });
  };
  return (
    <Page
      title="History"
      description="Everything done through this panel, from any device, and its outcome."
      aside={<AgeNote updatedAt={history.dataUpdatedAt} isStale={history.isError} />}
    >
      <Filters
        search={search}
        subject={subject === undefined ? null : subjectOf(entries, subject)}
        onChange={setSearch}
        {...(isFiltered ? { onClear: clear } : {})}
      />
      {history.isPending ? <LoadingState rows={8} rowHeight={40} label="Loading the history" /> : null}
      {history.data === undefined && history.error !== null ? (
        <ErrorState title="Could not load the history" error={history.error} onRetry={() => void history.refetch()} />
      ) : null}
      {history.data !== undefined && entries.length === 0 ? <Nothing isFiltered={isFiltered} onClear={clear} /> : null}
      {entries.length === 0 ? null : (
        <EntryTable
          entries={entries}
          known={known}
          onOpen={(entry) => {
            setSearch({ entry: entry.id }, { push: true });
          }}
        />
      )}
      {history.hasNextPage ? (
        <div className={classes["more"]}>
          <Button onClick={() => void history.fetchNextPage()} loading={history.isFetchingNextPage}>
            Show older
          </Button>
        </div>
      ) : null}
      <EntryDetails
        entry={entries.find((entry) => entry.id === search["entry"]) ?? null}
        known={known}
        onFilter={(id) => {
          setSearch({ entry: null, subject: id, text: null }, { push: true });
        }}
        onClose={() => {
          setSearch({ entry: null });
        }}
      />
    </Page>
  );
}

/** The newest name the rows give the subject, else its id. */
function subjectOf(entries: readonly HistoryEntry[], subject: string): string {
  return entries.find((entry) => entry.subject === subject && entry.subjectName !== null)?.subjectName ?? subject;
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  return isFiltered ? (
    <EmptyState
      icon={IconHistory}
      title="Nothing matches"
      text="No action fits these filters. Older ones may have been cleared after the time set in Settings."
      action={<Button onClick={onClear}>Clear the filters</Button>}
    />
  ) : (
    <EmptyState
      icon={IconHistory}
      title="Nothing done yet"
      text="Start an app, open a terminal, change a setting: each action appears here with who did it and how it ended."
    />
  );
}

interface FiltersProps {
  search: SearchState;
  /** Name of the one thing whose actions are shown. */
  subject: string | null;
  onChange: (patch: Record<string, string | null>) => void;
  onClear?: () => void;
}

function Filters({ search, subject, onChange, onClear }: FiltersProps) {
  return (
    <Toolbar label="Filters">
      <SearchField
        className={classes["search"]}
        label="Search the history"
        placeholder="Search actions, subjects, people"
        value={search["text"]}
        onChange={(text) => {
          onChange({ text });
        }}
      />
      <Select
        className={classes["select"] ?? ""}
        aria-label="Part of the panel"
        placeholder="All parts"
        clearable
        data={historyFeatures}
        value={search["feature"] ?? null}
        onChange={(feature) => {
          onChange({ feature });
        }}
      />
      <Select
        className={classes["select"] ?? ""}
        aria-label="Outcome"
        placeholder="Any outcome"
        clearable
        data={[...outcomes]}
        value={search["outcome"] ?? null}
        onChange={(outcome) => {
          onChange({ outcome });
        }}
      />
      {subject === null ? null : (
        <Button
          rightSection={<IconX size={14} />}
          aria-label={`Show more than what was done to ${subject}`}
          title="Show everything again"
          className={classes["only"] ?? ""}
          onClick={() => {
            onChange({ subject: null });
          }}
        >
          {`Only ${subject}`}
        </Button>
      )}
      {onClear === undefined ? null : (
        <Button variant="subtle" color="gray" leftSection={<IconX size={14} />} onClick={onClear}>
          Clear
        </Button>
      )}
    </Toolbar>
  );
}
