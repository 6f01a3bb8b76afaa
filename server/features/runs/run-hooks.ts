import type { Run } from "../../../contract/features/runs.ts";
import type { Logger } from "../../../lib/logger.ts";

type Listener = (run: Run) => void | Promise<void>;

/** What other features can hang on to. */
export interface RunHooks {
  /** It was written down by portos-cos. */
  onRunCreated(listener: Listener): void;
  /** It succeeded. A run that goes on after its end ends once more. */
  onRunCompleted(listener: Listener): void;
  /** It failed or was interrupted. */
  onRunFailed(listener: Listener): void;
  /** It ended in whatever way. Told at least once for each end, also for one that came while portos-server was away. */
  onRunEnded(listener: Listener): void;
  /** Anything about it changed. */
  onRunChanged(listener: Listener): void;
  /** It was deleted. */
  onRunRemoved(listener: Listener): void;
}

type RunHappening = "created" | "completed" | "failed" | "ended" | "changed" | "removed";

export interface RunBus extends RunHooks {
  /** Resolves when every listener is done; one that fails is logged and disturbs nobody else. */
  tell(event: RunHappening, run: Run): Promise<void>;
}

/** The typed bus of what happens to runs. */
export function createRunBus(logger: Logger): RunBus {
  const listeners = new Map<RunHappening, Listener[]>();
  const on =
    (event: RunHappening) =>
    (listener: Listener): void => {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    };
  return {
    onRunCreated: on("created"),
    onRunCompleted: on("completed"),
    onRunFailed: on("failed"),
    onRunEnded: on("ended"),
    onRunChanged: on("changed"),
    onRunRemoved: on("removed"),
    async tell(event, run) {
      await Promise.all(
        (listeners.get(event) ?? []).map(async (listener) => {
          try {
            await listener(run);
          } catch (error) {
            logger.error("What follows from a run failed", { run: run.id, event }, error);
          }
        }),
      );
    },
  };
}
