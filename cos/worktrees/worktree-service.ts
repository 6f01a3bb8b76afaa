import type { Worktree } from "../../contract/features/worktrees.ts";
import type { WorktreePlace } from "../../contract/internal/worktrees.ts";
import type { Logger } from "../../lib/logger.ts";
import { gitCommit } from "../../lib/processes/git-repository.ts";
import type { WorktreeEntry } from "./worktree-entry.ts";
import { placeOf, treeOf } from "./worktree-facts.ts";
import type { MadeAgain, WorktreeMaker } from "./worktree-maker.ts";
import type { WorktreeMeasurer } from "./worktree-measurer.ts";
import type { WorktreeReclaimer } from "./worktree-reclaimer.ts";
import { isLeaving, type WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";
import type { WorktreeViewer } from "./worktree-viewer.ts";

export interface WorktreeServiceOptions {
  records: WorktreeRecords;
  maker: WorktreeMaker;
  measurer: WorktreeMeasurer;
  viewer: WorktreeViewer;
  entry: WorktreeEntry;
  reclaimer: WorktreeReclaimer;
  logger: Logger;
}

/** Everything about worktrees of runs. */
export interface WorktreeService
  extends WorktreeEntry, Pick<WorktreeViewer, "list">, Pick<WorktreeReclaimer, "reclaim" | "reclaimAll"> {
  /** Whether a follow-up finds its worktree. */
  has(runId: string): boolean;
  /** The run has changed its state or its folder. */
  touch(runId: string): Promise<Worktree>;
  get(runId: string): Promise<WorktreePlace>;
  /** Looks after a worktree again that was reclaimed and made again where it was. Throws `conflict` when that is not so. */
  adopt(made: MadeAgain): Promise<Worktree>;
  /** Notes where the work has gone; `tree` is all of it as it was put there. */
  setFate(runId: string, fate: WorktreeRecord["fate"], tree: string | null): Promise<Worktree>;
  /** Finishes or undoes what a former process left half done. */
  recover(): Promise<void>;
  /** Resolves when nothing goes on in the background. */
  close(): Promise<void>;
}

export function createWorktreeService(options: WorktreeServiceOptions): WorktreeService {
  const { records, maker, measurer, viewer, entry, reclaimer, logger } = options;
  return {
    ...entry,
    list: viewer.list,
    reclaim: reclaimer.reclaim,
    reclaimAll: reclaimer.reclaimAll,

    has(runId) {
      return records.get(runId)?.state === "ready";
    },

    async touch(runId) {
      const record = viewer.find(runId);
      viewer.measure(record);
      return viewer.tell(record);
    },

    async get(runId) {
      const record = viewer.find(runId);
      const copied = record.copied.map(({ path }) => path);
      return { worktree: await viewer.view(record), gitDir: record.gitDir ?? "", copied };
    },

    async adopt(made) {
      await reclaimer.gone(made.runId);
      const known = records.get(made.runId);
      // One that could not be deleted to its end is still there, and is not this one.
      const record = known === undefined || isLeaving(known) ? await maker.adopt(made) : known;
      viewer.measure(record);
      return viewer.tell(record);
    },

    async setFate(runId, fate, tree) {
      const record = viewer.find(runId);
      const place = placeOf(record);
      const head = place === null ? null : await gitCommit(place, "HEAD");
      const isTrue = tree !== null && place !== null && (await treeOf(record, place)) === tree;
      record.fate = fate;
      record.decided = fate !== "open" && isTrue && head !== null ? { tree, head } : null;
      await records.save(record);
      viewer.measure(record);
      return viewer.tell(record);
    },

    async recover() {
      for (const record of records.all()) {
        try {
          if (record.state === "making") await maker.undo(record);
          else if (isLeaving(record)) await reclaimer.goOn(record);
        } catch (error) {
          logger.error("What was left of a worktree could not be tidied up", { run: record.runId }, error);
        }
      }
    },

    async close() {
      await measurer.close();
      await reclaimer.close();
    },
  };
}
