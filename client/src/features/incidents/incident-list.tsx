import { Button } from "@mantine/core";
import { IconAlertTriangle, IconHeartbeat } from "../../ui/icons.gen.ts";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import type { IncidentsView } from "../../../../contract/features/incidents.ts";
import type { Incident } from "../../../../contract/internal/autofixer.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { IncidentCard } from "./incident-card.tsx";
import { IncidentDetails } from "./incident-details.tsx";
import { exitText, incidentStatus } from "./incident-words.ts";
import classes from "./incidents.module.css";
import { RepairSettingsSection } from "./repair-settings.tsx";
import { useIncidentPages, useUnsettledIncidents, type IncidentScope } from "./use-incidents.ts";

interface IncidentListProps {
  /** Only those of this process ("blog/web"). */
  processName?: string;
  /** Only those of this app. */
  appId?: string;
}

/** Crashes: those that are not settled as cards, the settled ones below. One opens with `?incident=`. */
export function IncidentList({ processName, appId }: IncidentListProps) {
  const scope: IncidentScope = {
    ...(processName === undefined ? {} : { process: processName }),
    ...(appId === undefined ? {} : { appId }),
  };
  const [search, setSearch] = useSearchState();
  const live = useUnsettledIncidents();
  const pages = useIncidentPages(scope);
  const open = (id: string): void => {
    setSearch({ incident: id }, { push: true });
  };
  const active = (live.data?.active ?? []).filter((incident) => isInScope(incident, scope));
  const settled = pages.data?.pages.flatMap((page) => page.items).filter(({ closedAt }) => closedAt !== null) ?? [];
  const isEmpty = pages.data !== undefined && active.length === 0 && settled.length === 0;
  return (
    <>
      {live.data === undefined ? null : <Notes view={live.data} updatedAt={live.dataUpdatedAt} />}
      {live.isPending ? <LoadingState rows={3} rowHeight={72} label="Loading incidents" /> : null}
      {active.length === 0 ? null : (
        <div className={classes["cards"]}>
          {active.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} onOpen={() => open(incident.id)} />
          ))}
        </div>
      )}
      {isEmpty ? (
        <EmptyState
          icon={IconHeartbeat}
          title="No crashes"
          text="When a process ends on its own, it is recorded here with its last lines and what changed in git, and brought back within limits."
        />
      ) : null}
      {pages.data === undefined && pages.error !== null && live.data?.isAutofixerUp !== false ? (
        <ErrorState title="Could not load the incidents" error={pages.error} onRetry={() => void pages.refetch()} />
      ) : null}
      {settled.length === 0 ? null : (
        <>
          {active.length === 0 ? <p className={classes["quiet"]}>Nothing waits for you.</p> : null}
          <Section title="Settled">
            <SettledTable incidents={settled} onOpen={open} />
          </Section>
        </>
      )}
      {pages.hasNextPage ? (
        <div className={classes["more"]}>
          <Button onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
            Show older
          </Button>
        </div>
      ) : null}
      <RepairSettingsSection {...(appId === undefined ? {} : { appId })} />
      {search["incident"] === undefined ? null : (
        <IncidentDetails
          id={search["incident"]}
          onClose={() => {
            setSearch({ incident: null });
          }}
        />
      )}
    </>
  );
}

function isInScope({ process }: Incident, scope: IncidentScope): boolean {
  return (
    (scope.process === undefined || process.key === scope.process) &&
    (scope.appId === undefined || process.appId === scope.appId)
  );
}

function Notes({ view, updatedAt }: { view: IncidentsView; updatedAt: number }) {
  if (view.isAutofixerUp && view.fallen.length === 0) return <AgeNote updatedAt={updatedAt} />;
  return (
    <>
      {view.isAutofixerUp ? null : (
        <Note>
          portos-autofixer does not answer, so crashes are not dealt with now.{" "}
          {view.asOf === null ? null : (
            <>
              What you see is from <Time iso={view.asOf} />.{" "}
            </>
          )}
          <Link to="/system">Restart it</Link>
        </Note>
      )}
      {view.fallen.map((name) => (
        <Note key={name}>
          PM2 has given up on {name}. <Link to="/system">Restart it</Link>
        </Note>
      ))}
    </>
  );
}

function Note({ children }: { children: ReactNode }) {
  return (
    <div className={classes["note"]} role="status">
      <IconAlertTriangle size={15} />
      <p>{children}</p>
    </div>
  );
}

function columnsWith(onOpen: (id: string) => void): Column<Incident>[] {
  return [
    {
      id: "process",
      header: "Process",
      isMain: true,
      width: "26%",
      cell: ({ id, process }) => (
        <button type="button" className={classes["open"]} onClick={() => onOpen(id)}>
          {process.name}
        </button>
      ),
    },
    {
      id: "status",
      header: "Status",
      isInline: true,
      width: "130px",
      cell: ({ status }) => <StatusBadge status={incidentStatus[status]} isCompact />,
    },
    { id: "exit", header: "Ended with", isInline: true, width: "150px", cell: ({ exit }) => exitText(exit) },
    { id: "reason", header: "Outcome", isWideOnly: true, cell: ({ reason }) => <span className="dim">{reason}</span> },
    {
      id: "when",
      header: "When",
      isInline: true,
      align: "right",
      width: "110px",
      cell: ({ exit }) => <Time iso={exit.at} />,
    },
  ];
}

function SettledTable({ incidents, onOpen }: { incidents: readonly Incident[]; onOpen: (id: string) => void }) {
  const columns = useMemo(() => columnsWith(onOpen), [onOpen]);
  return (
    <DataTable
      label="Settled incidents"
      columns={columns}
      rows={incidents}
      rowKey={({ id }) => id}
      onRowClick={({ id }) => {
        onOpen(id);
      }}
    />
  );
}
