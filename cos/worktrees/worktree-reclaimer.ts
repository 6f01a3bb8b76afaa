import { rename } from "node:fs/promises";

import type { Worktree } from "../../contract/features/worktrees.ts";
import type { RunsMessage } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/logger.ts";
import { asideOf, deleteFiles, exists, forget, setAside } from "./reclaim-worktree.ts";
import { isCutOff, lookAt } from "./worktree-facts.ts";
import type { WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";
import type { WorktreeViewer } from "./worktree-viewer.ts";

export interface ReclaimerOptions {
  records: WorktreeRecords;
  viewer: WorktreeViewer;
  clock: Clock;
  logger: Logger;
  publish: (message: RunsMessage) => void;
}

/** Removes worktrees of which nothing would be lost. */
export interface WorktreeReclaimer {
  /**
   * Throws `conflict` with the reason why it stays. Files are deleted in the background. `confirmed`: what is lost with it, as the
   * user was told.
   */
  reclaim(runId: string, confirmed?: string): Promise<Worktree>;
  reclaimAll(): Promise<{ removed: number; kept: number; freedBytes: number }>;
  /** Goes on where a former process stopped. */
  goOn(record: WorktreeRecord): Promise<void>;
  /** Resolves when nothing more happens to one that is being removed: what was left of it is deleted, or it stays. */
  gone(runId: string): Promise<void>;
  /** Resolves when nothing is being deleted. */
  close(): Promise<void>;
}

export function createWorktreeReclaimer(options: ReclaimerOptions): WorktreeReclaimer {
  const { records, viewer, clock, logger, publish } = options;
  const removing = new Map<string, Promise<void>>();
  const busy = new Map<string, Promise<Worktree>>();

  /** From here on it is gone for everybody. On disk first: half of it is not put back after a crash. */
  async function remove(record: WorktreeRecord): Promise<void> {
    await become(records, record, "deleting");
    const problem = await forget(record).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    // While git knows it, it can still be put back.
    if (problem !== null && !(await isCutOff(record))) throw problem.error;
    publish({ kind: "worktree-removed", runId: record.runId });
    if (problem === null) deleteSoon(record);
    else logger.error("The rest of a worktree is deleted after the next start", { run: record.runId }, problem.error);
  }

  function deleteSoon(record: WorktreeRecord): void {
    const work = deleteFiles(record)
      .then(() => records.remove(record.runId))
      .catch((error: unknown) => {
        logger.error("The files of a worktree could not be deleted", { run: record.runId }, error);
      })
      .finally(() => removing.delete(record.runId));
    removing.set(record.runId, work);
  }

  async function stay(record: WorktreeRecord): Promise<void> {
    record.state = "ready";
    await records.save(record);
  }

  /** Where it was and as it was. A record the disk refuses is read as one that stays: its folder is there. */
  async function putBack(record: WorktreeRecord): Promise<void> {
    const aside = asideOf(record.folder);
    if (!(await exists(record.folder)) && (await exists(aside))) await rename(aside, record.folder);
    await stay(record).catch((error: unknown) => {
      logger.error("A worktree that stays could not be written down", { run: record.runId }, error);
    });
    viewer.measure(record);
  }

  async function removeIfSafe(record: WorktreeRecord, confirmed: string | undefined): Promise<Worktree> {
    if (record.state === "ready")
      record.facts = { bytes: record.facts?.bytes ?? null, ...(await lookAt(record, () => clock.now())) };
    const before = await viewer.view(record);
    const isConfirmed = before.lossIfRemoved !== null && before.lossIfRemoved === confirmed;
    if (before.keptBecause !== null && !isConfirmed) throw kept(record, before.keptBecause);
    await become(records, record, "removing");
    try {
      await setAside(record, { isLossConfirmed: isConfirmed });
    } catch (error) {
      await putBack(record);
      throw error instanceof AppError ? kept(record, `${error.message}.`) : error;
    }
    try {
      await remove(record);
    } catch (error) {
      await putBack(record);
      throw error;
    }
    return before;
  }

  async function reclaim(runId: string, confirmed?: string): Promise<Worktree> {
    const record = viewer.find(runId);
    if (busy.has(runId)) throw new AppError("conflict", "It is being removed already");
    const work = removeIfSafe(record, confirmed);
    busy.set(runId, work);
    try {
      return await work;
    } finally {
      busy.delete(runId);
    }
  }

  return {
    reclaim,
    async reclaimAll() {
      const outcome = { removed: 0, kept: 0, freedBytes: 0 };
      for (const { runId } of records.all().filter(({ state }) => state === "ready")) {
        try {
          outcome.freedBytes += (await reclaim(runId)).bytes ?? 0;
          outcome.removed += 1;
        } catch (error) {
          // The others can go all the same.
          if (!(error instanceof AppError)) logger.error("A worktree could not be removed", { run: runId }, error);
          outcome.kept += 1;
        }
      }
      return outcome;
    },
    async goOn(record) {
      const aside = asideOf(record.folder);
      // One that was put back is deleted by nobody.
      if (record.state === "deleting" && ((await exists(aside)) || !(await exists(record.folder)))) {
        await forget(record);
        deleteSoon(record);
        return;
      }
      if (await exists(record.folder)) {
        await stay(record);
      } else if (await exists(aside)) {
        // It was moved and perhaps not looked at again yet: that is done now.
        await rename(aside, record.folder);
        await stay(record);
        await reclaim(record.runId).catch((error: unknown) => {
          if (!(error instanceof AppError)) throw error;
        });
      } else {
        await forget(record);
        await deleteFiles(record);
        await records.remove(record.runId);
      }
    },
    async gone(runId) {
      await busy.get(runId)?.catch(() => undefined); // whoever wanted it removed hears of it
      await removing.get(runId);
    },
    async close() {
      await Promise.all(removing.values());
    },
  };
}

function kept(record: WorktreeRecord, why: string): AppError {
  return new AppError("conflict", `The worktree of "${record.runTitle}" stays. ${why}`);
}

/** On disk as well, or it stays what it was. */
async function become(records: WorktreeRecords, record: WorktreeRecord, state: WorktreeRecord["state"]): Promise<void> {
  const before = record.state;
  record.state = state;
  try {
    await records.save(record);
  } catch (error) {
    record.state = before;
    throw error;
  }
}
