import type { Run } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ChiefParts } from "./chief-parts.ts";
import type { RecoveryFacts } from "./plan-recovery.ts";

type Opened = Pick<RecoveryFacts, "hasReview" | "reviewProblem">;

/** Lays open the work of runs beside everything else: a git that takes long holds up that task alone. */
export interface ReviewOpener {
  /** Whether the work of a run that is over waits to be looked at, told once; `null` while that is being found out. */
  take(run: Run): Opened | null;
  /** The run has not ended any more: what was found out about its end before is asked for by nobody. */
  goesOn(runId: string): void;
  /** Whether a run is over and its work is being laid open. */
  isAtWork(runId: string): boolean;
}

interface OpenerParts extends Pick<ChiefParts, "hasReview" | "isReviewOpen" | "logger"> {
  /** `take` has an answer now. */
  onOpened(runId: string): void;
}

const nothing: Opened = { hasReview: false, reviewProblem: null };

export function createReviewOpener({ hasReview, isReviewOpen, logger, onOpened }: OpenerParts): ReviewOpener {
  /** By run and end, because a run may go on and end again; `null` while it is being found out. */
  const known = new Map<string, Opened | null>();

  function drop(runId: string, except?: string): void {
    for (const key of known.keys()) if (key.startsWith(`${runId} `) && key !== except) known.delete(key);
  }

  /** Unless the run has gone on and ended again meanwhile. */
  function tell(key: string, opened: Opened): void {
    if (known.has(key)) known.set(key, opened);
  }

  async function open(run: Run): Promise<void> {
    const key = keyOf(run);
    try {
      tell(key, { hasReview: await hasReview(run), reviewProblem: null });
    } catch (error) {
      // What git cannot tell must not keep the task from ending. Anything else is tried again with the next look at all runs.
      if (error instanceof AppError) tell(key, { hasReview: false, reviewProblem: error.message });
      else {
        known.delete(key);
        logger.error("The work of a run could not be laid open", { run: run.id }, error);
        return;
      }
    }
    onOpened(run.id);
  }

  return {
    take(run) {
      const key = keyOf(run);
      drop(run.id, key);
      if (run.state !== "succeeded") return nothing;
      const opened = known.get(key);
      if (opened) {
        known.delete(key);
        // Between then and now somebody may have decided about it.
        return { ...opened, hasReview: opened.hasReview && isReviewOpen(run.id) };
      }
      if (opened === null) return null;
      known.set(key, null);
      void open(run);
      return null;
    },
    goesOn: (runId) => {
      drop(runId);
    },
    isAtWork: (runId) => [...known.keys()].some((key) => key.startsWith(`${runId} `)),
  };
}

function keyOf({ id, endedAt }: Run): string {
  return `${id} ${endedAt ?? ""}`;
}
