import { useQuery } from "@tanstack/react-query";

import { processNames } from "../../../../contract/ports.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatDuration } from "../../lib/format.ts";
import { useLiveMachine, useLiveProcesses } from "../../lib/live-queries.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { Facts } from "../../ui/facts.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { MachineMeters } from "../../ui/machine-meters.tsx";
import { Section } from "../../ui/section.tsx";
import { ChecksCard } from "./checks-card.tsx";
import { OtherProcesses } from "./other-processes.tsx";
import { Pm2Gone } from "./pm2-gone.tsx";
import { OwnProcess } from "./own-process.tsx";
import classes from "./system.module.css";

const metricsEveryMs = 60_000;

/** The six processes of the panel, everything else under PM2, the machine, and the checks. */
export function ProcessesTab() {
  const { data, error, isPending, dataUpdatedAt, refetch } = useLiveProcesses();
  const metrics = useQuery({ ...callQuery("processes.metrics", { query: {} }), refetchInterval: metricsEveryMs });
  const own = new Map(
    data?.processes.flatMap((process) =>
      process.owner.kind === "portos" ? [[process.owner.name, process] as const] : [],
    ),
  );
  return (
    <div className={classes["columns"]}>
      <div>
        <Section title="PortOS" aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />} isCard>
          {isPending ? <LoadingState rows={6} rowHeight={56} label="Loading processes" /> : null}
          {data === undefined && error !== null ? (
            <ErrorState title="Could not load the processes" error={error} onRetry={() => void refetch()} isCompact />
          ) : null}
          {data?.homes.some(({ home, isUp }) => home === "portos" && !isUp) ? <Pm2Gone /> : null}
          {data === undefined ? null : (
            <ul role="list" className={classes["list"]}>
              {processNames.map((name) => (
                <li key={name}>
                  <OwnProcess
                    name={name}
                    process={own.get(name) ?? null}
                    cpuSeries={metrics.data?.series[own.get(name)?.key ?? ""]?.cpuPercent ?? []}
                  />
                </li>
              ))}
            </ul>
          )}
        </Section>
        {data === undefined ? null : <OtherProcesses snapshot={data} />}
      </div>
      <div>
        <MachineSection />
        <ChecksCard />
      </div>
    </div>
  );
}

function MachineSection() {
  const { data, error, isPending, dataUpdatedAt, refetch } = useLiveMachine();
  return (
    <Section title="Machine" aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />} isCard>
      <div className={classes["padded"]}>
        {isPending ? <LoadingState rows={4} rowHeight={28} label="Loading machine health" /> : null}
        {data === undefined && error !== null ? (
          <ErrorState title="Could not read machine health" error={error} onRetry={() => void refetch()} isCompact />
        ) : null}
        {data === undefined ? null : (
          <>
            <div className={classes["about"]}>
              <Facts
                items={[
                  [
                    "Name",
                    <span key="name" className="mono">
                      {data.hostname}
                    </span>,
                  ],
                  ["System", data.platform],
                  ["Up for", formatDuration(data.uptimeSeconds * 1000)],
                ]}
              />
            </div>
            <MachineMeters machine={data} />
          </>
        )}
      </div>
    </Section>
  );
}
