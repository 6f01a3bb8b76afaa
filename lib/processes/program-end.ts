import { endDescendants, type EndOptions, type EndStep } from "./end-descendants.ts";

/** The end of one program with everything it has started. */
export interface ProgramEnd {
  /** Begins to end it, `delayMs` from now; what was begun before gives way. */
  begin(steps: readonly EndStep[], delayMs?: number): void;
  /** Ends what is left at once. When it resolves, nothing is signalled any more, also not by what `begin` had begun. */
  finish(steps: readonly EndStep[]): Promise<void>;
}

/**
 * One end for one program: a mark in the environment may be that of a program that follows, and what was begun for the first
 * must never meet the second.
 */
export function createProgramEnd(
  target: Pick<EndOptions, "leaderPid" | "mark">,
  endAll: typeof endDescendants = endDescendants,
): ProgramEnd {
  let timer: NodeJS.Timeout | undefined;
  let aborter = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  let isFinished = false;

  function giveWay(): AbortController {
    clearTimeout(timer);
    aborter.abort();
    aborter = new AbortController();
    return aborter;
  }

  function run(steps: readonly EndStep[], { signal }: AbortController): void {
    const before = running;
    running = before
      .catch(() => undefined)
      .then(() => (signal.aborted ? undefined : endAll({ ...target, steps, signal })));
  }

  return {
    begin(steps, delayMs = 0) {
      if (isFinished) return;
      const own = giveWay();
      if (delayMs === 0) run(steps, own);
      else
        timer = setTimeout(() => {
          run(steps, own);
        }, delayMs).unref();
    },
    async finish(steps) {
      isFinished = true;
      run(steps, giveWay());
      await running;
    },
  };
}
