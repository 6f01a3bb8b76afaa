import type { Conclusion } from "./ending.ts";
import type { Pursued, PursuitOptions, RunPursuit } from "./run-pursuit.ts";
import type { RunIsolation } from "./run-isolation.ts";
import { leftoverOf } from "./run-recovery.ts";
import type { RunTask } from "./run-task.ts";
import { isOpen, type RunRecord } from "./store/run-record.ts";

interface RecoveryParts extends Pick<PursuitOptions, "store" | "logger" | "mayFallBack"> {
  isolation: Pick<RunIsolation, "rejoin">;
  pursuit: Pick<RunPursuit, "adopt">;
  open: (record: RunRecord) => Promise<RunTask>;
  /** Knows nothing of it any more. */
  drop: (id: string) => void;
  isKnown: (id: string) => boolean;
  mayStart: () => "now" | "later" | "never";
  /** Takes a slot for what goes on. */
  occupy: (task: RunTask, work: () => Promise<Pursued>) => void;
  finish: (task: RunTask, end: Conclusion) => Promise<void>;
  /** Lets it wait for its turn. */
  waitOn: (task: RunTask) => Promise<void>;
}

/** What the disk refuses is tried again, at first soon. */
export function nextWaitMs(lastMs: number | undefined): number {
  return lastMs === undefined ? 1_000 : Math.min(lastMs * 2, 30_000);
}

/** Takes up what a former process left. A run that cannot be taken up keeps no other from it, and is tried again. */
export async function recoverRuns(ids: readonly string[], parts: RecoveryParts): Promise<void> {
  const { store, logger, isKnown, mayStart } = parts;

  async function recover(id: string, waitMs: number): Promise<void> {
    try {
      const record = await store.read(id);
      if (record === null || !isOpen(record.run)) await store.markEnded(id);
      else await takeUp(record, parts);
    } catch (error) {
      logger.error("A run that was left behind could not be taken up", { run: id }, error);
      // Of one that is known it is known what came of it, and that is written down later.
      if (!isKnown(id)) recoverLater(id, waitMs);
    }
  }

  function recoverLater(id: string, waitMs: number): void {
    setTimeout(() => {
      const start = mayStart();
      if (start === "never" || isKnown(id)) return;
      if (start === "later") recoverLater(id, nextWaitMs(waitMs));
      else void recover(id, nextWaitMs(waitMs));
    }, waitMs).unref();
  }

  for (const id of ids) await recover(id, nextWaitMs(undefined));
}

async function takeUp(record: RunRecord, parts: RecoveryParts): Promise<void> {
  const { logger, isolation, pursuit, mayFallBack } = parts;
  const task = await parts.open(record);
  const { run } = task;
  run.pending = [];
  delete run.endProblem;
  isolation.rejoin(task);
  const goOn = await pursuit.adopt(task).catch((error: unknown) => {
    parts.drop(run.id);
    throw error;
  });
  if (goOn !== null) {
    task.event({
      kind: "notice",
      level: "info",
      text: "portos-cos was restarted; this run went on and was found again.",
    });
    if (record.stop !== null) task.end(record.stop);
    parts.occupy(task, goOn);
    return;
  }
  const { attempt, end } = leftoverOf(record, mayFallBack);
  const cut = run.attempts.at(-1);
  if (attempt !== null && cut)
    await task.endAttempt(cut, attempt).catch((error: unknown) => {
      // It is written with what comes of the run.
      logger.error("The end of an attempt could not be written", { run: run.id }, error);
    });
  if (end !== null) await parts.finish(task, end);
  else await parts.waitOn(task);
}
