import type { RunsMessage } from "../../contract/internal/runs.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/logger.ts";
import { createOwnFolders } from "../../lib/own-folders.ts";
import { mayFallBack } from "../../lib/provider-failures.ts";
import { runMarks, type RunMark } from "../../lib/run-mark.ts";
import type { SessionEngine } from "../sessions/session-engine.ts";
import { buildWorktrees, type BuildWorktreesOptions } from "../worktrees/build-worktrees.ts";
import type { WorktreeService } from "../worktrees/worktree-service.ts";
import type { ApiTarget, AttemptTask, ProgramTarget, RunningAttempt } from "./attempt.ts";
import { RunEngine } from "./run-engine.ts";
import { createRunIsolation } from "./run-isolation.ts";
import type { QueueLimits } from "./run-queue.ts";
import { isOpen, type RunRecord } from "./store/run-record.ts";
import { RunStore } from "./store/run-store.ts";

export interface EngineParts {
  /** Absolute path of `data/runs`. */
  directory: string;
  clock: Clock;
  logger: Logger;
  /** Ports of our own, which no provider may lead to. */
  ownPorts: readonly number[];
  refreshSecrets: () => Promise<void>;
  /** Where programs get their terminals. */
  sessions: Pick<SessionEngine, "create" | "find" | "info" | "onChange" | "readOutput" | "kill">;
  limits?: QueueLimits;
  env: BuildWorktreesOptions["env"];
}

/** Builds the engine of runs and takes up what a former process left. */
export async function createEngine(
  parts: EngineParts,
  onMessage: (message: RunsMessage) => void,
): Promise<{ engine: RunEngine; store: RunStore; worktrees: WorktreeService }> {
  const { directory, clock, logger, refreshSecrets, limits } = parts;
  const mark = runMarks(parts.env.dataDir);
  const store = new RunStore({ directory, clock, logger });
  let built: RunEngine | null = null;
  const worktrees = await buildWorktrees({
    ...parts,
    mark,
    publish: onMessage,
    async runOf(id) {
      const known = await store.read(id);
      return known && { isolation: known.run.isolation, folder: known.run.folder, setup: known.setup };
    },
    async stateOf(id) {
      const run = built?.peek(id) ?? (await store.read(id))?.run;
      return run ? { state: run.state, isOpen: isOpen(run) } : null;
    },
  });
  const engine = new RunEngine({
    store,
    isolation: createRunIsolation({ worktrees, own: createOwnFolders(parts.env), logger }),
    clock,
    logger,
    mayFallBack,
    refreshSecrets,
    ...(limits === undefined ? {} : { limits }),
    starters: {
      start: (task) => startAttempt(task, mark, parts),
      async adopt(task, record, position) {
        if (record.engine === "headless") {
          const { adoptHeadlessAttempt } = await import("./headless/headless-attempt.ts");
          return adoptHeadlessAttempt(task, record, { mark, after: position });
        }
        await endLeftovers(mark(task.runId), record);
        return null;
      },
      async tidy({ engine: way, run }, attempt) {
        if (way !== "headless") return;
        const { tidyHeadlessAttempt } = await import("./headless/headless-attempt.ts");
        await tidyHeadlessAttempt(store.folderOf(run.id), attempt);
      },
    },
  });
  built = engine;
  engine.onMessage(onMessage);
  await engine.recover(await store.openIds());
  return { engine, store, worktrees };
}

/** A program on pipes cannot be taken up again: what is left of it must not go on unseen. */
async function endLeftovers(mark: ReturnType<RunMark>, { child }: RunRecord): Promise<void> {
  const [{ endDescendants }, { verdictOn }] = await Promise.all([
    import("../../lib/processes/end-descendants.ts"),
    import("../../lib/process-identity.ts"),
  ]);
  const identity = child?.identity ?? null;
  const isThere = identity !== null && (await verdictOn(identity)) === "alive";
  await endDescendants({ leaderPid: isThere ? identity.pid : null, mark: mark.join("=") });
}

/** Each way of running an agent is loaded when it is used first. */
async function startAttempt(task: AttemptTask, mark: RunMark, parts: EngineParts): Promise<RunningAttempt> {
  const { target } = task;
  if (target.engine === "api") {
    const { startApiAttempt } = await import("./api/api-attempt.ts");
    const options = { mark, ownPorts: parts.ownPorts, now: () => parts.clock.now() };
    return startApiAttempt(task as AttemptTask<ApiTarget>, options);
  }
  const program = task as AttemptTask<ProgramTarget>;
  if (target.engine === "acp") {
    const { startAcpAttempt } = await import("./acp/acp-attempt.ts");
    return startAcpAttempt(program, { mark, now: () => parts.clock.now() });
  }
  const { hasJsonStream } = await import("./headless/agent-stream.ts");
  if (target.engine === "headless" && hasJsonStream(target.agent)) {
    const { startHeadlessAttempt } = await import("./headless/headless-attempt.ts");
    return startHeadlessAttempt(program, { mark });
  }
  const { startTerminalAttempt } = await import("./terminal/terminal-attempt.ts");
  return startTerminalAttempt(program, { mark, sessions: parts.sessions });
}
