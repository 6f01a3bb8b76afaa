import type { ReactNode } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { ApiError } from "../../lib/api-error.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconColumns3 } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { CompareColumns } from "./compare-columns.tsx";
import classes from "./compare-page.module.css";
import { chosenIds, chosenText, comparisonTitle, isRunId, mostChosen } from "./compared-runs.ts";
import { useLiveRuns } from "./use-live-run.ts";
import { useRunList } from "./use-run-list.ts";

const parents = [{ label: "Agents", to: "/agents" }];
const mostInGroup = 8;

/** Runs side by side; on a phone one per screen. `?group=` names those that were given the same prompt at once, `?runs=a,b` any two to four. */
export function ComparePage() {
  const [search] = useSearchState();
  const { runs, group = "" } = search;
  if (runs !== undefined) return <ChosenRuns ids={chosenIds(runs)} />;
  return group === "" ? <TooFew ids={[]} /> : <GroupOfRuns group={group} />;
}

function Frame({ runs = [], children }: { runs?: readonly Run[]; children: ReactNode }) {
  return (
    <Page title={comparisonTitle(runs)} parents={parents} layout="full" isTitleShown>
      {children}
    </Page>
  );
}

/** Instead of columns. */
function State({ runs, children }: { runs?: readonly Run[]; children: ReactNode }) {
  return (
    <Frame {...(runs === undefined ? {} : { runs })}>
      <div className={classes["state"]}>{children}</div>
    </Frame>
  );
}

function GroupOfRuns({ group }: { group: string }) {
  const list = useRunList({ state: "", provider: "", app: "", group, text: "" });
  const runs = (list.data?.pages ?? [])
    .flatMap(({ items }) => items)
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .slice(0, mostInGroup);
  if (runs.length > 0)
    return (
      <Frame runs={runs}>
        <CompareColumns runs={runs} />
      </Frame>
    );
  if (list.isPending) return <Loading />;
  if (list.data !== undefined) return <Gone ids={[]} runs={[]} />;
  return (
    <State>
      <ErrorState title="Could not load the runs" error={list.error} onRetry={() => void list.refetch()} />
    </State>
  );
}

function ChosenRuns({ ids }: { ids: readonly string[] }) {
  if (ids.length < 2) return <TooFew ids={ids} />;
  if (ids.length > mostChosen) return <TooMany ids={ids} />;
  return <FoundRuns key={chosenText(ids)} ids={ids} />;
}

function FoundRuns({ ids }: { ids: readonly string[] }) {
  const known = ids.filter(isRunId);
  const queries = useLiveRuns(known);
  const found = queries.map(({ data, error }) => (isNotFound(error) ? undefined : data));
  const failed = queries.find(({ data, error }) => data === undefined && error !== null && !isNotFound(error));
  const runs = found.filter((run) => run !== undefined);
  if (failed !== undefined)
    return (
      <State>
        <ErrorState
          title="Could not load the runs"
          error={failed.error}
          onRetry={() => {
            for (const { refetch } of queries) void refetch();
          }}
        />
      </State>
    );
  if (queries.some(({ isPending }) => isPending)) return <Loading />;
  const missing = ids.length - runs.length;
  if (runs.length < 2) return <Gone ids={ids} runs={runs} />;
  return (
    <Frame runs={runs}>
      <CompareColumns runs={runs}>
        {missing === 0 ? null : (
          <div className={classes["note"]}>
            <Notice tone="warn">
              {missing === 1
                ? "One run of this comparison does not exist. It may have been deleted."
                : `${String(missing)} runs of this comparison do not exist. They may have been deleted.`}
            </Notice>
          </div>
        )}
      </CompareColumns>
    </Frame>
  );
}

function isNotFound(error: Error | null): boolean {
  return error instanceof ApiError && error.code === "not_found";
}

function Loading() {
  return (
    <State>
      <LoadingState rows={6} label="Loading the runs" />
    </State>
  );
}

/** The list of runs, with these chosen already. */
function ChooseLink({ ids, children }: { ids: readonly string[]; children: ReactNode }) {
  return (
    <ActionLink to="/agents" search={{ tab: "runs", compare: chosenText(ids) }} variant="filled">
      {children}
    </ActionLink>
  );
}

function TooFew({ ids }: { ids: readonly string[] }) {
  return (
    <State>
      <EmptyState
        icon={IconColumns3}
        title={ids.length === 0 ? "There is nothing to compare" : "One run alone cannot be compared"}
        text="Choose two to four runs to see them side by side. Or choose several providers for a new run: the same prompt is given to all of them."
        action={
          <ChooseLink ids={ids.filter(isRunId)}>{ids.length === 0 ? "Choose runs" : "Choose another run"}</ChooseLink>
        }
      />
    </State>
  );
}

function TooMany({ ids }: { ids: readonly string[] }) {
  return (
    <State>
      <EmptyState
        icon={IconColumns3}
        title="These are more runs than fit side by side"
        text={`Two to four can be compared; this address names ${String(ids.length)}.`}
        action={
          <ActionLink to="/agents/compare" search={{ runs: chosenText(ids.slice(0, mostChosen)) }} variant="filled">
            Compare the first four
          </ActionLink>
        }
      />
    </State>
  );
}

function Gone({ ids, runs: [left] }: { ids: readonly string[]; runs: readonly Run[] }) {
  const title = left === undefined ? "There are no such runs" : `Of these runs there is only one: ${left.title}`;
  return (
    <State>
      <EmptyState
        icon={IconColumns3}
        title={title}
        text={
          ids.length === 0 ? "They may have been deleted." : "The others may have been deleted, or the link was cut."
        }
        action={
          <ChooseLink ids={left === undefined ? [] : [left.id]}>
            {left === undefined ? "Choose runs" : "Choose another run"}
          </ChooseLink>
        }
      />
    </State>
  );
}
