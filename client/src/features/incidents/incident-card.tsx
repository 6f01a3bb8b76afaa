import { Button } from "@mantine/core";
import { IconFileSearch, IconSparkles } from "../../ui/icons.gen.ts";

import type { Incident } from "../../../../contract/internal/autofixer.ts";
import { formatCount } from "../../lib/format.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { IncidentActions } from "./incident-actions.tsx";
import { changesText, exitText, incidentStatus } from "./incident-words.ts";
import classes from "./incidents.module.css";
import { repairStatus } from "./repair-words.ts";
import { useRepairsOf } from "./use-repairs.ts";

/** One crash that is not settled, with what the autofixer does about it. */
export function IncidentCard({ incident, onOpen }: { incident: Incident; onOpen: () => void }) {
  const { process, status, exit, crashes, reason, nextAttemptAt, changes } = incident;
  const [repair] = useRepairsOf(incident.id);
  return (
    <article className={classes["card"]} data-status={status} aria-label={`Incident of ${process.name}`}>
      <div className={classes["head"]}>
        <span className={classes["name"]}>{process.name}</span>
        <StatusBadge status={incidentStatus[status]} />
      </div>
      <p className={classes["facts"]}>
        {exitText(exit)} · {formatCount(crashes, "crash", "crashes")} · last <Time iso={exit.at} />
      </p>
      <p className={classes["reason"]}>
        {reason}
        {nextAttemptAt === null ? null : (
          <>
            {" "}
            Due <Time iso={nextAttemptAt} />
          </>
        )}
      </p>
      {changes?.ranWell == null ? null : <p className={classes["facts"]}>{changesText(changes)}</p>}
      {repair === undefined ? null : (
        <p className={classes["repair"]}>
          <StatusBadge status={repairStatus[repair.state]} isCompact /> Repair: {repair.reason}
        </p>
      )}
      <div className={classes["actions"]}>
        <IncidentActions incident={incident} />
        {repair === undefined ? (
          <Button
            leftSection={<IconSparkles size={14} />}
            aria-label={`Ask an agent about the crash of ${process.name}`}
            onClick={onOpen}
          >
            Ask an agent
          </Button>
        ) : null}
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconFileSearch size={14} />}
          aria-label={`Details of the crash of ${process.name}`}
          onClick={onOpen}
        >
          Details
        </Button>
      </div>
    </article>
  );
}
