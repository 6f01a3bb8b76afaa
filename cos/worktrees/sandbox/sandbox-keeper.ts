import type { AgentKind } from "../../../contract/features/providers.ts";
import type { Logger } from "../../../lib/logger.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Program } from "../surroundings.ts";
import { exists } from "../reclaim-worktree.ts";
import type { WorktreeRecord } from "../worktree-record.ts";
import type { WorktreeRecords } from "../worktree-records.ts";
import { findProgram } from "../../../lib/processes/find-program.ts";
import { sandboxCommand, type SandboxPlaces } from "./sandbox-command.ts";
import { makeSandboxRepository, sandboxRepository } from "./sandbox-repository.ts";
import { takeCommits } from "./take-commits.ts";

/** Sandboxes of worktrees: what they need of git, and what comes out of them. Does nothing for a worktree without one. */
export interface SandboxKeeper {
  /** Makes it ready for another turn, commits of the last one taken over. */
  prepare(record: WorktreeRecord): Promise<void>;
  /** Makes it ready unless it is. */
  ensure(record: WorktreeRecord): Promise<void>;
  /** Takes commits over: what went wrong, in one sentence, else `null`. */
  take(record: WorktreeRecord): Promise<string | null>;
  wrap(record: WorktreeRecord, program: Program, agent: AgentKind | null, cwd: string): Program;
}

export function createSandboxKeeper(options: {
  records: WorktreeRecords;
  places: SandboxPlaces;
  logger: Logger;
}): SandboxKeeper {
  const { records, places, logger } = options;
  async function take(record: WorktreeRecord): Promise<string | null> {
    if (record.isolation.kind !== "sandbox" || !(await exists(folderOf(record)))) return null;
    let problem: string | null = null;
    try {
      await takeCommits(record, folderOf(record));
    } catch (error) {
      logger.error("Commits of a sandbox could not be taken over", { run: record.runId }, error);
      const why = error instanceof AppError ? error.message : "see the log of portos-cos";
      problem = `Commits made in the sandbox could not be taken over: ${why}. They are in ${folderOf(record)}.`;
    }
    if (record.problem !== problem) {
      record.problem = problem;
      await records.save(record);
    }
    return problem;
  }

  async function prepare(record: WorktreeRecord): Promise<void> {
    if (record.isolation.kind !== "sandbox") return;
    const problem = await take(record);
    if (problem === null) await makeSandboxRepository(record, folderOf(record));
  }

  return {
    prepare,
    async ensure(record) {
      if (!(await exists(folderOf(record)))) await prepare(record);
    },
    take,
    wrap(record, { file, args }, agent, cwd) {
      const bubblewrap = findProgram("bwrap", "/", places.searchPath);
      if (bubblewrap === null) throw new AppError("unavailable", "bubblewrap is not installed any more");
      return sandboxCommand({
        bubblewrap,
        hasNetwork: record.isolation.kind === "sandbox" && record.isolation.network,
        runId: record.runId,
        places,
        worktree: record.folder,
        repository: record.repository,
        commonDir: record.commonDir,
        own: sandboxRepository(folderOf(record)),
        agent,
        cwd,
        file,
        args,
      });
    },
  };
}

function folderOf({ folder }: WorktreeRecord): string {
  return `${folder}.sandbox`;
}
