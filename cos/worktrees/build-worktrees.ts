import { homedir } from "node:os";
import { join } from "node:path";

import { dataFiles } from "../../contract/data-files.ts";
import type { Run } from "../../contract/features/runs.ts";
import type { RunsMessage } from "../../contract/internal/runs.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Env } from "../../lib/env.ts";
import type { Logger } from "../../lib/logger.ts";
import { childEnvironment } from "../../lib/processes/child-environment.ts";
import type { RunMark } from "../../lib/run-mark.ts";
import { imagesFolderName } from "../agents/store/run-images.ts";
import type { Sessions } from "./run-in-session.ts";
import { createBubblewrap } from "../../lib/processes/bubblewrap.ts";
import { createSandboxKeeper } from "./sandbox/sandbox-keeper.ts";
import type { SandboxPlaces } from "./sandbox/sandbox-command.ts";
import { createWorktreeEntry } from "./worktree-entry.ts";
import { createWorktreeMaker, type KnownRun } from "./worktree-maker.ts";
import { createWorktreeMeasurer } from "./worktree-measurer.ts";
import { createWorktreeReclaimer } from "./worktree-reclaimer.ts";
import { openWorktreeRecords } from "./worktree-records.ts";
import { createWorktreeViewer } from "./worktree-viewer.ts";
import { createWorktreeService, type WorktreeService } from "./worktree-service.ts";

export interface BuildWorktreesOptions {
  env: Pick<Env, "dataDir" | "stateDir" | "configDir" | "userPm2Home">;
  sessions: Sessions;
  clock: Clock;
  logger: Logger;
  stateOf: (runId: string) => Promise<{ state: Run["state"]; isOpen: boolean } | null>;
  /** What is known of a run, `null` when nothing is. */
  runOf: (runId: string) => Promise<KnownRun | null>;
  publish: (message: RunsMessage) => void;
  /** Environment by which everything a run starts is found. */
  mark: RunMark;
}

/** Opens what is known of worktrees and tidies up what a former process left half done. */
export async function buildWorktrees(options: BuildWorktreesOptions): Promise<WorktreeService> {
  const { env, sessions, clock, logger, mark } = options;
  const { publish, stateOf } = options;
  const records = await openWorktreeRecords(join(env.dataDir, dataFiles.worktrees.path), logger);
  const places = placesOf(env);
  const folder = join(env.stateDir, "worktrees");
  const maker = createWorktreeMaker({ folder, records, sessions, clock, mark, runOf: options.runOf });
  const measurer = createWorktreeMeasurer({ records, clock, logger });
  const bubblewrap = createBubblewrap({ searchPath: () => places.searchPath, monotonic: () => clock.monotonic() });
  const viewer = createWorktreeViewer({ records, measurer, bubblewrap, clock, logger, stateOf, publish });
  const sandboxes = createSandboxKeeper({ records, places, logger });
  const entry = createWorktreeEntry({ records, maker, viewer, sandboxes, bubblewrap, sessions, clock, mark });
  const reclaimer = createWorktreeReclaimer({ records, viewer, clock, logger, publish });
  const service = createWorktreeService({ records, maker, measurer, viewer, entry, reclaimer, logger });
  await service.recover();
  return service;
}

function placesOf({ dataDir, stateDir, configDir, userPm2Home }: BuildWorktreesOptions["env"]): SandboxPlaces {
  const environment = childEnvironment();
  return {
    home: environment["HOME"] ?? homedir(),
    hidden: [dataDir, stateDir, configDir, ...(userPm2Home === null ? [] : [userPm2Home])],
    searchPath: environment["PATH"] ?? "",
    givenTo: (runId) => join(dataDir, dataFiles.runs.path, runId, imagesFolderName),
  };
}
