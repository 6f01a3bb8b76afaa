import { Button } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { Process } from "../../../../contract/features/processes.ts";
import { call } from "../../lib/api.ts";
import { useLiveProcesses } from "../../lib/live-queries.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./logs-page.module.css";

/** State of the process shown, and the buttons to start, restart and stop it. */
export function ProcessControls({ sourceId }: { sourceId: string }) {
  const processes = useLiveProcesses();
  const [isBusy, setBusy] = useState(false);
  const process = processes.data?.processes.find(({ home, name }) => `${home}/${name}` === sourceId);
  if (!process) return null;
  const isRunning = process.pid !== null;
  const run = async (deed: Deed): Promise<void> => {
    setBusy(true);
    await control(process, deed);
    setBusy(false);
  };
  return (
    <>
      <StatusBadge status={process.status} />
      <span className={classes["controls"]}>
        {isRunning ? (
          <Button
            leftSection={<IconRefresh size={14} />}
            disabled={isBusy}
            onClick={() => void run("restart")}
            aria-label={`Restart ${process.name}`}
          >
            Restart
          </Button>
        ) : (
          <Button
            leftSection={<IconPlayerPlay size={14} />}
            disabled={isBusy}
            onClick={() => void run("start")}
            aria-label={`Start ${process.name}`}
          >
            Start
          </Button>
        )}
        {isRunning ? (
          <Button
            leftSection={<IconPlayerStop size={14} />}
            disabled={isBusy}
            onClick={() => void run("stop")}
            aria-label={`Stop ${process.name}`}
          >
            Stop
          </Button>
        ) : null}
      </span>
    </>
  );
}

type Deed = "start" | "stop" | "restart";

const doneWords = { start: "Started", stop: "Stopped", restart: "Restarted" } as const;

/** Does it; asks first when more would end than the process itself. */
async function control(process: Process, deed: Deed): Promise<void> {
  await withErrorToast(`Could not ${deed} ${process.name}`, async () => {
    const params = { key: process.key };
    if (deed !== "start") {
      const { message } = await call("processes.restartEffect", { params });
      const confirmLabel = deed === "stop" ? "Stop" : "Restart";
      const isAgreed =
        message === null ||
        (await confirmDangerous({ title: `${confirmLabel} ${process.name}?`, text: message, confirmLabel }));
      if (!isAgreed) return;
    }
    const { isDone } = await call(`processes.${deed}`, { params });
    toast({ kind: "ok", text: isDone ? `${doneWords[deed]} ${process.name}` : `${process.name} is on its way` });
  });
}
