import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/logger.ts";
import { folderSize } from "./folder-size.ts";
import { lookAt } from "./worktree-facts.ts";
import type { WorktreeRecords } from "./worktree-records.ts";

/** Looks at worktrees one after the other, in the background. */
export interface WorktreeMeasurer {
  /** Puts one into the line, unless it stands there already; `onDone` is called when its facts are on disk. */
  measure(runId: string, onDone: () => void): void;
  close(): Promise<void>;
}

export function createWorktreeMeasurer(options: {
  records: WorktreeRecords;
  clock: Clock;
  logger: Logger;
}): WorktreeMeasurer {
  const { records, clock, logger } = options;
  const waiting = new Map<string, () => void>();
  const abort = new AbortController();
  let working: Promise<void> | null = null;

  async function measureOne(runId: string, onDone: () => void): Promise<void> {
    const record = records.get(runId);
    if (record?.state !== "ready") return;
    const seen = await lookAt(record, () => clock.now());
    const bytes = seen.isThere ? await folderSize(record.folder, abort.signal) : null;
    // It may have been removed, or be on its way out, meanwhile.
    if (records.get(runId) !== record || (record.state as string) !== "ready") return;
    record.facts = { ...seen, bytes };
    await records.save(record);
    onDone();
  }

  async function work(): Promise<void> {
    for (let next = waiting.entries().next(); next.done !== true; next = waiting.entries().next()) {
      const [runId, onDone] = next.value;
      waiting.delete(runId);
      await measureOne(runId, onDone).catch((error: unknown) => {
        if (!abort.signal.aborted)
          logger.warn("A worktree could not be looked at", { run: runId, problem: String(error) });
      });
      if (abort.signal.aborted) return;
    }
  }

  return {
    measure(runId, onDone) {
      waiting.set(runId, onDone);
      working ??= work().finally(() => {
        working = null;
      });
    },
    async close() {
      abort.abort();
      await working;
    },
  };
}
