import { Link } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { IconHandStop } from "../../ui/icons.gen.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { runStatus } from "../../ui/status.ts";
import { Time } from "../../ui/time.tsx";
import classes from "./compare-page.module.css";
import { columnHints, columnNames } from "./compared-runs.ts";
import { RunFigures } from "./run-facts.tsx";
import { RunTranscript } from "./run-transcript.tsx";

/** The columns of a comparison; on a phone one fills the screen and `?run=` says which. `children` stand above them. */
export function CompareColumns({ runs, children }: { runs: readonly Run[]; children?: ReactNode }) {
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
  const names = columnNames(runs);
  const hints = columnHints(runs);
  const show = (index: number): void => {
    setSearch({ run: runs[index]?.id ?? null });
  };
  return (
    <div className={classes["compare"]}>
      {children}
      <nav className={`${classes["tabs"] ?? ""} phone-only`} aria-label="Runs">
        {runs.map((run, index) => (
          <button
            key={run.id}
            type="button"
            aria-current={index === wanted ? "true" : undefined}
            onClick={() => {
              show(index);
            }}
          >
            <span className="truncate">{names[index]}</span>
            {run.pending.length > 0 ? <IconHandStop size={14} aria-label="waiting for you" /> : null}
          </button>
        ))}
      </nav>
      <div
        ref={strip}
        className={classes["columns"]}
        onScroll={({ currentTarget: element }) => {
          const at = Math.round(element.scrollLeft / Math.max(1, element.clientWidth));
          const isPhone = matchMedia("(max-width: 47.99em)").matches;
          if (!isPhone || runs[at] === undefined || at === shown.current) return;
          shown.current = at;
          show(at);
        }}
      >
        {runs.map((run, index) => (
          <Column key={run.id} run={run} name={names[index] ?? run.title} hint={hints[index] ?? ""} />
        ))}
      </div>
    </div>
  );
}

function Column({ run, name, hint }: { run: Run; name: string; hint: string }) {
  const toRun = { to: "/agents/$runId", params: { runId: run.id } } as const;
  return (
    <section className={classes["column"]} aria-label={name}>
      <header className={classes["head"]}>
        <Link {...toRun} className={classes["name"]} title={name}>
          {name}
        </Link>
        <StatusBadge status={runStatus(run.state)} isCompact />
        <span className={classes["figures"]}>
          {hint === "" ? null : <span className={classes["hint"]}>{hint}</span>}
          <span>
            <Time iso={run.createdAt} />
          </span>
          <RunFigures run={run} />
        </span>
        {run.pending.length === 0 ? null : (
          <ActionLink {...toRun} variant="filled">
            Answer its question
          </ActionLink>
        )}
      </header>
      <RunTranscript id={run.id} folder={run.folder} label={`Transcript of ${name}`} />
    </section>
  );
}
