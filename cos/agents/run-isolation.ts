import type { Isolation } from "../../contract/features/isolation.ts";
import type { Run } from "../../contract/features/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Logger } from "../../lib/logger.ts";
import type { OwnFolders } from "../../lib/own-folders.ts";
import { plainSurroundings } from "../worktrees/surroundings.ts";
import type { WorktreeService } from "../worktrees/worktree-service.ts";
import type { AttemptEnd } from "./attempt.ts";
import { conclusionOf, type Conclusion } from "./ending.ts";
import type { RunTask } from "./run-task.ts";

/** Gives runs a place of their own to work in, where they are to have one. */
export interface RunIsolation {
  /** What no run reaches. */
  readonly own: OwnFolders;
  /** Throws when a run cannot work there, or cannot be isolated like this. */
  check(folder: string | null, isolation: Isolation): Promise<void>;
  /** Brings a run into its worktree, made if need be; how the run ended when that cannot be done. */
  enter(task: RunTask): Promise<Conclusion | null>;
  /** Lets a run that is taken up again know where it works. */
  rejoin(task: RunTask): void;
  /** Throws `conflict` for a run whose worktree is gone. */
  checkStill(run: Run): void;
  /** The run has ended. */
  left(run: Run): void;
}

export function createRunIsolation({
  worktrees,
  own,
  logger,
}: {
  worktrees: WorktreeService;
  own: OwnFolders;
  logger: Logger;
}): RunIsolation {
  async function enter(task: RunTask, signal: AbortSignal): Promise<void> {
    const { run, record } = task;
    const { worktree, folder, surroundings } = await worktrees.enter(run, record.setup, {
      state: (message) => task.setState("running", message),
      notice: (level, text) => {
        task.event({ kind: "notice", level, text });
      },
      output: (text) => {
        task.text({ kind: "output", stream: "out", text });
      },
      session: (id) => {
        run.sessionId = id;
      },
      signal,
    });
    task.surroundings = surroundings;
    if (run.worktree === null) {
      const base = worktree.baseBranch ?? worktree.baseCommit.slice(0, 9);
      task.event({ kind: "notice", level: "info", text: `Works on branch ${worktree.branch}, made from ${base}.` });
    }
    Object.assign(run, { worktree, folder, sessionId: null });
    await task.save();
  }

  return {
    own,

    async check(folder, isolation) {
      if (folder !== null) await own.refuse(folder, "body.folder");
      await worktrees.check(folder, isolation);
    },

    async enter(task) {
      if (task.run.isolation.kind === "none") return null;
      const abort = new AbortController();
      const stop = (): void => {
        abort.abort();
      };
      const over: AttemptEnd = { failure: "cancelled", message: null, canContinue: false };
      const entering = enter(task, abort.signal);
      // While a worktree is made, stopping the run stops that.
      task.running = { ended: entering.then(() => over), stop, release: stop };
      task.running.ended.catch(() => undefined); // told below
      if (task.ending !== null) stop();
      try {
        await entering;
        return null;
      } catch (error) {
        if (task.ending !== null) return conclusionOf(task.ending);
        if (!(error instanceof AppError)) throw error;
        const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
        return { state: "failed", message, failure: "bad-request" };
      } finally {
        task.running = null;
      }
    },

    rejoin(task) {
      task.surroundings = task.run.worktree === null ? plainSurroundings : worktrees.surroundingsOf(task.run);
    },

    checkStill(run) {
      if (run.worktree === null || worktrees.has(run.id)) return;
      throw new AppError("conflict", "The worktree of this run has been removed", {
        hint: "Run the same prompt again: it gets a new worktree.",
      });
    },

    left(run) {
      if (run.worktree === null) return;
      worktrees.touch(run.id).catch((error: unknown) => {
        if (error instanceof AppError) return; // it is gone already
        logger.warn("The worktree of a run could not be looked at", { run: run.id, problem: String(error) });
      });
    },
  };
}
