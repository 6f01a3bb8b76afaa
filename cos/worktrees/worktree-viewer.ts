import { sep } from "node:path";

import type { Reply } from "../../contract/endpoint.ts";
import type { Run } from "../../contract/features/runs.ts";
import type { Worktree, worktreesEndpoints } from "../../contract/features/worktrees.ts";
import type { RunsMessage } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/logger.ts";
import { workingFolders } from "./folders-in-use.ts";
import type { Bubblewrap } from "../../lib/processes/bubblewrap.ts";
import type { WorktreeMeasurer } from "./worktree-measurer.ts";
import { isLeaving, type WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";
import { viewOf, type Surrounds } from "./worktree-view.ts";

/** Facts older than this are looked at again when somebody asks. */
const freshMs = 10_000;

export interface ViewerOptions {
  records: WorktreeRecords;
  measurer: WorktreeMeasurer;
  bubblewrap: Bubblewrap;
  clock: Clock;
  logger: Logger;
  /** State of a run, `null` when there is none. */
  stateOf: (runId: string) => Promise<{ state: Run["state"]; isOpen: boolean } | null>;
  publish: (message: RunsMessage) => void;
}

/** Worktrees as they are shown, and who is told when that changes. */
export interface WorktreeViewer {
  /** Throws `not_found`, also for one that is on its way out. */
  find(runId: string): WorktreeRecord;
  view(record: WorktreeRecord): Promise<Worktree>;
  /** Tells everybody how it is now. */
  tell(record: WorktreeRecord): Promise<Worktree>;
  /** Looks at it in the background and tells what was seen. */
  measure(record: WorktreeRecord): void;
  /** Newest first. */
  list(): Promise<Omit<Reply<(typeof worktreesEndpoints)["list"]>, "isUp">>;
}

export function createWorktreeViewer(options: ViewerOptions): WorktreeViewer {
  const { records, measurer, bubblewrap, clock, logger, stateOf, publish } = options;

  async function surroundsOf(record: WorktreeRecord, folders: readonly string[]): Promise<Surrounds> {
    const run = await stateOf(record.runId);
    const isWorkedIn = folders.some((folder) => folder === record.folder || folder.startsWith(record.folder + sep));
    return { runState: run?.state ?? null, isRunOpen: run?.isOpen ?? false, isWorkedIn };
  }

  async function view(record: WorktreeRecord): Promise<Worktree> {
    return viewOf(record, await surroundsOf(record, await workingFolders()));
  }

  async function tell(record: WorktreeRecord): Promise<Worktree> {
    const worktree = await view(record);
    if (!isLeaving(record)) publish({ kind: "worktree", worktree });
    return worktree;
  }

  function measure(record: WorktreeRecord): void {
    measurer.measure(record.runId, () => {
      tell(record).catch((error: unknown) => {
        logger.warn("A worktree could not be told about", { run: record.runId, problem: String(error) });
      });
    });
  }

  function isStale({ state, facts }: WorktreeRecord): boolean {
    return state === "ready" && (facts === null || Date.parse(facts.measuredAt) < clock.now() - freshMs);
  }

  return {
    find(runId) {
      const record = records.get(runId);
      if (!record || isLeaving(record)) throw new AppError("not_found", "There is no such worktree");
      return record;
    },
    view,
    tell,
    measure,
    async list() {
      const folders = await workingFolders();
      const shown = records.all().filter((record) => !isLeaving(record));
      for (const record of shown) if (isStale(record)) measure(record);
      const worktrees = await Promise.all(
        shown.map(async (record) => viewOf(record, await surroundsOf(record, folders))),
      );
      const { isAvailable, help } = await bubblewrap.state();
      return {
        worktrees: worktrees.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)),
        sandbox: { isAvailable, help },
      };
    },
  };
}
