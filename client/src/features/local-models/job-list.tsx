import { Button } from "@mantine/core";

import type { LocalJob, LocalServer } from "../../../../contract/features/local-models.ts";
import { formatBytes, formatDuration } from "../../lib/format.ts";
import { IconPlayerStop } from "../../ui/icons.gen.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { cancelJob } from "./local-calls.ts";
import classes from "./local-models.module.css";

const shownEnded = 3;

/** What is under way, then the last few that are over. */
export function JobList({ server }: { server: LocalServer }) {
  const open = server.jobs.filter(({ endedAt }) => endedAt === null);
  const ended = server.jobs.filter(({ endedAt }) => endedAt !== null).slice(0, shownEnded);
  if (open.length + ended.length === 0) return null;
  return (
    <ul className={classes["jobs"]} aria-label={`Downloads and loads of ${server.name}`}>
      {[...open, ...ended].map((job) => (
        <li key={job.id} className={classes["job"]}>
          <div className={classes["line"]}>
            <span className={classes["address"]}>
              <StatusBadge status={job.state} isCompact />
              <span className={classes["jobName"]}>
                {job.kind === "download" ? "Download" : "Load"} <span className="mono">{job.model}</span>
              </span>
              {job.endedAt === null ? null : <Time iso={job.endedAt} />}
            </span>
            {job.canCancel && job.endedAt === null ? (
              <Button
                leftSection={<IconPlayerStop size={14} />}
                aria-label={`Cancel: ${job.model}`}
                onClick={() => void cancelJob(server, job.id)}
              >
                Cancel
              </Button>
            ) : null}
          </div>
          {job.endedAt === null && job.kind === "download" ? <Progress job={job} /> : null}
          {job.message === null ? null : <p className={classes["sub"]}>{job.message}</p>}
        </li>
      ))}
    </ul>
  );
}

function Progress({ job }: { job: LocalJob }) {
  const { receivedBytes, totalBytes, bytesPerSecond, status, model } = job;
  const share = receivedBytes === null || totalBytes === null || totalBytes === 0 ? null : receivedBytes / totalBytes;
  const left = bytesPerSecond && totalBytes !== null && receivedBytes !== null ? totalBytes - receivedBytes : null;
  const words = [
    status,
    receivedBytes === null || totalBytes === null
      ? null
      : `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`,
    bytesPerSecond === null ? null : `${formatBytes(bytesPerSecond)}/s`,
    left === null || !bytesPerSecond ? null : `${formatDuration((left / bytesPerSecond) * 1000)} left`,
  ].filter((word) => word !== null);
  return (
    <>
      <progress
        className={classes["progress"]}
        aria-label={`Download of ${model}`}
        {...(share === null ? {} : { value: share })}
      />
      <p className={classes["sub"]}>{words.join(" · ")}</p>
    </>
  );
}
