import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Panic } from "../../../contract/features/chief.ts";
import { allowAgain } from "../lib/chief.ts";
import { formatCount } from "../lib/format.ts";
import { IconOctagonMinus } from "../ui/icons.gen.ts";
import { Time } from "../ui/time.tsx";
import classes from "./panic-banner.module.css";

/** While everything is stopped: who did it, when, what it stopped, and the way back. */
export function PanicBanner({ panic }: { panic: Panic }) {
  const client = useQueryClient();
  const [isBusy, setIsBusy] = useState(false);
  const { by, at } = panic;
  return (
    <div className={classes["banner"]} role="alert">
      <IconOctagonMinus size={18} />
      <p className={classes["text"]}>
        <strong>Everything is stopped</strong>
        {by === null ? "" : ` by ${by}`}
        {at === null ? null : (
          <>
            {", "}
            <Time iso={at} />
          </>
        )}
        . {stoppedText(panic)} Terminals go on.
      </p>
      <Button
        color="red"
        loading={isBusy}
        onClick={() => {
          setIsBusy(true);
          void allowAgain(client).finally(() => {
            setIsBusy(false);
          });
        }}
      >
        Allow again
      </Button>
    </div>
  );
}

function stoppedText({
  stoppedRuns,
  deniedQuestions,
  pausedAutomations,
  stoppedCommands,
  stoppedChecks,
  stoppedDownloads,
  stoppedCalls,
}: Panic): string {
  const parts = [
    stoppedRuns === 0 ? null : `${formatCount(stoppedRuns, "run")} ended`,
    deniedQuestions === 0 ? null : `${formatCount(deniedQuestions, "question")} denied`,
    pausedAutomations === 0 ? null : `${formatCount(pausedAutomations, "automation")} paused`,
    stoppedCommands === 0 ? null : `${formatCount(stoppedCommands, "command")} ended`,
    stoppedChecks === 0 ? null : `${formatCount(stoppedChecks, "check")} ended`,
    stoppedDownloads === 0 ? null : `${formatCount(stoppedDownloads, "download")} cancelled`,
    stoppedCalls === 0 ? null : `${formatCount(stoppedCalls, "call")} to the outside cut`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "Nothing was running." : `${parts.join(", ")}.`;
}
