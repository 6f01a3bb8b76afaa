import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDownload, IconPlayerStop, IconRefresh } from "../../ui/icons.gen.ts";

import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import { call, url } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatDuration } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { eventInWords } from "./automation-words.ts";
import { canRunAgain, runAgain } from "./automation-calls.ts";
import classes from "./automations.module.css";
import { StartingEvent } from "./starting-event.tsx";
import { RunOutput } from "./run-output.tsx";
import { StepList } from "./step-list.tsx";
import { occurrenceStatus } from "./step-words.ts";

/** One run over the page: facts, live output, cancel. */
export function OccurrenceSheet({ id, onClose }: { id: string | null; onClose: () => void }) {
  return (
    <SideSheet title="Run" isOpen={id !== null} onClose={onClose} width={640}>
      {id === null ? null : <Details key={id} id={id} />}
    </SideSheet>
  );
}

function Details({ id }: { id: string }) {
  const client = useQueryClient();
  const input = { params: { id } };
  const { data: row, error, refetch } = useQuery(callQuery("automations.occurrence", input));
  useFeed("automations", {
    onSnapshot: () => {
      void refetch();
    },
    onEvent: (event) => {
      if (event.kind === "occurrence" && event.occurrence.id === id)
        client.setQueryData(callKey("automations.occurrence", input), event.occurrence);
    },
  });
  if (row === undefined)
    return error === null ? (
      <LoadingState rows={4} label="Loading the run" />
    ) : (
      <ErrorState title="Could not load the run" error={error} onRetry={() => void refetch()} isCompact />
    );
  const isOpen = row.state === "running" || row.state === "queued";
  const hasOutput = isOpen || row.outputBytes > 0;
  return (
    <>
      <Facts row={row} />
      {row.eventId === undefined ? null : <StartingEvent id={row.eventId} causes={row.causes ?? []} />}
      {row.action === "run" && row.startedAt !== null ? (
        <ActionLink to="/agents/$runId" params={{ runId: runIdOf(row) }}>
          Open the run
        </ActionLink>
      ) : null}
      {isOpen ? (
        <Button
          leftSection={<IconPlayerStop size={14} />}
          onClick={() => void withErrorToast("Could not cancel the run", () => call("automations.cancel", input))}
        >
          Cancel the run
        </Button>
      ) : null}
      {canRunAgain(row) ? <RunAgain row={row} /> : null}
      {row.action === "connector" ? <StepList row={row} /> : <Output id={id} hasOutput={hasOutput} isOpen={isOpen} />}
    </>
  );
}

function RunAgain({ row }: { row: Occurrence }) {
  const [, setSearch] = useSearchState();
  const what = row.eventId === undefined ? "message" : "event";
  const show = (run: string): void => {
    setSearch({ run }, { push: true });
  };
  return (
    <Button leftSection={<IconRefresh size={14} />} onClick={() => void runAgain(row, show)}>
      {row.count === 1 ? `Run again with this ${what}` : `Run again with the first of these ${what}s`}
    </Button>
  );
}

function Output({ id, hasOutput, isOpen }: { id: string; hasOutput: boolean; isOpen: boolean }) {
  return (
    <>
      <div className={classes["outputHead"]}>
        <h3>Output</h3>
        {hasOutput ? (
          <Button
            component="a"
            href={url("automations.downloadOutput", { params: { id } })}
            leftSection={<IconDownload size={14} />}
            variant="subtle"
          >
            Download
          </Button>
        ) : null}
      </div>
      {hasOutput ? <RunOutput id={id} isOpen={isOpen} /> : <p className="dim">It printed nothing.</p>}
    </>
  );
}

/** The run of an occurrence has its name. */
function runIdOf({ id }: Occurrence): string {
  return id.replace(/^oc-/, "run-");
}

function startedBy({ trigger, who }: Occurrence): string {
  if (trigger === "schedule") return "schedule";
  return trigger === "event" ? `the event: ${eventInWords(who) ?? who ?? ""}` : (who ?? "hand");
}

function Facts({ row }: { row: Occurrence }) {
  const facts: [string, string | null][] = [
    ["Due", formatAbsolute(row.due)],
    ["Until", row.dueUntil === null ? null : formatAbsolute(row.dueUntil)],
    ["Due times", row.count === 1 ? null : (row.count?.toLocaleString("en") ?? "very many")],
    ["Started", row.startedAt === null ? null : formatAbsolute(row.startedAt)],
    ["Late by", row.lateMs === null ? null : formatDuration(row.lateMs)],
    ["Ended", row.endedAt === null ? null : formatAbsolute(row.endedAt)],
    ["Took", row.durationMs === null ? null : formatDuration(row.durationMs)],
    ["Exit code", row.exitCode === null ? null : String(row.exitCode)],
    ["HTTP status", row.httpStatus === null ? null : String(row.httpStatus)],
    ["Started by", startedBy(row)],
    ["Reason", row.reason],
  ];
  return (
    <dl className={classes["facts"]}>
      <div>
        <dt>Outcome</dt>
        <dd>
          <StatusBadge status={occurrenceStatus(row)} isCompact />
        </dd>
      </div>
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
