import { Button } from "@mantine/core";
import { useCallback, useMemo } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { useLiveProviders } from "../../lib/live-queries.ts";
import { formatClock } from "../../lib/time.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { ApprovalsLink } from "../../ui/approvals-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconColumns3, IconPlus, IconRobot } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { CompareBar } from "./compare-bar.tsx";
import { chosenIds, chosenText, isRunId, mostChosen, toggleChosen } from "./compared-runs.ts";
import { Composer, NoProvider } from "./composer.tsx";
import { RunFilters } from "./run-filters.tsx";
import type { RunFilter } from "./run-list.ts";
import { RunTable, type RunChoice } from "./run-table.tsx";
import { useRunList } from "./use-run-list.ts";
import classes from "./agents-page.module.css";

/** Work given to agents: what runs, what waits for you, what was done. `?new=1` writes a new run, `&app=` in an app; `?compare=` chooses runs to be compared. */
export function AgentsPage({ tabs }: { tabs: readonly PageTab[] }) {
  const [search, setSearch] = useSearchState();
  const isNew = search["new"] !== undefined;
  const filter: RunFilter = {
    state: search["state"] ?? "",
    provider: search["provider"] ?? "",
    app: isNew ? "" : (search["app"] ?? ""),
    group: search["group"] ?? "",
    text: search["text"] ?? "",
  };
  const list = useRunList(filter);
  const choosing = useRunChoice();
  const write = (): void => {
    setSearch({ new: "1" }, { push: true });
  };
  const newest = list.data?.pages[0];
  return (
    <Page
      title="Agents"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={list.dataUpdatedAt} isStale={list.error !== null} />}
      actions={
        <>
          <ApprovalsLink />
          {choosing.choice === null && runsOf(list).length > 1 ? (
            <Button
              leftSection={<IconColumns3 size={14} />}
              onClick={() => {
                choosing.choose();
              }}
            >
              Compare
            </Button>
          ) : null}
          <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={write}>
            New run
          </Button>
        </>
      }
    >
      {newest !== undefined && !newest.isUp ? (
        <div className={classes["note"]}>
          <Notice tone="warn">
            portos-cos does not answer, so nothing can be started.{" "}
            {newest.asOf === null ? "" : `What you see is as of ${formatClock(newest.asOf)}.`} Restart it on the System
            page.
          </Notice>
        </div>
      ) : null}
      {list.isPending ? <LoadingState rows={6} rowHeight={56} label="Loading the runs" /> : null}
      {list.data === undefined && list.error !== null ? (
        <ErrorState title="Could not load the runs" error={list.error} onRetry={() => void list.refetch()} />
      ) : null}
      {list.data === undefined ? null : <Runs list={list} filter={filter} choosing={choosing} onNew={write} />}
      <Composer
        isOpen={isNew}
        appId={search["app"] ?? null}
        onClose={() => {
          setSearch({ new: null, app: null });
        }}
      />
    </Page>
  );
}

interface RunsProps {
  list: ReturnType<typeof useRunList>;
  filter: RunFilter;
  choosing: ReturnType<typeof useRunChoice>;
  onNew: () => void;
}

function runsOf({ data }: ReturnType<typeof useRunList>): Run[] {
  return (data?.pages ?? []).flatMap(({ items }) => items);
}

function Runs({ list, filter, choosing, onNew }: RunsProps) {
  const runs = runsOf(list);
  const { choice, choose, cancel } = choosing;
  const isFiltered = Object.values(filter).some((value) => value !== "");
  if (runs.length === 0 && !isFiltered) return <Nothing onNew={onNew} />;
  return (
    <>
      <RunFilters filter={filter} />
      {runs.length === 0 ? (
        <EmptyState icon={IconRobot} title="No run matches" text="Loosen the filters above to see more." isCompact />
      ) : (
        <RunTable runs={runs} choice={choice} onCompare={choose} />
      )}
      {list.hasNextPage ? (
        <div className={classes["more"]}>
          <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {list.isFetchingNextPage ? "Loading…" : "Show older runs"}
          </Button>
        </div>
      ) : null}
      {choice === null ? null : <CompareBar ids={choice.ids} onCancel={cancel} />}
    </>
  );
}

/** Runs chosen to be compared, kept in the address; `null` while none are being chosen. */
function useRunChoice() {
  const [search, setSearch] = useSearchState();
  const text = search["compare"];
  const choice = useMemo((): RunChoice | null => {
    if (text === undefined) return null;
    const ids = chosenIds(text).filter(isRunId).slice(0, mostChosen);
    return {
      ids,
      isFull: ids.length >= mostChosen,
      toggle: (id) => {
        setSearch({ compare: chosenText(toggleChosen(ids, id)) });
      },
    };
  }, [text, setSearch]);
  const choose = useCallback(
    (...ids: string[]): void => {
      setSearch({ tab: "runs", compare: chosenText(ids) }, { push: true });
    },
    [setSearch],
  );
  const cancel = (): void => {
    setSearch({ compare: null });
  };
  return { choice, choose, cancel };
}

function Nothing({ onNew }: { onNew: () => void }) {
  const { data } = useLiveProviders();
  if (data !== undefined && !data.providers.some(({ isEnabled }) => isEnabled))
    return <NoProvider hasSome={data.providers.length > 0} />;
  return (
    <EmptyState
      icon={IconRobot}
      title="No work given yet"
      text="Say what is to be done, choose who is asked, and walk away: it runs on without this page and asks you before it changes anything."
      action={
        <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={onNew}>
          New run
        </Button>
      }
    />
  );
}
