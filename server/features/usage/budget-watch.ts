import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { UsageService } from "./usage-service.ts";

interface Watched {
  usage: Pick<UsageService, "exceeded">;
  openRuns(): Run[];
  /** Ends every run that has not ended, saying why. */
  stopRuns(reason: string): Promise<unknown>;
  /** Ends the runs whose automations have used up what they may use today. */
  stopOverdrawn(): Promise<void>;
  logger: Logger;
}

/** Stops what runs as soon as today's budget is reached, or that of an automation: tell it each change of a run. */
export function createBudgetWatch({ usage, openRuns, stopRuns, stopOverdrawn, logger }: Watched): (run: Run) => void {
  let isLooking = false;
  let isAsked = false;

  async function look(): Promise<void> {
    const open = openRuns();
    if (open.length === 0) return;
    const reason = await usage.exceeded(open);
    if (reason !== null) await stopRuns(reason);
    else await stopOverdrawn();
  }

  /** One look at a time; what changed meanwhile is looked at once more. */
  function lookSoon(): void {
    isAsked = true;
    if (isLooking) return;
    isLooking = true;
    isAsked = false;
    look()
      .catch((error: unknown) => {
        logger.error("The budget of the day could not be watched", {}, error);
      })
      .finally(() => {
        isLooking = false;
        if (isAsked) lookSoon();
      });
  }

  return (run) => {
    if (isOpenState(run.state)) lookSoon();
  };
}
