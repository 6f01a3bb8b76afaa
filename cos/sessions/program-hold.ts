import type { Program } from "./program.ts";
import { lagBytes, type Viewer } from "./viewer.ts";

export interface ProgramHold {
  readonly isHeld: boolean;
  /** Holds the program back when nobody who reads has room, and lets go of those who lag while others read. */
  look(): void;
  /** Lets the program print again, whoever has room. */
  release(): void;
  /** The program has ended: there is nothing to hold. */
  stop(): void;
}

const lookAgainMs = 1000;

/** Flow control between a program and those who look at it: the fastest reader sets the pace. */
export function createProgramHold(parts: {
  viewers: () => Iterable<Viewer>;
  /** Whether the screen kept for repaints is too far behind. */
  isBehind: () => boolean;
  program: () => Pick<Program, "pause" | "resume"> | null;
}): ProgramHold {
  let isHeld = false;
  let timer: NodeJS.Timeout | null = null;

  function look(): void {
    const program = parts.program();
    if (!program) return;
    let active = 0;
    let full = 0;
    let withRoom = 0;
    for (const viewer of parts.viewers()) {
      if (!viewer.isActive) continue;
      active += 1;
      if (viewer.isFull) full += 1;
    }
    if (full > 0 && full < active) for (const viewer of parts.viewers()) if (viewer.lag > lagBytes) viewer.fallBehind();
    const mustHold = (active > 0 && full === active) || parts.isBehind();
    if (mustHold && !isHeld) {
      isHeld = true;
      program.pause();
      // A viewer that has stopped reading altogether must not hold the program for ever.
      timer ??= setInterval(look, lookAgainMs);
    } else if (!mustHold && isHeld) {
      for (const viewer of parts.viewers()) if (viewer.isActive && viewer.hasRoom) withRoom += 1;
      if (active === 0 || withRoom > 0) release();
    }
  }

  function stop(): void {
    if (timer) clearInterval(timer);
    timer = null;
  }

  function release(): void {
    if (!isHeld) return;
    isHeld = false;
    stop();
    parts.program()?.resume();
  }

  return {
    get isHeld() {
      return isHeld;
    },
    look,
    release,
    stop,
  };
}
