import { Link } from "@tanstack/react-router";

import { formatDuration } from "../../lib/format.ts";
import { useLiveMachine } from "../../lib/live-queries.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { MachineMeters } from "../../ui/machine-meters.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./home.module.css";

/** How the machine is doing. */
export function MachineCard() {
  const { data, error, isPending, dataUpdatedAt, refetch } = useLiveMachine();
  return (
    <Section
      title="Machine"
      isCard
      aside={<AgeNote updatedAt={dataUpdatedAt} />}
      actions={<Link to="/system">System</Link>}
    >
      <div className={classes["padded"]}>
        {isPending ? <LoadingState rows={4} rowHeight={28} label="Loading machine health" /> : null}
        {data === undefined && error !== null ? (
          <ErrorState title="Could not read machine health" error={error} onRetry={() => void refetch()} isCompact />
        ) : null}
        {data === undefined ? null : (
          <>
            <p className={classes["host"]}>
              <span className="mono truncate">{data.hostname}</span>
              <span className="dim">up {formatDuration(data.uptimeSeconds * 1000)}</span>
            </p>
            <MachineMeters machine={data} />
          </>
        )}
      </div>
    </Section>
  );
}
