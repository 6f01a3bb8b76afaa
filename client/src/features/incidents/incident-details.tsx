import { useQuery } from "@tanstack/react-query";

import type { CodeChanges, IncidentDetail } from "../../../../contract/internal/autofixer.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { changesText, endSentence, incidentStatus } from "./incident-words.ts";
import classes from "./incidents.module.css";
import { MakeTask } from "./make-task.tsx";
import { RepairPanel } from "./repair-panel.tsx";

/** Everything known about one incident: how it ended, what changed, what was tried, what it wrote last. */
export function IncidentDetails({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("incidents.get", { params: { id } }));
  return (
    <SideSheet title={data?.process.name ?? "Incident"} isOpen onClose={onClose} width={760}>
      {isPending ? <LoadingState rows={6} rowHeight={28} label="Loading the incident" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the incident" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data === undefined ? null : <Body incident={data} />}
    </SideSheet>
  );
}

function Body({ incident }: { incident: IncidentDetail }) {
  const { status, exit, reason, attempts, changes, lines } = incident;
  const end = endSentence(incident);
  return (
    <div className={classes["details"]}>
      <div>
        <StatusBadge status={incidentStatus[status]} />
        <p>
          {end === null ? null : `${end} `}
          {reason}
        </p>
        <p>Last crash: {formatAbsolute(exit.at)}</p>
      </div>
      <div>
        <MakeTask incidentId={incident.id} />
      </div>
      <RepairPanel incidentId={incident.id} name={incident.process.name} />
      <section aria-label="Changes">
        <h3>What changed</h3>
        <p>{changesText(changes)}</p>
        {changes === null || changes.commits.length === 0 ? null : (
          <ul className={`${classes["list"] ?? ""} mono`} aria-label="Commits">
            {changes.commits.map((commit) => (
              <li key={commit}>{commit}</li>
            ))}
          </ul>
        )}
        {changes === null ? null : <Files files={changes.files} />}
      </section>
      {attempts.length === 0 ? null : (
        <section aria-label="Restarts">
          <h3>Restarts by the autofixer</h3>
          <ol className={classes["list"]}>
            {attempts.map(({ at, problem }) => (
              <li key={at}>
                {formatAbsolute(at)}
                {problem === null ? null : `: ${problem}`}
              </li>
            ))}
          </ol>
        </section>
      )}
      <section aria-label="Output">
        <h3>Last lines</h3>
        <pre className={classes["lines"]} tabIndex={0} aria-label="Last lines it wrote" ref={scrollToEnd}>
          {lines.length === 0 ? "It wrote nothing." : lines.join("\n")}
        </pre>
      </section>
    </div>
  );
}

/** Files that may have broken it; those that were only left uncommitted are folded away. */
function Files({ files }: { files: CodeChanges["files"] }) {
  const edited = files.filter(({ isEditedSince }) => isEditedSince);
  const others = files.filter(({ isEditedSince }) => !isEditedSince);
  return (
    <>
      {edited.length === 0 ? null : <Paths label="Files edited since" files={edited} />}
      {others.length === 0 ? null : (
        <details>
          <summary>{formatCount(others.length, "older file")} not committed</summary>
          <Paths label="Older files that are not committed" files={others} />
        </details>
      )}
    </>
  );
}

function Paths({ label, files }: { label: string; files: CodeChanges["files"] }) {
  return (
    <ul className={`${classes["list"] ?? ""} mono`} aria-label={label}>
      {files.map(({ path }) => (
        <li key={path}>{path}</li>
      ))}
    </ul>
  );
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight;
}
