import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { Logger } from "../../../lib/logger.ts";
import { createLines } from "../../lines.ts";
import type { RunBus } from "./run-hooks.ts";
import type { RunRequests } from "./run-requests.ts";

/** Tells what becomes of runs. News of one run is told in order; no run keeps another one waiting. */
export interface RunTeller {
  /** Resolves when the state is noted; what follows from an end may take longer. */
  tell(run: Run): Promise<void>;
  /** Resolves when the last news of the run is noted. */
  noted(id: string): Promise<void>;
  tellRemoved(run: Run): Promise<void>;
  /** Its end is being told: what comes next of it has to wait. */
  isEnding(id: string): boolean;
}

export function createRunTeller(requests: RunRequests, bus: RunBus, logger: Logger): RunTeller {
  const lines = createLines();
  /** The last news of each run that is being noted. */
  const noting = new Map<string, Promise<void>>();
  const ending = new Set<string>();

  function inLine(id: string, work: () => Promise<void>): Promise<void> {
    return lines.inLine(id, work).catch((error: unknown) => {
      logger.error("What became of a run could not be noted", { run: id }, error);
    });
  }

  async function note(run: Run): Promise<void> {
    await bus.tell("changed", run);
    if (isOpenState(run.state)) await requests.setOpen(run.id, true);
  }

  /** Two messages about the same end tell it once. It counts as told when everybody was: what a stop interrupts is told again. */
  async function tellEnd(run: Run): Promise<void> {
    if (requests.get(run.id)?.isOpen !== true) return;
    ending.add(run.id);
    try {
      await bus.tell("ended", run);
      if (run.state === "succeeded") await bus.tell("completed", run);
      if (run.state === "failed" || run.state === "interrupted") await bus.tell("failed", run);
      await requests.setOpen(run.id, false);
    } finally {
      ending.delete(run.id);
    }
  }

  return {
    tell(run) {
      const { id, state } = run;
      const noted = inLine(id, () => note(run)).finally(() => {
        if (noting.get(id) === noted) noting.delete(id);
      });
      noting.set(id, noted);
      if (!isOpenState(state)) void inLine(id, () => tellEnd(run));
      return noted;
    },
    noted: (id) => noting.get(id) ?? Promise.resolve(),
    tellRemoved: (run) =>
      inLine(run.id, async () => {
        await requests.setOpen(run.id, false);
        await bus.tell("removed", run);
      }),
    isEnding: (id) => ending.has(id),
  };
}
