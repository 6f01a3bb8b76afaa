import type { Run } from "../../contract/features/runs.ts";
import type { Logger } from "../../lib/logger.ts";
import { redact } from "../../lib/redact.ts";
import type { Conclusion } from "./ending.ts";
import type { RunTask } from "./run-task.ts";

/** An end that is not on disk yet, and when it is tried again. */
export interface Unwritten {
  conclusion: Conclusion;
  endedAt: string;
  waitMs: number;
  timer: NodeJS.Timeout;
}

/** Does something with several runs at once; a failure with one is told and keeps it from no other. */
export async function forEachRun(
  tasks: readonly RunTask[],
  work: (task: RunTask) => Promise<unknown>,
  logger: Logger,
  problem: string,
): Promise<void> {
  const ends = await Promise.allSettled(tasks.map(work));
  for (const [index, end] of ends.entries())
    if (end.status === "rejected") logger.error(problem, { run: tasks[index]?.run.id ?? "" }, end.reason);
}

/** What a run shows whose end the disk refuses. */
export function endProblem(state: Run["state"], error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return redact(`It is over (${state}), but that cannot be written down and is tried again: ${why}`);
}
