import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { runStatus } from "../../ui/status.ts";
import { IconColumns3, IconHandStop } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./compare-page.module.css";
import { RunFigures } from "./run-facts.tsx";
import { RunTranscript } from "./run-transcript.tsx";
import { columnName as nameOf } from "./run-words.ts";
import { useRunList } from "./use-run-list.ts";

const parents = [{ label: "Agents", to: "/agents" }];
const most = 8;

/** Runs that were given the same prompt, side by side; on a phone one per screen. `?group=` names them. */
export function ComparePage() {
  const [search] = useSearchState();
  const group = search["group"] ?? "";
  const list = useRunList({ state: "", provider: "", app: "", group, text: "" });
  const runs = (list.data?.pages ?? [])
    .flatMap(({ items }) => items)
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .slice(0, most);
  return (
    <Page
      title={runs[0] === undefined ? "Compare" : `Compare: ${runs[0].title}`}
      parents={parents}
      layout="full"
      isTitleShown
    >
      {list.isPending ? (
        <div className={classes["state"]}>
          <LoadingState rows={6} label="Loading the runs" />
        </div>
      ) : null}
      {list.data === undefined && list.error !== null ? (
        <ErrorState title="Could not load the runs" error={list.error} onRetry={() => void list.refetch()} />
      ) : null}
      {list.data !== undefined && (group === "" || runs.length === 0) ? (
        <div className={classes["state"]}>
          <EmptyState
            icon={IconColumns3}
            title="There is nothing to compare"
            text="Choose several providers for a new run: the same prompt is given to all of them."
            action={
              <ActionLink to="/agents" search={{ tab: "runs", new: "1" }} variant="filled">
                New run
              </ActionLink>
            }
          />
        </div>
      ) : null}
      {group === "" || runs.length === 0 ? null : <Columns runs={runs} />}
    </Page>
  );
}

function Columns({ runs }: { runs: readonly Run[] }) {
  const [search, setSearch] = useSearchState();
  const strip = useRef<HTMLDivElement>(null);
  const wanted = Math.max(
    0,
    runs.findIndex(({ id }) => id === search["run"]),
  );
  const shown = useRef(-1);
  useEffect(() => {
    const element = strip.current;
    if (!element || shown.current === wanted) return;
    shown.current = wanted;
    element.scrollTo({ left: wanted * element.clientWidth });
  }, [wanted]);
  return (
    <div className={classes["compare"]}>
      <nav className={`${classes["tabs"] ?? ""} phone-only`} aria-label="Runs">
        {runs.map((run, index) => (
          <button
            key={run.id}
            type="button"
            aria-current={index === wanted ? "true" : undefined}
            onClick={() => {
              setSearch({ run: run.id });
            }}
          >
            <span className="truncate">{nameOf(run, index)}</span>
            {run.pending.length > 0 ? <IconHandStop size={14} aria-label="waiting for you" /> : null}
          </button>
        ))}
      </nav>
      <div
        ref={strip}
        className={classes["columns"]}
        onScroll={({ currentTarget: element }) => {
          const at = Math.round(element.scrollLeft / Math.max(1, element.clientWidth));
          const run = runs[at];
          if (!matchMedia("(max-width: 47.99em)").matches || run === undefined || at === shown.current) return;
          shown.current = at;
          setSearch({ run: run.id });
        }}
      >
        {runs.map((run, index) => (
          <section key={run.id} className={classes["column"]} aria-label={nameOf(run, index)}>
            <header className={classes["head"]}>
              <Link to="/agents/$runId" params={{ runId: run.id }} className={classes["name"]}>
                {nameOf(run, index)}
              </Link>
              <StatusBadge status={runStatus(run.state)} isCompact />
              <span className={classes["figures"]}>
                <RunFigures run={run} />
              </span>
              {run.pending.length === 0 ? null : (
                <ActionLink to="/agents/$runId" params={{ runId: run.id }} variant="filled">
                  Answer its question
                </ActionLink>
              )}
            </header>
            <RunTranscript key={run.id} id={run.id} folder={run.folder} label={`Transcript of ${nameOf(run, index)}`} />
          </section>
        ))}
      </div>
    </div>
  );
}
