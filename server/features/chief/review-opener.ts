import type { Run } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ChiefParts } from "./chief-parts.ts";
import type { RecoveryFacts } from "./plan-recovery.ts";

type Opened = Pick<RecoveryFacts, "hasReview" | "reviewProblem">;

/** Lays open the work of runs beside everything else: a git that takes long holds up that task alone. */
export interface ReviewOpener {
  /** Whether the work of a run that is over waits to be looked at, told once; `null` while that is being found out. */
  take(run: Run): Opened | null;
  /** Whether a run is over and its work is being laid open. */
  isAtWork(runId: string): boolean;
}

interface OpenerParts extends Pick<ChiefParts, "hasReview" | "logger"> {
  /** `take` has an answer now. */
  onOpened(runId: string): void;
}

const nothing: Opened = { hasReview: false, reviewProblem: null };

export function createReviewOpener({ hasReview, logger, onOpened }: OpenerParts): ReviewOpener {
  /** By run and end, because a run may go on and end again; `null` while it is being found out. */
  const known = new Map<string, Opened | null>();

  async function open(run: Run): Promise<void> {
    const key = keyOf(run);
    try {
      known.set(key, { hasReview: await hasReview(run), reviewProblem: null });
    } catch (error) {
      // What git cannot tell must not keep the task from ending. Anything else is tried again with the next look at all runs.
      if (error instanceof AppError) known.set(key, { hasReview: false, reviewProblem: error.message });
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
      if (run.state !== "succeeded") return nothing;
      const key = keyOf(run);
      const opened = known.get(key);
      if (opened) known.delete(key);
      if (opened !== undefined) return opened;
      known.set(key, null);
      void open(run);
      return null;
    },
    isAtWork: (runId) => [...known.keys()].some((key) => key.startsWith(`${runId} `)),
  };
}

function keyOf({ id, endedAt }: Run): string {
  return `${id} ${endedAt ?? ""}`;
}
